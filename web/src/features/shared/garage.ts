import { createContext, useContext } from 'react'
import type { GarageLineFragment } from '@/graphql/generated/graphql'
import type { Permissions } from './permissions'

export type GarageHere = {
  readonly garage: GarageLineFragment
  readonly permissions: Permissions
}

export const GarageContext = createContext<GarageHere | null>(null)

/** The garage whose screens these are, and what the person may do in it. */
export function useGarage(): GarageHere {
  const here = useContext(GarageContext)
  if (here === null) throw new Error('useGarage belongs inside a garage’s screens')
  return here
}

import { createContext, useContext } from 'react'
import type { Role, ViewerLineFragment } from '@/graphql/generated/graphql'

export const ViewerContext = createContext<ViewerLineFragment | null>(null)

/** Who is signed in. */
export function useViewer(): ViewerLineFragment {
  const viewer = useContext(ViewerContext)
  if (viewer === null) throw new Error('useViewer belongs behind the sign-in')
  return viewer
}

export function rolesIn(viewer: ViewerLineFragment, garageId: string): readonly Role[] {
  return viewer.roles.filter(({ garage }) => garage.id === garageId).map(({ role }) => role)
}

import type { VehicleLineFragment } from '@/graphql/generated/graphql'

export const paints: Readonly<Record<string, string>> = {
  Black: '#11161a',
  White: '#ffffff',
  Gray: '#7c858c',
  Silver: '#c3cbd1',
  Blue: '#2b61c9',
  Red: '#c8282f',
  Green: '#2c7a4b',
  Brown: '#6d4a30',
  Beige: '#d8c7a3',
  Gold: '#c9a13b',
  Orange: '#e5701f',
  Yellow: '#efc62c',
  Purple: '#6a3fa0',
}

/** A CSS color for the words of an attendant ("dark Blue", "grey"), or null when they name none that we know. */
export function paintOf(color: string | null): string | null {
  if (color === null) return null
  const words = color.toLowerCase().replace('grey', 'gray').split(/\W+/)
  const name = Object.keys(paints).find((paint) => words.includes(paint.toLowerCase()))
  return name === undefined ? null : (paints[name] ?? null)
}

/** "Tesla Model 3 · White"; "Vehicle" when nothing is known but its plate. */
export function vehicleText({ make, color }: VehicleLineFragment): string {
  const known = [make, color].filter((word) => word !== null && word !== '')
  return known.length === 0 ? 'Vehicle' : known.join(' · ')
}

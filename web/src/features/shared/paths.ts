/** Addresses of the screens; ids are opaque, so they are escaped. */
export const garagesPath = '/garages'

export const garageScreens = ['ev-requests', 'stays', 'check-in', 'rates', 'wall'] as const
export type GarageScreen = (typeof garageScreens)[number]

export function garagePath(garageId: string, screen: GarageScreen): string {
  return `${garagesPath}/${encodeURIComponent(garageId)}/${screen}`
}

/** The id that an address holds; an address that is no good escape is taken as it is. */
export function garageIdIn(parameter: string): string {
  try {
    return decodeURIComponent(parameter)
  } catch {
    return parameter
  }
}

import type { Channel, Role } from '@/graphql/generated/graphql'

/** What a person may do in one garage; the server decides, this only hides what it would refuse. */
export type Permissions = {
  /** Starts and stops charging. */
  readonly charges: boolean
  /** Sees the stays, checks in and out, puts vehicles on the queue and takes them off. */
  readonly handlesStays: boolean
  readonly setsRates: boolean
  readonly namesPorts: boolean
  /** Nothing but looking: a display on the wall. */
  readonly onlyLooks: boolean
  /** Where this person's entries come from. */
  readonly channel: Channel
}

export function permissionsOf(roles: readonly Role[]): Permissions {
  function hasAny(...wanted: readonly Role[]): boolean {
    return wanted.some((role) => roles.includes(role))
  }
  const runsGarage = hasAny('OPERATOR', 'ADMIN')
  const handlesStays = runsGarage || hasAny('ATTENDANT', 'POS')
  return {
    charges: runsGarage || hasAny('ATTENDANT'),
    handlesStays,
    setsRates: runsGarage,
    namesPorts: runsGarage,
    onlyLooks: !handlesStays,
    channel: hasAny('POS') && !hasAny('ATTENDANT') ? 'POS' : 'HANDHELD',
  }
}

const roleWords: Readonly<Record<Role, string>> = {
  DISPLAY: 'Display',
  ATTENDANT: 'Attendant',
  POS: 'Point of sale',
  OPERATOR: 'Operator',
  ADMIN: 'Administrator',
}

const rank: readonly Role[] = ['ADMIN', 'OPERATOR', 'ATTENDANT', 'POS', 'DISPLAY']

/** The one word for a person in a garage: the widest of the roles. */
export function roleText(roles: readonly Role[]): string {
  const widest = rank.find((role) => roles.includes(role))
  return widest === undefined ? 'No role here' : roleWords[widest]
}

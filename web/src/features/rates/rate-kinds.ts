import type { RateKind } from '@/graphql/generated/graphql'

type KindWords = {
  /** In the list of kinds. */
  readonly label: string
  /** What the amount is for: one of these. */
  readonly per: string
  /** In what the amount is typed: a flat fee in dollars, a price per unit in cents and parts of a cent. */
  readonly typedIn: 'currency' | 'cents'
}

export const rateKinds = {
  FLAT_FEE: { label: 'Flat fee', per: 'session', typedIn: 'currency' },
  PER_KWH: { label: 'Cents per kWh', per: 'kWh', typedIn: 'cents' },
  PER_MINUTE: { label: 'Cents per minute', per: 'minute', typedIn: 'cents' },
} as const satisfies Record<RateKind, KindWords>

/** Null for what is no kind of rate, or one that a newer server knows: it must not be saved as another one. */
export function kindOf(value: string): RateKind | null {
  return Object.hasOwn(rateKinds, value) ? (value as RateKind) : null
}

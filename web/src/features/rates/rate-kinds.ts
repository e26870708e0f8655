import type { RateKind } from '@/graphql/generated/graphql'

export const rateKinds: readonly { readonly value: RateKind; readonly label: string; readonly unit: string }[] = [
  { value: 'FLAT_FEE', label: 'Flat fee', unit: 'Cents per session' },
  { value: 'PER_KWH', label: 'Cents per kWh', unit: 'Cents per kWh' },
  { value: 'PER_MINUTE', label: 'Cents per minute', unit: 'Cents per minute' },
]

export function kindOf(value: string): RateKind {
  return rateKinds.find((kind) => kind.value === value)?.value ?? 'PER_KWH'
}

export function unitOf(kind: RateKind): string {
  return rateKinds.find(({ value }) => value === kind)?.unit ?? 'Cents'
}

/**
 * The exact decimal that a person typed ("32,5" is 32.5), or null when it is no amount of cents. Never a
 * floating-point number: what is typed is what is billed.
 */
export function centsTyped(text: string): string | null {
  const plain = text.trim().replace(',', '.')
  return /^\d{1,7}(\.\d{1,4})?$/.test(plain) ? plain : null
}

/** Between the amount that an operator types and the exact cents that are saved. */
import type { RateKind } from '@/graphql/generated/graphql'
import { decimalText, decimalTyped, decimalsOf, notationOf, shifted, type Notation } from '@/lib/decimal'
import { rateKinds } from './rate-kinds'

/** How the garage writes amounts. */
export type Conventions = {
  /** BCP 47. */
  readonly locale: string
  /** ISO 4217. */
  readonly currency: string
}

export type AmountTyped =
  | { readonly amountCents: string; readonly problem: null }
  | { readonly amountCents: null; readonly problem: string }

const mostCents = '100000'
const mostDecimalsOfCents = 4
/** Of the words on the screen, which are in English whatever the garage's numbers look like. */
const language = 'en-US'

function isInCurrency(kind: RateKind): boolean {
  return rateKinds[kind].typedIn === 'currency'
}

function notationFor(kind: RateKind, { locale, currency }: Conventions): Notation {
  return isInCurrency(kind) ? notationOf(locale, currency) : notationOf(locale)
}

/** A cent is a hundredth of every currency here, also where people know smaller or larger parts. */
function mostDecimals(kind: RateKind, { currency }: Conventions): number {
  if (!isInCurrency(kind)) return mostDecimalsOfCents
  const { maximumFractionDigits } = new Intl.NumberFormat(language, { style: 'currency', currency }).resolvedOptions()
  return Math.min(maximumFractionDigits ?? 2, 2)
}

/** "US dollars", "euros". */
function currencyName(currency: string): string {
  const format = new Intl.NumberFormat(language, { style: 'currency', currency, currencyDisplay: 'name' })
  return format.formatToParts(5).find(({ type }) => type === 'currency')?.value ?? currency
}

/** The name of the field: "Flat fee in US dollars", "Cents per kWh". */
export function amountLabel(kind: RateKind, conventions: Conventions): string {
  const { label } = rateKinds[kind]
  return isInCurrency(kind) ? `${label} in ${currencyName(conventions.currency)}` : label
}

/** What may be typed, below the name of the field. */
export function amountHint(kind: RateKind, conventions: Conventions): string {
  if (isInCurrency(kind)) return `For each session, such as ${example(kind, conventions)}`
  return `Cents of ${conventions.currency}, with up to ${mostDecimalsOfCents} decimals, such as ${example(kind, conventions)}`
}

function example(kind: RateKind, conventions: Conventions): string {
  const exact = isInCurrency(kind) ? withDecimals('5', mostDecimals(kind, conventions)) : '32.5'
  return decimalText(exact, notationFor(kind, conventions))
}

function withDecimals(exact: string, count: number): string {
  const missing = count - decimalsOf(exact)
  if (missing <= 0) return exact
  return `${exact}${exact.includes('.') ? '' : '.'}${'0'.repeat(missing)}`
}

/** Reads the amount by the garage's own separators. What could mean two amounts is refused with what to write. */
export function amountTyped(text: string, kind: RateKind, conventions: Conventions): AmountTyped {
  const notation = notationFor(kind, conventions)
  const typed = decimalTyped(text, notation)
  if (typed === null) return refused(howToWrite(kind, conventions, notation))
  const decimals = mostDecimals(kind, conventions)
  if (decimalsOf(typed) > decimals) return refused(tooManyDecimals(decimals, kind, conventions))
  const amountCents = shifted(typed, isInCurrency(kind) ? 2 : 0)
  if (Number(amountCents) > Number(mostCents)) return refused(`The highest rate is ${amountShown(mostCents, kind, conventions)}.`)
  return { amountCents, problem: null }
}

function refused(problem: string): AmountTyped {
  return { amountCents: null, problem }
}

function howToWrite(kind: RateKind, conventions: Conventions, { decimal, group }: Notation): string {
  const what = isInCurrency(kind) ? `an amount in ${currencyName(conventions.currency)}` : 'a number of cents'
  const thousands = group === ' ' ? 'a space' : `“${group}”`
  return `Enter ${what}, such as ${example(kind, conventions)}. Use “${decimal}” before decimals, and ${thousands} only between thousands.`
}

function tooManyDecimals(decimals: number, kind: RateKind, conventions: Conventions): string {
  const most = decimals === 0 ? 'no decimals' : `at most ${decimals} decimals`
  return `Enter ${most}, such as ${example(kind, conventions)}.`
}

/** What the field shows for a rate that is set. */
export function amountText(amountCents: string, kind: RateKind, conventions: Conventions): string {
  const exact = isInCurrency(kind) ? withDecimals(shifted(amountCents, -2), mostDecimals(kind, conventions)) : amountCents
  return decimalText(exact, notationFor(kind, conventions))
}

function amountShown(amountCents: string, kind: RateKind, conventions: Conventions): string {
  if (isInCurrency(kind)) return moneyText(amountCents, conventions)
  const cents = new Intl.NumberFormat([conventions.locale, language], { maximumFractionDigits: mostDecimalsOfCents })
  return `${cents.format(Number(amountCents))} cents (${moneyText(amountCents, conventions)}) per ${rateKinds[kind].per}`
}

function moneyText(amountCents: string, { locale, currency }: Conventions): string {
  const format = new Intl.NumberFormat([locale, language], { style: 'currency', currency, maximumFractionDigits: 6 })
  return format.format(Number(shifted(amountCents, -2)))
}

/** What will be saved, for a person to check: "Flat fee: $5.00", "32.5 cents ($0.325) per kWh". */
export function previewText(amountCents: string, kind: RateKind, conventions: Conventions): string {
  const shown = amountShown(amountCents, kind, conventions)
  return isInCurrency(kind) ? `${rateKinds[kind].label}: ${shown}` : shown
}

import { describe, expect, test } from 'vitest'
import type { RateKind } from '@/graphql/generated/graphql'
import { amountHint, amountLabel, amountText, amountTyped, previewText } from './rate-amount'

const newYork = { locale: 'en-US', currency: 'USD' }
const berlin = { locale: 'de-DE', currency: 'EUR' }
const tokyo = { locale: 'ja-JP', currency: 'JPY' }

/** Narrow and no-break spaces are told apart by no eye. */
const readable = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ')

describe('an amount is saved as exact cents', () => {
  test.each([
    ['FLAT_FEE', newYork, '5.00', '500', 'Flat fee: $5.00'],
    ['FLAT_FEE', newYork, '5', '500', 'Flat fee: $5.00'],
    ['FLAT_FEE', newYork, '0.05', '5', 'Flat fee: $0.05'],
    ['FLAT_FEE', newYork, '1,000', '100000', 'Flat fee: $1,000.00'],
    ['FLAT_FEE', newYork, '999.99', '99999', 'Flat fee: $999.99'],
    ['FLAT_FEE', newYork, '0', '0', 'Flat fee: $0.00'],
    ['FLAT_FEE', berlin, '5,00', '500', 'Flat fee: 5,00 €'],
    ['FLAT_FEE', berlin, '1.000', '100000', 'Flat fee: 1.000,00 €'],
    ['FLAT_FEE', berlin, '1,5', '150', 'Flat fee: 1,50 €'],
    ['FLAT_FEE', tokyo, '1,000', '100000', 'Flat fee: ￥1,000'],
    ['PER_KWH', newYork, '25', '25', '25 cents ($0.25) per kWh'],
    ['PER_KWH', newYork, '32.5', '32.5', '32.5 cents ($0.325) per kWh'],
    ['PER_KWH', newYork, '0.1234', '0.1234', '0.1234 cents ($0.001234) per kWh'],
    ['PER_KWH', newYork, '1,000', '1000', '1,000 cents ($10.00) per kWh'],
    ['PER_KWH', berlin, '1.000', '1000', '1.000 cents (10,00 €) per kWh'],
    ['PER_KWH', berlin, '1,5', '1.5', '1,5 cents (0,015 €) per kWh'],
    ['PER_MINUTE', newYork, '0.75', '0.75', '0.75 cents ($0.0075) per minute'],
    ['PER_MINUTE', newYork, '3.0', '3', '3 cents ($0.03) per minute'],
  ] as const)('%s %o: %j is %s', (kind, conventions, typed, cents, preview) => {
    expect(amountTyped(typed, kind, conventions)).toEqual({ amountCents: cents, problem: null })
    expect(readable(previewText(cents, kind, conventions))).toBe(preview)
  })
})

const dollars = 'Enter an amount in US dollars, such as 5.00. Use “.” before decimals, and “,” only between thousands.'
const euros = 'Enter an amount in euros, such as 5,00. Use “,” before decimals, and “.” only between thousands.'
const cents = 'Enter a number of cents, such as 32.5. Use “.” before decimals, and “,” only between thousands.'
const germanCents = 'Enter a number of cents, such as 32,5. Use “,” before decimals, and “.” only between thousands.'

describe('anything else is refused with what to write', () => {
  test.each([
    ...['1,00', '1.2.3', '5.', 'abc', '-5', '', '$5', '1e3'].map((typed) => ['FLAT_FEE', newYork, typed, dollars] as const),
    ...['1,00', '1.2.3', '5.', 'abc', '-5', '', '32,5', '1e3'].map((typed) => ['PER_KWH', newYork, typed, cents] as const),
    ...['1,00', '1.2.3', '5.', 'abc', '-5', '', '0,75'].map((typed) => ['PER_MINUTE', newYork, typed, cents] as const),
    ...['5.00', '1.5', '1,2,3', '5,', '-5'].map((typed) => ['FLAT_FEE', berlin, typed, euros] as const),
    ['PER_KWH', berlin, '32.5', germanCents],
    ['FLAT_FEE', newYork, '5.005', 'Enter at most 2 decimals, such as 5.00.'],
    ['FLAT_FEE', newYork, '1.000', 'Enter at most 2 decimals, such as 5.00.'],
    ['FLAT_FEE', berlin, '1,000', 'Enter at most 2 decimals, such as 5,00.'],
    ['FLAT_FEE', tokyo, '5.5', 'Enter no decimals, such as 5.'],
    ['PER_KWH', newYork, '0.12345', 'Enter at most 4 decimals, such as 32.5.'],
    ['FLAT_FEE', newYork, '1,000.01', 'The highest rate is $1,000.00.'],
    ['FLAT_FEE', newYork, '100000', 'The highest rate is $1,000.00.'],
    ['PER_KWH', newYork, '100,000.0001', 'The highest rate is 100,000 cents ($1,000.00) per kWh.'],
  ] as const)('%s %o: %j', (kind, conventions, typed, problem) => {
    expect(amountTyped(typed, kind, conventions)).toEqual({ amountCents: null, problem })
  })
})

test.each([
  ['FLAT_FEE', newYork, '500', '5.00'],
  ['FLAT_FEE', newYork, '100000', '1000.00'],
  ['FLAT_FEE', newYork, '12.5', '0.125'],
  ['FLAT_FEE', berlin, '550', '5,50'],
  ['FLAT_FEE', tokyo, '50000', '500'],
  ['PER_KWH', newYork, '32.5', '32.5'],
  ['PER_KWH', berlin, '32.5', '32,5'],
] as const)('%s %o: a rate of %s cents stands in the field as %s', (kind, conventions, amountCents, text) => {
  expect(amountText(amountCents, kind, conventions)).toBe(text)
})

test('the field names the currency of the garage', () => {
  const labels = (['FLAT_FEE', 'PER_KWH', 'PER_MINUTE'] satisfies RateKind[]).map((kind) => amountLabel(kind, newYork))
  expect(labels).toEqual(['Flat fee in US dollars', 'Cents per kWh', 'Cents per minute'])
  expect(amountLabel('FLAT_FEE', berlin)).toBe('Flat fee in euros')
  expect(amountHint('FLAT_FEE', newYork)).toBe('For each session, such as 5.00')
  expect(amountHint('PER_KWH', berlin)).toBe('Cents of EUR, with up to 4 decimals, such as 32,5')
})

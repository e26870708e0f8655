import { describe, expect, test } from 'vitest'
import { decimalText, decimalTyped, decimalsOf, notationOf, shifted } from './decimal'

describe('a number is read by the separators of the locale', () => {
  test.each([
    ['en-US', '25', '25'],
    ['en-US', ' 32.5 ', '32.5'],
    ['en-US', '0', '0'],
    ['en-US', '0.1', '0.1'],
    ['en-US', '5.00', '5.00'],
    ['en-US', '1,000', '1000'],
    ['en-US', '1,000.50', '1000.50'],
    ['en-US', '1,234,567', '1234567'],
    ['en-US', '1000', '1000'],
    ['en-US', '007', '7'],
    ['en-US', '５', '5'],
    ['de-DE', '1.000', '1000'],
    ['de-DE', '1,5', '1.5'],
    ['de-DE', '1,000', '1.000'],
    ['de-DE', '1.000,50', '1000.50'],
    ['de-DE', '1000', '1000'],
    ['es-ES', '1.000', '1000'],
    ['fr-FR', '1 000', '1000'],
    ['fr-FR', '1\u00a0000,5', '1000.5'],
    ['fr-FR', '1\u202f000', '1000'],
    ['de-CH', '1’000.50', '1000.50'],
    ['de-CH', "1'000", '1000'],
    ['en-IN', '1,00,000', '100000'],
    ['ar-EG', '١٬٠٠٠٫٥', '1000.5'],
    ['ar-EG', '5', '5'],
  ])('%s: %j is %s', (locale, typed, exact) => {
    expect(decimalTyped(typed, notationOf(locale))).toBe(exact)
  })
})

describe('what could mean two numbers, or none, is refused', () => {
  test.each([
    ['en-US', '1,00'],
    ['en-US', '32,5'],
    ['en-US', '1,0000'],
    ['en-US', '10,00'],
    ['en-US', '1,000,00'],
    ['en-US', '01,000'],
    ['en-US', '0,123'],
    ['en-US', ',000'],
    ['en-US', '1,,000'],
    ['en-US', '1.2.3'],
    ['en-US', '1.000,50'],
    ['en-US', '1.5,000'],
    ['en-US', '5.'],
    ['en-US', '.5'],
    ['en-US', '1 000'],
    ['en-US', '1\u00a0000'],
    ['en-US', 'abc'],
    ['en-US', ''],
    ['en-US', '   '],
    ['en-US', '-5'],
    ['en-US', '−5'],
    ['en-US', '+5'],
    ['en-US', '(5)'],
    ['en-US', '1e3'],
    ['en-US', '0x10'],
    ['en-US', '1_000'],
    ['en-US', '$5'],
    ['en-US', '5¢'],
    ['en-US', '5%'],
    ['en-US', 'NaN'],
    ['en-US', 'Infinity'],
    ['en-US', '1'.repeat(21)],
    ['de-DE', '1.5'],
    ['de-DE', '32.5'],
    ['de-DE', '1.00'],
    ['de-DE', '1,000.50'],
    ['de-DE', '1,2,3'],
    ['de-DE', '5,'],
    ['fr-FR', '1 00'],
    ['fr-FR', '1.5'],
    ['en-IN', '100,000'],
  ])('%s: %j', (locale, typed) => {
    expect(decimalTyped(typed, notationOf(locale))).toBeNull()
  })
})

test('an amount of a currency is read as that locale writes amounts', () => {
  expect(decimalTyped('5.00', notationOf('fr-CH', 'CHF'))).toBe('5.00')
  expect(decimalTyped('5,00', notationOf('fr-CH'))).toBe('5.00')
  expect(decimalTyped('1.000', notationOf('de-AT', 'EUR'))).toBe('1000')
  expect(decimalTyped('1 000', notationOf('de-AT'))).toBe('1000')
  expect(decimalTyped('1,000', notationOf('ja-JP', 'JPY'))).toBe('1000')
})

test('a locale that the browser does not know is read as en-US, not as the browser’s own', () => {
  expect(decimalTyped('1,000.5', notationOf('xx-XX'))).toBe('1000.5')
})

test.each(['en-US', 'de-DE', 'fr-FR', 'de-CH', 'en-IN', 'es-ES', 'pt-BR', 'ar-EG', 'sv-SE', 'pl-PL', 'fa-IR'])(
  '%s reads back what it writes',
  (locale) => {
    const notation = notationOf(locale)
    for (const exact of ['0', '5', '12.5', '999', '1000.25', '123456.7891']) {
      expect(decimalTyped(decimalText(exact, notation), notation)).toBe(exact)
      const shown = new Intl.NumberFormat(locale, { maximumFractionDigits: 4, useGrouping: 'always' }).format(Number(exact))
      expect(decimalTyped(shown, notation)).toBe(exact)
    }
  },
)

test.each([
  ['5.00', 2, '500'],
  ['5', 2, '500'],
  ['0.05', 2, '5'],
  ['12.345', 2, '1234.5'],
  ['0', 2, '0'],
  ['500', -2, '5'],
  ['12.5', -2, '0.125'],
  ['5', -2, '0.05'],
  ['100000', -2, '1000'],
  ['0', -2, '0'],
  ['25.5000', 0, '25.5'],
])('%s by %i places is %s, exactly', (exact, places, result) => {
  expect(shifted(exact, places)).toBe(result)
})

test('decimals are counted as they are written', () => {
  expect([decimalsOf('5'), decimalsOf('5.0'), decimalsOf('0.1234')]).toEqual([0, 1, 4])
})

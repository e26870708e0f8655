import { expect, test } from 'vitest'
import { centsTyped, kindOf, unitOf } from './rate-kinds'

test.each([
  ['25', '25'],
  [' 32.5 ', '32.5'],
  ['32,5', '32.5'],
  ['0', '0'],
  ['0.1', '0.1'],
  ['', null],
  ['-5', null],
  ['1e3', null],
  ['12.', null],
  ['$25', null],
])('%j means %j cents', (typed, cents) => {
  expect(centsTyped(typed)).toBe(cents)
})

test('a drop-down value is a kind of rate, with its unit', () => {
  expect(unitOf(kindOf('FLAT_FEE'))).toBe('Cents per session')
  expect(kindOf('nonsense')).toBe('PER_KWH')
})

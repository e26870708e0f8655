import { expect, test } from 'vitest'
import { kindOf, rateKinds } from './rate-kinds'

test('a drop-down value is a kind of rate, and what is not one never becomes another kind', () => {
  expect(Object.keys(rateKinds).map(kindOf)).toEqual(['FLAT_FEE', 'PER_KWH', 'PER_MINUTE'])
  expect(['nonsense', '', 'toString', '__proto__'].map(kindOf)).toEqual([null, null, null, null])
})

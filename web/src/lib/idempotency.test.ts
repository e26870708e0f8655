import { expect, test } from 'vitest'
import { createAttemptKeys } from './idempotency'

const car = { ticketNumber: '10482', plate: 'JVR 8810' }

test('a retry of the same input keeps its key', () => {
  const keys = createAttemptKeys()
  expect(keys.keyFor({ ...car })).toBe(keys.keyFor({ ...car }))
})

test('another input gets another key', () => {
  const keys = createAttemptKeys()
  expect(keys.keyFor(car)).not.toBe(keys.keyFor({ ...car, plate: 'HKT 4471' }))
})

test('the same input after an answer is a new attempt', () => {
  const keys = createAttemptKeys()
  const first = keys.keyFor(car)
  keys.settle()
  expect(keys.keyFor(car)).not.toBe(first)
  expect(first).toMatch(/^[0-9a-f]{32}$/)
})

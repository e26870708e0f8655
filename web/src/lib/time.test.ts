import { describe, expect, test } from 'vitest'
import { ageText, agoText, dateTimeText, durationText, fromLocalField, timeText, toLocalField } from './time'

const newYork = 'America/New_York'
const now = Date.parse('2026-11-22T21:38:00Z') // Sunday, 4:38 PM in New York

function plain(text: string): string {
  return text.replaceAll('\u202f', ' ')
}

describe('timeText', () => {
  test.each([
    ['2026-11-22T22:30:00Z', '5:30 PM'],
    ['2026-11-23T04:59:00Z', '11:59 PM'],
    ['2026-11-23T05:01:00Z', 'Mon 12:01 AM'],
    ['2026-11-02T13:00:00Z', 'Nov 2, 8:00 AM'],
  ])('%s reads as %s', (instant, text) => {
    expect(plain(timeText(instant, newYork, now))).toBe(text)
  })
})

test('dateTimeText is in the zone of the garage', () => {
  expect(plain(dateTimeText('2026-07-01T02:05:00Z', newYork))).toBe('Jun 30, 2026, 10:05 PM')
})

test.each([
  [20_000, 'under 1 min'],
  [52 * 60_000, '52 min'],
  [60 * 60_000, '1 h'],
  [72 * 60_000, '1 h 12 min'],
  [51 * 3_600_000, '2 d 3 h'],
])('%i ms last %s', (milliseconds, text) => {
  expect(durationText(milliseconds)).toBe(text)
})

test.each([
  [-5, '0 s'],
  [42_400, '42 s'],
  [185_000, '3 min 5 s'],
  [3_600_000, '1 h'],
])('a picture of %i ms is %s old', (milliseconds, text) => {
  expect(ageText(milliseconds)).toBe(text)
})

test('agoText calls the last minute, and a clock that is a little behind, just now', () => {
  expect(agoText('2026-11-22T21:38:20Z', now)).toBe('just now')
  expect(agoText('2026-11-22T21:37:30Z', now)).toBe('just now')
  expect(agoText('2026-11-22T21:26:00Z', now)).toBe('12 min ago')
})

describe('datetime-local fields', () => {
  test.each([
    ['2026-11-22T16:38', newYork, '2026-11-22T21:38:00.000Z'],
    ['2026-07-01T00:15', newYork, '2026-07-01T04:15:00.000Z'],
    ['2026-03-07T23:30', newYork, '2026-03-08T04:30:00.000Z'],
    ['2026-03-08T03:00', newYork, '2026-03-08T07:00:00.000Z'],
    ['2026-11-01T00:30', newYork, '2026-11-01T04:30:00.000Z'],
    ['2026-11-22T10:00', 'Asia/Kolkata', '2026-11-22T04:30:00.000Z'],
  ])('%s in %s is %s, and back', (field, zone, instant) => {
    expect(fromLocalField(field, zone)).toBe(instant)
    expect(toLocalField(new Date(instant), zone)).toBe(field)
  })

  test('a half-typed field is no time', () => {
    expect(fromLocalField('', newYork)).toBeNull()
    expect(fromLocalField('2026-11-22', newYork)).toBeNull()
  })
})

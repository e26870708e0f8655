import { expect, test } from 'vitest'
import { paintOf, vehicleText } from './vehicle'

test.each([
  ['White', '#ffffff'],
  ['dark blue', '#2b61c9'],
  ['Grey', '#7c858c'],
  ['chameleon', null],
  [null, null],
])('the paint of %s is %s', (color, paint) => {
  expect(paintOf(color)).toBe(paint)
})

test('a vehicle is told by what is known of it', () => {
  const vehicle = { licensePlate: 'JVR 8810', plateState: null, make: 'Kia EV6', color: null }
  expect(vehicleText({ ...vehicle, color: 'Gray' })).toBe('Kia EV6 · Gray')
  expect(vehicleText(vehicle)).toBe('Kia EV6')
  expect(vehicleText({ ...vehicle, make: '' })).toBe('Vehicle')
})

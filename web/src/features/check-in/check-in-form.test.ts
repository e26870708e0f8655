import { expect, test } from 'vitest'
import { checkInInput, emptyForm } from './check-in-form'

const garage = { id: 'garage-1', timeZone: 'America/New_York' }

test('what is left empty is left out, and a ticket number is made by the server', () => {
  expect(checkInInput({ ...emptyForm, licensePlate: ' jvr 8810 ' }, garage, 'HANDHELD')).toEqual({
    garageId: 'garage-1',
    ticketNumber: null,
    kind: 'TRANSIENT',
    vehicle: { licensePlate: 'JVR 8810', plateState: null, make: null, color: null },
    chargingNote: null,
    estimatedCheckoutAt: null,
    evCharge: false,
    channel: 'HANDHELD',
  })
})

test('the estimated checkout is a time on the clocks of the garage', () => {
  const form = { ...emptyForm, licensePlate: 'X', checkout: '2026-11-22T17:30', evCharge: true, plateState: 'ny' }
  expect(checkInInput(form, garage, 'POS')).toMatchObject({
    estimatedCheckoutAt: '2026-11-22T22:30:00.000Z',
    evCharge: true,
    channel: 'POS',
    vehicle: { plateState: 'NY' },
  })
})

import { expect, test } from 'vitest'
import { permissionsOf, roleText } from './permissions'

test('a display only looks', () => {
  expect(permissionsOf(['DISPLAY'])).toMatchObject({ onlyLooks: true, charges: false, handlesStays: false })
})

test('an attendant works the queue but neither names ports nor sets rates', () => {
  expect(permissionsOf(['ATTENDANT'])).toMatchObject({
    onlyLooks: false,
    charges: true,
    handlesStays: true,
    namesPorts: false,
    setsRates: false,
    channel: 'HANDHELD',
  })
})

test.each(['OPERATOR', 'ADMIN'] as const)('%s may do everything on these screens', (role) => {
  expect(permissionsOf([role])).toMatchObject({ charges: true, namesPorts: true, setsRates: true })
})

test('a point of sale handles stays but does not charge', () => {
  expect(permissionsOf(['POS'])).toMatchObject({ onlyLooks: false, handlesStays: true, charges: false })
})

test('a point of sale enters as POS, an attendant at one by hand', () => {
  expect(permissionsOf(['POS']).channel).toBe('POS')
  expect(permissionsOf(['POS', 'ATTENDANT']).channel).toBe('HANDHELD')
})

test('the widest role names the person', () => {
  expect(roleText(['DISPLAY', 'OPERATOR', 'ATTENDANT'])).toBe('Operator')
  expect(roleText([])).toBe('No role here')
})

import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test } from 'vitest'
import { createServer, noAnswer, renderInGarage } from '../shared/test/server'
import { CheckInScreen } from './check-in-screen'

const stay = {
  id: 'stay-1',
  ticketNumber: '10482',
  kind: 'TRANSIENT',
  status: 'OPEN',
  vehicle: { licensePlate: 'JVR 8810', plateState: 'NY', make: null, color: null },
}

test('a vehicle is checked in, and a retry after a lost answer is the same attempt', async () => {
  const user = userEvent.setup()
  const server = createServer()
  renderInGarage(<CheckInScreen />, server.client, 'ATTENDANT')
  await user.type(screen.getByLabelText(/License plate/), 'jvr 8810')
  await user.click(screen.getByRole('switch', { name: /EV Charge/ }))
  server.willAnswer(noAnswer, { data: { checkIn: { stay, request: { id: 'a' }, errors: [] } } })
  await user.click(screen.getByRole('button', { name: 'Check in' }))
  expect(await screen.findByRole('alert')).toHaveTextContent('nothing is done twice')
  await user.click(screen.getByRole('button', { name: 'Check in' }))
  expect(await screen.findByText('#10482')).toBeVisible()
  expect(screen.getByText(/on the EV queue and needs charging/)).toBeVisible()
  expect(server.asked[0]).toEqual(server.asked[1])
  expect(server.asked[0]?.input).toMatchObject({ evCharge: true, channel: 'HANDHELD', kind: 'TRANSIENT' })
})

test('a refusal stands next to the field that it is about', async () => {
  const user = userEvent.setup()
  const server = createServer()
  renderInGarage(<CheckInScreen />, server.client, 'POS')
  await user.type(screen.getByLabelText(/License plate/), 'X')
  const errors = [
    { code: 'DUPLICATE_TICKET', message: 'Ticket 10482 is in use.', field: ['input', 'ticketNumber'] },
    { code: 'INVALID', message: 'The garage is closed.', field: null },
  ]
  server.willAnswer({ data: { checkIn: { stay: null, request: null, errors } } })
  await user.click(screen.getByRole('button', { name: 'Check in' }))
  expect(await screen.findByRole('alert')).toHaveTextContent('The garage is closed.')
  expect(screen.getByLabelText(/Ticket number/)).toHaveAccessibleDescription(/Ticket 10482 is in use\./)
  expect(server.asked[0]?.input).toMatchObject({ channel: 'POS' })
})

test('a display checks nobody in', () => {
  renderInGarage(<CheckInScreen />, createServer().client, 'DISPLAY')
  expect(screen.queryByRole('button')).toBeNull()
})

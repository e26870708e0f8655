import { screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, test, vi } from 'vitest'
import type { StayChargesQuery, StayRowFragment } from '@/graphql/generated/graphql'
import { createServer, noAnswer, renderInGarage } from '../shared/test/server'
import { CheckOutDialog } from './check-out-dialog'
import { StayRow } from './stay-row'

const stay: StayRowFragment = {
  id: 'stay-1',
  ticketNumber: '10482',
  kind: 'TRANSIENT',
  status: 'OPEN',
  checkedInAt: '2026-11-22T19:00:00Z',
  estimatedCheckoutAt: null,
  checkedOutAt: null,
  chargingNote: null,
  vehicle: { licensePlate: 'JVR 8810', plateState: 'NY', make: null, color: null },
  activeRequest: null,
  lineItemTotal: { cents: 6, currency: 'USD', formatted: '$0.06' },
  hasPendingCharges: false,
}
const item = {
  id: 'item-1',
  description: 'EV charging, 0.240 kWh at 25 c/kWh',
  amount: { cents: 6, currency: 'USD', formatted: '$0.06' },
  isCorrection: false,
  afterCheckout: false,
  createdAt: '2026-11-22T20:00:00Z',
}
const message = 'The charger is offline. Ticket 10482 was billed at the last reading, and the amount may still change.'
const warning = { code: 'CHARGES_PENDING', message }
const why = /has not reported the end of the session\. The total may still change\./

function checkedOut(changes: Partial<StayRowFragment>, warnings: readonly (typeof warning)[] = []) {
  const gone = { ...stay, status: 'CLOSED' as const, checkedOutAt: '2026-11-22T21:00:00Z', ...changes, lineItems: [item] }
  return { data: { checkOut: { stay: gone, warnings, errors: [] } } }
}

function openDialog(changes: Partial<StayRowFragment> = {}) {
  const server = createServer()
  const onClose = vi.fn()
  const shown = { ...stay, ...changes }
  server.willShow('StayCharges', { stay: { ...shown, lineItems: [item] } } satisfies StayChargesQuery)
  renderInGarage(<CheckOutDialog stay={shown} onClose={onClose} />, server.client, 'ATTENDANT')
  return { server, onClose, user: userEvent.setup() }
}

const checkOut = () => screen.getByRole('button', { name: 'Check out' })

test('t12: a warning keeps the dialog open until it is acknowledged', async () => {
  const { server, onClose, user } = openDialog()
  server.willAnswer(checkedOut({ hasPendingCharges: true }, [warning]))
  await user.click(checkOut())
  const alert = await screen.findByRole('alert')
  expect(alert).toHaveTextContent(`Charges pending${message}`)
  expect(alert.querySelector('svg')).not.toBeNull()
  expect(alert).toHaveFocus()
  expect(screen.getByText('The ticket is closed.')).toBeVisible()
  await user.keyboard('{Escape}')
  await user.click(document.querySelector('.mantine-Modal-inner') ?? document.body)
  expect(screen.getAllByRole('button').map((button) => button.textContent)).toEqual(['I understand'])
  expect(onClose).not.toHaveBeenCalled()
  await user.click(screen.getByRole('button', { name: 'I understand' }))
  expect(onClose).toHaveBeenCalledOnce()
})

test('t12: an answer that bears no warning still warns when the stay has pending charges', async () => {
  const { server, user } = openDialog()
  server.willAnswer(noAnswer, checkedOut({ hasPendingCharges: true }))
  await user.click(checkOut())
  expect(await screen.findByRole('alert')).toHaveTextContent('nothing is done twice')
  await user.click(checkOut())
  expect(await screen.findByRole('button', { name: 'I understand' })).toBeVisible()
  expect(screen.getByRole('alert')).toHaveTextContent(why)
})

test('a check-out without a warning is done', async () => {
  const { server, onClose, user } = openDialog()
  server.willAnswer(checkedOut({}))
  await user.click(checkOut())
  expect(await screen.findByText('The ticket is closed.')).toBeVisible()
  expect(screen.queryByText('Charges pending')).toBeNull()
  await user.keyboard('{Escape}')
  expect(onClose).toHaveBeenCalledOnce()
})

test('t12: the receipt says that charges are pending', () => {
  openDialog({ status: 'CLOSED', hasPendingCharges: true })
  const note = screen.getByRole('note')
  expect(note).toHaveTextContent('Charges pending')
  expect(note).toHaveTextContent(why)
  expect(within(screen.getByRole('list', { name: 'EV charges' })).getByText('EV charges so far')).toBeVisible()
})

test('a receipt without pending charges says nothing of them', () => {
  openDialog({ status: 'CLOSED' })
  expect(screen.queryByText(/pending/)).toBeNull()
  expect(within(screen.getByRole('list', { name: 'EV charges' })).getByText('EV charges')).toBeVisible()
})

test.each([true, false])('t12: the list of stays shows pending charges beside the amount: %s', (hasPendingCharges) => {
  const row = <StayRow stay={{ ...stay, hasPendingCharges }} onCharge={vi.fn()} onCheckOut={vi.fn()} />
  renderInGarage(
    <table>
      <tbody>{row}</tbody>
    </table>,
    createServer().client,
    'ATTENDANT',
  )
  const cell = screen.getByRole('cell', { name: /^\$0\.06/ })
  if (hasPendingCharges) expect(cell).toHaveTextContent(/Charges pending.*has not reported the end/)
  else expect(cell).toHaveTextContent(/^\$0\.06$/)
})

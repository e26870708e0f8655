import { act, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Role } from '@/graphql/generated/graphql'
import { createServer, noAnswer, renderInGarage } from '../shared/test/server'
import { BoardProvider } from './board-context'
import { BoardScreen } from './board-screen'
import { aPort, aRate, aRequest, aSession, anEnergyUpdate, anUpdate } from './test/samples'

const unassigned = { ...aSession('s-x'), request: null, stay: null }
const snapshot = anUpdate(1, {
  isSnapshot: true,
  rate: aRate,
  ports: [
    aPort('port-1', 'Ramp 1', { status: 'CHARGING', isOpen: false }),
    aPort('port-2', 'Ramp 2'),
    aPort('port-3', 'Wall A', { status: 'CHARGING', isOpen: false, activeSession: unassigned }),
  ],
  requests: [
    aRequest('a'),
    aRequest('b', { lastStartFailure: 'The charger said no.' }),
    aRequest('c', { status: 'CHARGING', session: aSession('s-c') }),
    aRequest('d', { status: 'CHARGED', session: aSession('s-d', { status: 'ENDED', energyWh: 17_234 }) }),
  ],
})
const started = { data: { startCharging: { session: { id: 's-a', status: 'STARTING' }, errors: [] } } }

let server: ReturnType<typeof createServer>
beforeEach(() => {
  server = createServer()
})

function openBoard(role: Role, isWall = false) {
  renderInGarage(
    <BoardProvider garageId="garage-1">
      <BoardScreen isWall={isWall} />
    </BoardProvider>,
    server.client,
    role,
  )
  expect(screen.getByRole('status')).toHaveTextContent('Loading the board')
  act(() => server.push('BoardUpdated', { boardUpdated: snapshot }))
}

const port = () => screen.getByRole('button', { name: /^Ramp 2/ })
const car = () => screen.getByRole('button', { name: /^CAR a,/ })
const start = () => screen.getByRole('button', { name: 'Start charging' })

describe('starting to charge', () => {
  test.each([
    ['port, then vehicle', port, car, 'Now tap a vehicle.'],
    ['vehicle, then port', car, port, 'Now tap an open port.'],
  ])('%s', async (_, first, second, hint) => {
    const user = userEvent.setup()
    openBoard('ATTENDANT')
    await user.click(first())
    expect(screen.getByRole('status')).toHaveTextContent(hint)
    expect(screen.queryByRole('button', { name: 'Start charging' })).toBeNull()
    await user.click(second())
    server.willAnswer(started)
    await user.click(start())
    expect(server.asked).toEqual([
      { name: 'StartCharging', input: { requestId: 'a', portId: 'port-2', idempotencyKey: expect.any(String) as string } },
    ])
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Start charging' })).toBeNull())
  })

  test('works by keyboard alone: the start takes the focus', async () => {
    const user = userEvent.setup()
    openBoard('ATTENDANT')
    port().focus()
    await user.keyboard('{Enter}')
    car().focus()
    await user.keyboard(' ')
    expect(start()).toHaveFocus()
    await user.keyboard('{Escape}')
    expect(screen.queryByRole('button', { name: 'Start charging' })).toBeNull()
    expect(port()).toHaveAttribute('aria-pressed', 'false')
  })

  test('a refusal is told near the start, and can be dismissed', async () => {
    const user = userEvent.setup()
    openBoard('ATTENDANT')
    await user.click(port())
    await user.click(car())
    const message = 'Ramp 2 refused to start. Choose another port.'
    const errors = [{ code: 'CHARGER_REJECTED', message, field: null }]
    server.willAnswer({ data: { startCharging: { session: null, errors } } })
    await user.click(start())
    expect(await screen.findByRole('alert')).toHaveTextContent(message)
    await user.click(screen.getByRole('button', { name: 'Dismiss this message' }))
    expect(screen.queryByRole('alert')).toBeNull()
    expect(start()).toBeVisible()
  })

  test('a retry after a lost answer is the same attempt, one after a refusal is not', async () => {
    const user = userEvent.setup()
    openBoard('ATTENDANT')
    await user.click(port())
    await user.click(car())
    const errors = [{ code: 'PORT_IN_USE', message: 'Ramp 2 is taken.', field: null }]
    server.willAnswer(noAnswer, { data: { startCharging: { session: null, errors } } }, started)
    await user.click(start())
    expect(await screen.findByText(/nothing is done twice/)).toBeVisible()
    await user.click(start())
    await user.click(start())
    const keys = server.asked.map(({ input }) => input.idempotencyKey)
    expect(keys[0]).toBe(keys[1])
    expect(keys[2]).not.toBe(keys[1])
  })

  test('a port that somebody else takes is no choice any more', async () => {
    const user = userEvent.setup()
    openBoard('ATTENDANT')
    await user.click(port())
    await user.click(car())
    act(() =>
      server.push('BoardUpdated', {
        boardUpdated: anUpdate(2, { ports: [aPort('port-2', 'Ramp 2', { status: 'PREPARING', isOpen: false })] }),
      }),
    )
    expect(screen.queryByRole('button', { name: 'Start charging' })).toBeNull()
    expect(screen.getByRole('status')).toHaveTextContent('Now tap an open port.')
  })
})

describe('what charges without a ticket', () => {
  const ticketless = () => screen.getByRole('button', { name: /^Wall A, charging without a ticket/ })

  test.each([
    ['port, then vehicle', ticketless, car],
    ['vehicle, then port', car, ticketless],
  ])('is given to a ticket: %s', async (_, first, second) => {
    const user = userEvent.setup()
    openBoard('ATTENDANT')
    await user.click(first())
    await user.click(second())
    expect(screen.getByRole('status')).toHaveTextContent('Is it CAR a that charges on Wall A?')
    server.willAnswer({ data: { assignSession: { session: { id: 's-x', status: 'CHARGING' }, errors: [] } } })
    await user.click(screen.getByRole('button', { name: 'Put on the ticket' }))
    expect(server.asked).toEqual([{ name: 'AssignSession', input: { sessionId: 's-x', stayId: 'stay-a' } }])
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Put on the ticket' })).toBeNull())
  })

  test('a refusal is told near the button', async () => {
    const user = userEvent.setup()
    openBoard('ATTENDANT')
    await user.click(ticketless())
    await user.click(car())
    const errors = [{ code: 'STAY_CLOSED', message: 'This ticket is checked out.', field: null }]
    server.willAnswer({ data: { assignSession: { session: null, errors } } })
    await user.click(screen.getByRole('button', { name: 'Put on the ticket' }))
    expect(await screen.findByRole('alert')).toHaveTextContent('This ticket is checked out.')
  })

  test('is stopped, after a question', async () => {
    const user = userEvent.setup()
    openBoard('ATTENDANT')
    await user.click(ticketless())
    expect(screen.getByRole('status')).toHaveTextContent('Now tap the vehicle that charges there.')
    await user.click(screen.getByRole('button', { name: 'Stop charging' }))
    const dialog = await screen.findByRole('dialog')
    server.willAnswer({ data: { stopCharging: { session: { id: 's-x', status: 'CHARGING' }, errors: [] } } })
    await user.click(within(dialog).getByRole('button', { name: 'Stop charging' }))
    expect(server.asked).toEqual([{ name: 'StopCharging', input: { sessionId: 's-x' } }])
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  })
})

describe('what the cards say', () => {
  test('figures rise with the energy feed', () => {
    openBoard('ATTENDANT')
    act(() => server.push('EnergyUpdated', { energyUpdated: anEnergyUpdate('s-c', 11_482) }))
    const column = screen.getByRole('region', { name: /^Charging/ })
    expect(within(column).getByText('11.482')).toBeVisible()
    expect(within(column).getByText('$2.87')).toBeVisible()
  })

  test('a starting vehicle is told where to plug in', () => {
    openBoard('ATTENDANT')
    const session = aSession('s-a', { status: 'STARTING', port: { id: 'port-2', name: 'old name' } })
    const starting = aRequest('a', { status: 'STARTING', session })
    act(() => server.push('BoardUpdated', { boardUpdated: anUpdate(2, { requests: [starting] }) }))
    expect(screen.getByText(/Plug in now at/)).toHaveTextContent('Plug in now at Ramp 2')
  })

  test('t7: a vehicle that needs charging again says why, with a sign and in words', () => {
    openBoard('ATTENDANT')
    const why = 'The charger restarted before the vehicle was charged. Plug in and start again.'
    act(() => server.push('BoardUpdated', { boardUpdated: anUpdate(2, { requests: [aRequest('d', { lastStartFailure: why })] }) }))
    const column = screen.getByRole('region', { name: /^Needs charging/ })
    const reason = within(column).getByText(why)
    expect(reason).toBeVisible()
    expect(reason.parentElement?.querySelector('svg')).not.toBeNull()
    expect(within(screen.getByRole('region', { name: /^Charged/ })).queryByText('CAR d')).toBeNull()
  })

  test('failures, ticketless sessions and final figures are shown', () => {
    openBoard('ATTENDANT')
    expect(screen.getByText('The charger said no.')).toBeVisible()
    expect(screen.getByText('Charging without a ticket')).toBeVisible()
    expect(within(screen.getByRole('region', { name: /^Charged/ })).getByText('17.234')).toBeVisible()
  })
})

describe('who may do what', () => {
  test('an attendant stops and cancels, and renames nothing', () => {
    openBoard('ATTENDANT')
    expect(screen.getByRole('button', { name: 'Stop charging CAR c' })).toBeVisible()
    expect(screen.getByRole('button', { name: 'Cancel the request of CAR a' })).toBeVisible()
    expect(screen.queryByRole('button', { name: /^Rename/ })).toBeNull()
  })

  test('a point of sale cancels but does not charge', () => {
    openBoard('POS')
    expect(screen.getByRole('button', { name: 'Cancel the request of CAR a' })).toBeVisible()
    expect(screen.queryByRole('button', { name: /Stop charging|Choose this/ })).toBeNull()
  })

  test('an operator renames a port, and an empty name takes the custom name away', async () => {
    const user = userEvent.setup()
    openBoard('OPERATOR')
    await user.click(screen.getByRole('button', { name: 'Rename Ramp 2' }))
    const field = await screen.findByLabelText(/Name on the sticker/)
    await user.clear(field)
    const errors = [{ code: 'NAME_TAKEN', message: 'Wall A has this name.', field: ['input', 'name'] }]
    server.willAnswer(
      { data: { renamePort: { port: null, errors } } },
      { data: { renamePort: { port: { id: 'port-2', name: 'x', customName: null }, errors: [] } } },
    )
    await user.click(screen.getByRole('button', { name: 'Save' }))
    expect(await screen.findByText('Wall A has this name.')).toBeVisible()
    expect(server.asked[0]).toEqual({ name: 'RenamePort', input: { portId: 'port-2', name: null } })
    await user.click(screen.getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  })

  test('a wall has no buttons, whoever is signed in', () => {
    openBoard('OPERATOR', true)
    expect(screen.queryAllByRole('button')).toEqual([])
    expect(screen.getByText('CAR c')).toBeVisible()
  })
})

test('stopping asks first', async () => {
  const user = userEvent.setup()
  openBoard('ATTENDANT')
  await user.click(screen.getByRole('button', { name: 'Stop charging CAR c' }))
  const dialog = await screen.findByRole('dialog')
  expect(server.asked).toEqual([])
  server.willAnswer({ data: { stopCharging: { session: { id: 's-c', status: 'CHARGING' }, errors: [] } } })
  await user.click(within(dialog).getByRole('button', { name: 'Stop charging' }))
  expect(server.asked).toEqual([{ name: 'StopCharging', input: { sessionId: 's-c' } }])
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
})

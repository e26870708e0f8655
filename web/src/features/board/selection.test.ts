import { expect, test } from 'vitest'
import { boardReducer, type BoardState } from './board-state'
import { nothingSelected, selectionReducer, validSelection, type SelectionAction } from './selection'
import { aPort, aRequest, aSession, anUpdate } from './test/samples'

const tap = (...taps: readonly SelectionAction[]) => taps.reduce(selectionReducer, nothingSelected)
const port = { type: 'port', id: 'p1' } as const
const car = { type: 'request', id: 'a' } as const

function boardWith(update: Parameters<typeof anUpdate>[1]): BoardState {
  const board = boardReducer(null, { type: 'board', update: anUpdate(1, { ...update, isSnapshot: true }) })
  if (board === null) throw new Error('a snapshot makes a board')
  return board
}

test('port then vehicle and vehicle then port choose the same', () => {
  expect(tap(port, car)).toEqual({ portId: 'p1', requestId: 'a' })
  expect(tap(car, port)).toEqual(tap(port, car))
})

test('tapping again takes the choice back, tapping another replaces it', () => {
  expect(tap(port, car, port)).toEqual({ portId: null, requestId: 'a' })
  expect(tap(port, { type: 'port', id: 'p2' })).toEqual({ portId: 'p2', requestId: null })
  expect(tap(port, car, { type: 'clear' })).toEqual(nothingSelected)
})

test('a choice stands while the port is open and the vehicle waits', () => {
  const board = boardWith({ ports: [aPort('p1', 'Ramp 1')], requests: [aRequest('a')] })
  expect(validSelection(tap(port, car), board)).toEqual({ portId: 'p1', requestId: 'a' })
})

test('a port that was taken and a vehicle that left are no choice any more', () => {
  const board = boardWith({
    ports: [aPort('p1', 'Ramp 1', { isOpen: false })],
    requests: [aRequest('a', { status: 'STARTING', session: aSession('s', { status: 'STARTING' }) })],
  })
  expect(validSelection(tap(port, car), board)).toEqual(nothingSelected)
  expect(validSelection(tap(port, car), boardWith({}))).toEqual(nothingSelected)
})

test('a port on which something charges without a ticket can be chosen, one with a ticket cannot', () => {
  const ticketless = { ...aSession('s'), request: null, stay: null }
  const withTicket = { ...ticketless, request: { id: 'b' }, stay: aRequest('b').stay }
  const taken = { isOpen: false, status: 'CHARGING' } as const
  const first = boardWith({ ports: [aPort('p1', 'Ramp 1', { ...taken, activeSession: ticketless })], requests: [aRequest('a')] })
  expect(validSelection(tap(port, car), first)).toEqual({ portId: 'p1', requestId: 'a' })
  const second = boardWith({ ports: [aPort('p1', 'Ramp 1', { ...taken, activeSession: withTicket })] })
  expect(validSelection(tap(port), second)).toEqual(nothingSelected)
})

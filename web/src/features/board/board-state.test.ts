import { describe, expect, test } from 'vitest'
import {
  boardReducer,
  columnsOf,
  figuresOf,
  portNameOf,
  type BoardRequest,
  type BoardState,
  type BoardUpdate,
  type EnergyUpdate,
} from './board-state'
import { aPort, aRate, aRequest, aSession, anEnergyUpdate, anUpdate, cents } from './test/samples'

function heard(...messages: readonly (BoardUpdate | EnergyUpdate)[]): BoardState {
  const state = messages.reduce<BoardState | null>(
    (before, message) =>
      boardReducer(
        before,
        'sessionId' in message ? { type: 'energy', update: message } : { type: 'board', update: message },
      ),
    null,
  )
  if (state === null) throw new Error('no snapshot was among the messages')
  return state
}

function aSnapshot(changes: Partial<BoardUpdate> = {}, revision = 7): BoardUpdate {
  return anUpdate(revision, { isSnapshot: true, rate: aRate, ...changes })
}

function ids(requests: readonly BoardRequest[]): string[] {
  return requests.map(({ id }) => id)
}

function charging(id: string, energyWh = 1_000): BoardRequest {
  return aRequest(id, { status: 'CHARGING', session: aSession(`s-${id}`, { energyWh }) })
}

describe('snapshots', () => {
  test('nothing is known before the first one', () => {
    expect(boardReducer(null, { type: 'board', update: anUpdate(3) })).toBeNull()
    expect(boardReducer(null, { type: 'energy', update: anEnergyUpdate('s-1', 5) })).toBeNull()
  })

  test('hold the whole board: what they leave out is gone', () => {
    const state = heard(
      aSnapshot({ ports: [aPort('p1', 'Ramp 1'), aPort('p2', 'Ramp 2')], requests: [aRequest('a'), aRequest('b')] }),
      aSnapshot({ ports: [aPort('p2', 'Ramp 2')], requests: [aRequest('b')], rate: null }, 31),
    )
    expect(state.revision).toBe(31)
    expect(state.ports.map(({ name }) => name)).toEqual(['Ramp 2'])
    expect([...state.requests.keys()]).toEqual(['b'])
    expect(state.rate).toBeNull()
  })

  test('count even with an older revision: the server began again', () => {
    expect(heard(aSnapshot({}, 500), aSnapshot({ requests: [aRequest('a')] }, 2)).requests.size).toBe(1)
  })
})

describe('merging by id', () => {
  test('a changed request replaces its old self, a new one joins, others stay', () => {
    const state = heard(
      aSnapshot({ requests: [aRequest('a'), aRequest('b')] }),
      anUpdate(8, { requests: [aRequest('b', { lastStartFailure: 'The charger said no.' }), aRequest('c')] }),
    )
    expect(ids(columnsOf(state).needsCharging)).toEqual(['a', 'b', 'c'])
    expect(state.requests.get('b')?.lastStartFailure).toBe('The charger said no.')
  })

  test('removed requests leave the board', () => {
    const state = heard(
      aSnapshot({ requests: [aRequest('a'), aRequest('b')] }),
      anUpdate(8, { removedRequestIds: ['a', 'never-seen'] }),
    )
    expect([...state.requests.keys()]).toEqual(['b'])
  })

  test('a request moves from column to column', () => {
    const waiting = aRequest('a')
    const starting = aRequest('a', { status: 'STARTING', session: aSession('s-a', { status: 'STARTING' }) })
    const running = charging('a')
    const done = aRequest('a', { status: 'CHARGED', session: aSession('s-a', { status: 'ENDED' }) })
    const columns = [waiting, starting, running, done].map((_, last, all) => {
      const updates = all.slice(1, last + 1).map((request, index) => anUpdate(8 + index, { requests: [request] }))
      const { needsCharging, charging: onPort, charged } = columnsOf(heard(aSnapshot({ requests: [waiting] }), ...updates))
      return [needsCharging.length, onPort.length, charged.length]
    })
    expect(columns).toEqual([
      [1, 0, 0],
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ])
  })

  test('a null rate means that it did not change', () => {
    const newRate = { ...aRate, id: 'rate-2', label: '30 c per kWh' }
    expect(heard(aSnapshot(), anUpdate(8)).rate).toEqual(aRate)
    expect(heard(aSnapshot(), anUpdate(8, { rate: newRate })).rate).toEqual(newRate)
  })

  test('a port that changed keeps its place', () => {
    const state = heard(
      aSnapshot({ ports: [aPort('p1', 'Ramp 1'), aPort('p2', 'Ramp 2')] }),
      anUpdate(8, { ports: [aPort('p1', 'Ramp 1', { status: 'FAULTED', isOpen: false })] }),
    )
    expect(state.ports.map(({ id, status }) => [id, status])).toEqual([
      ['p1', 'FAULTED'],
      ['p2', 'AVAILABLE'],
    ])
  })

  test('a new or renamed port is put in natural order', () => {
    const state = heard(
      aSnapshot({ ports: [aPort('p1', 'Ramp 1'), aPort('p10', 'Ramp 10'), aPort('w', 'Wall A')] }),
      anUpdate(8, { ports: [aPort('p2', 'Ramp 2'), aPort('w', 'Ramp 9')] }),
    )
    expect(state.ports.map(({ name }) => name)).toEqual(['Ramp 1', 'Ramp 2', 'Ramp 9', 'Ramp 10'])
  })

  test('cards show the name that a port has now', () => {
    const state = heard(
      aSnapshot({ ports: [aPort('port-1', 'Ramp 1')], requests: [charging('a')] }),
      anUpdate(8, { ports: [aPort('port-1', 'By the stairs')] }),
    )
    expect(portNameOf(state, aSession('s-a'))).toBe('By the stairs')
    expect(portNameOf(state, aSession('s-b', { port: { id: 'gone', name: 'Old port' } }))).toBe('Old port')
  })
})

describe('revisions', () => {
  test('a skipped one is a gap, and the update that showed it is not merged', () => {
    const state = heard(aSnapshot({ requests: [aRequest('a')] }), anUpdate(9, { requests: [aRequest('b')] }))
    expect(state.hasGap).toBe(true)
    expect(state.revision).toBe(7)
    expect(ids(columnsOf(state).needsCharging)).toEqual(['a'])
  })

  test('a gap is healed by a snapshot only', () => {
    const gap = [aSnapshot(), anUpdate(9)]
    expect(heard(...gap, anUpdate(8)).hasGap).toBe(true)
    expect(heard(...gap, aSnapshot({}, 9)).hasGap).toBe(false)
  })

  test('one that was merged already changes nothing', () => {
    const before = heard(aSnapshot({ requests: [aRequest('a')] }))
    const update = anUpdate(7, { removedRequestIds: ['a'] })
    expect(boardReducer(before, { type: 'board', update })).toBe(before)
  })
})

describe('order in the columns', () => {
  test('waiting: soonest checkout, then oldest request; without a checkout time last', () => {
    const state = heard(
      aSnapshot({
        requests: [
          aRequest('never-late', { requestedAt: '2026-11-22T19:30:00Z' }),
          aRequest('never-early', { requestedAt: '2026-11-22T18:00:00Z' }),
          aRequest('seven', { estimatedCheckoutAt: '2026-11-23T00:00:00Z' }),
          aRequest('five-new', { estimatedCheckoutAt: '2026-11-22T22:00:00Z', requestedAt: '2026-11-22T20:05:00Z' }),
          aRequest('five-old', { estimatedCheckoutAt: '2026-11-22T22:00:00.000Z', requestedAt: '2026-11-22T19:00:00Z' }),
        ],
      }),
    )
    expect(ids(columnsOf(state).needsCharging)).toEqual(['five-old', 'five-new', 'seven', 'never-early', 'never-late'])
  })

  test('a car that is starting keeps its place among the waiting', () => {
    const starting = aSession('s-a', { status: 'STARTING' })
    const state = heard(
      aSnapshot({
        requests: [
          aRequest('b', { estimatedCheckoutAt: '2026-11-22T23:00:00Z' }),
          aRequest('a', { estimatedCheckoutAt: '2026-11-22T22:00:00Z', status: 'STARTING', session: starting }),
        ],
      }),
    )
    expect(ids(columnsOf(state).needsCharging)).toEqual(['a', 'b'])
  })

  test('charging: longest running first', () => {
    const since = (id: string, startedAt: string) =>
      aRequest(id, { status: 'CHARGING', session: aSession(`s-${id}`, { startedAt }) })
    const state = heard(
      aSnapshot({ requests: [since('late', '2026-11-22T20:30:00Z'), since('early', '2026-11-22T18:30:00Z')] }),
    )
    expect(ids(columnsOf(state).charging)).toEqual(['early', 'late'])
  })

  test('charged: latest first', () => {
    const until = (id: string, endedAt: string) =>
      aRequest(id, { status: 'CHARGED', session: aSession(`s-${id}`, { status: 'ENDED', endedAt }) })
    const state = heard(
      aSnapshot({ requests: [until('two', '2026-11-22T19:00:00Z'), until('four', '2026-11-22T21:00:00Z')] }),
    )
    expect(ids(columnsOf(state).charged)).toEqual(['four', 'two'])
  })

  test('a cancelled request stands in no column', () => {
    const state = heard(aSnapshot({ requests: [aRequest('a', { status: 'CANCELED' })] }))
    expect(columnsOf(state)).toEqual({ needsCharging: [], charging: [], charged: [] })
  })
})

describe('energy', () => {
  const running = aSnapshot({ requests: [charging('a', 1_000)] })
  const session = aSession('s-a', { energyWh: 1_000 })

  test('rises between board updates, with its cost and power', () => {
    const state = heard(running, anEnergyUpdate('s-a', 1_500, { powerKw: 7.2, cost: cents(38) }))
    expect(figuresOf(state, session)).toMatchObject({ energyWh: 1_500, powerKw: 7.2, cost: cents(38) })
  })

  test('never goes back, whichever feed is behind', () => {
    const behind = [
      anEnergyUpdate('s-a', 1_400),
      anUpdate(8, { requests: [charging('a', 1_200)] }),
      aSnapshot({ requests: [charging('a', 1_200)] }, 8),
    ]
    for (const message of behind) {
      const state = heard(running, anEnergyUpdate('s-a', 1_500), message)
      expect(figuresOf(state, session).energyWh).toBe(1_500)
    }
  })

  test('takes a board update that is ahead of the feed', () => {
    const state = heard(running, anEnergyUpdate('s-a', 1_500), anUpdate(8, { requests: [charging('a', 1_800)] }))
    expect(figuresOf(state, aSession('s-a', { energyWh: 1_800 })).energyWh).toBe(1_800)
  })

  test('at standstill the later reading tells power and cost', () => {
    const full = anEnergyUpdate('s-a', 1_500, { powerKw: 0, cost: cents(90), at: '2026-11-22T20:30:00Z' })
    const state = heard(running, anEnergyUpdate('s-a', 1_500), full)
    expect(figuresOf(state, session)).toMatchObject({ powerKw: 0, cost: cents(90) })
    expect(figuresOf(heard(running, full, anEnergyUpdate('s-a', 1_500)), session)).toMatchObject({ powerKw: 0 })
  })

  test('of a session that has ended is ignored: its final figures stand', () => {
    const ended = aSession('s-a', { status: 'ENDED', energyWh: 1_450, cost: cents(36) })
    const state = heard(
      running,
      anEnergyUpdate('s-a', 1_500),
      anUpdate(8, { requests: [aRequest('a', { status: 'CHARGED', session: ended })] }),
      anEnergyUpdate('s-a', 9_000),
    )
    expect(figuresOf(state, ended)).toMatchObject({ energyWh: 1_450, cost: cents(36) })
  })

  test('of an ended session is ignored even while its port still shows it', () => {
    const active = { ...session, request: { id: 'a' }, stay: null }
    const ended = aSession('s-a', { status: 'ENDED', energyWh: 1_450 })
    const state = heard(
      aSnapshot({ ports: [aPort('port-1', 'Ramp 1', { activeSession: active })], requests: [charging('a')] }),
      anUpdate(8, { requests: [aRequest('a', { status: 'CHARGED', session: ended })] }),
      anEnergyUpdate('s-a', 9_000),
    )
    expect(figuresOf(state, ended).energyWh).toBe(1_450)
  })

  test('of a session without a ticket is shown on its port', () => {
    const unassigned = { ...aSession('s-x', { energyWh: 200 }), request: null, stay: null }
    const state = heard(
      aSnapshot({ ports: [aPort('port-1', 'Ramp 1', { activeSession: unassigned })] }),
      anEnergyUpdate('s-x', 350),
    )
    expect(figuresOf(state, unassigned).energyWh).toBe(350)
  })

  test('of a stranger changes nothing', () => {
    const before = heard(running)
    expect(boardReducer(before, { type: 'energy', update: anEnergyUpdate('s-other', 10) })).toBe(before)
  })

  test('is forgotten when its session leaves the board', () => {
    const state = heard(running, anEnergyUpdate('s-a', 1_500), anUpdate(8, { removedRequestIds: ['a'] }))
    expect(state.figures.size).toBe(0)
  })

  test('does not move the revision', () => {
    expect(heard(running, anEnergyUpdate('s-a', 1_500)).revision).toBe(7)
  })
})

import { CombinedError, type Client } from '@urql/core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { makeSubject, type Subject } from 'wonka'
import { createBoardFeed } from './board-feed'
import { aRequest, aSession, anEnergyUpdate, anUpdate } from './test/samples'

type Message = { data?: unknown; error?: CombinedError }

/** Stands in for the socket: it hands out a new stream at each subscription and remembers all of them. */
function aServer() {
  const boards: Subject<Message>[] = []
  const energies: Subject<Message>[] = []
  const client = {
    subscription(document: { definitions: readonly { name: { value: string } }[] }) {
      const subject = makeSubject<Message>()
      ;(document.definitions[0]?.name.value === 'BoardUpdated' ? boards : energies).push(subject)
      return subject.source
    },
  } as unknown as Client
  return { client, boards, energies }
}

const snapshot = { data: { boardUpdated: anUpdate(1, { isSnapshot: true, requests: [aRequest('a')] }) } }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('the board grows from its messages', () => {
  const { client, boards, energies } = aServer()
  const feed = createBoardFeed(client, 'garage')
  const listener = vi.fn()
  feed.listen(listener)
  feed.open()
  expect(feed.getView().board).toBeNull()
  boards[0]?.next(snapshot)
  const running = aRequest('a', { status: 'CHARGING', session: aSession('s') })
  boards[0]?.next({ data: { boardUpdated: anUpdate(2, { requests: [running] }) } })
  energies[0]?.next({ data: { energyUpdated: anEnergyUpdate('s', 2_000) } })
  expect(feed.getView().board?.figures.get('s')?.energyWh).toBe(2_000)
  expect(listener).toHaveBeenCalledTimes(3)
})

test('a gap is answered with a new subscription', () => {
  const { client, boards, energies } = aServer()
  const feed = createBoardFeed(client, 'garage')
  feed.open()
  boards[0]?.next(snapshot)
  boards[0]?.next({ data: { boardUpdated: anUpdate(5) } })
  vi.advanceTimersByTime(0)
  expect([boards.length, energies.length]).toEqual([2, 2])
  boards[1]?.next({ data: { boardUpdated: anUpdate(5, { isSnapshot: true }) } })
  expect(feed.getView().board).toMatchObject({ revision: 5, hasGap: false })
})

test('an error is told, the old picture kept, and the subscription made again, later each time', () => {
  const { client, boards } = aServer()
  const feed = createBoardFeed(client, 'garage')
  feed.open()
  boards[0]?.next(snapshot)
  boards[0]?.next({ error: new CombinedError({ networkError: new Error('gone') }) })
  expect(feed.getView().problem?.message).toMatch(/no answer/)
  expect(feed.getView().board?.requests.size).toBe(1)
  vi.advanceTimersByTime(1_000)
  expect(boards.length).toBe(2)
  boards[1]?.complete()
  vi.advanceTimersByTime(1_999)
  expect(boards.length).toBe(2)
  vi.advanceTimersByTime(1)
  expect(boards.length).toBe(3)
  boards[2]?.next(snapshot)
  expect(feed.getView().problem).toBeNull()
})

test('a closed feed stays closed', () => {
  const { client, boards } = aServer()
  const close = createBoardFeed(client, 'garage').open()
  boards[0]?.complete()
  close()
  vi.advanceTimersByTime(60_000)
  expect(boards.length).toBe(1)
})

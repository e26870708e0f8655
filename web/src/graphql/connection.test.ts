import { expect, test, vi } from 'vitest'
import { createConnection } from './connection'

test('a lost connection remembers when the server was last heard', () => {
  let now = 1_000
  const connection = createConnection(() => now)
  connection.connecting()
  connection.heard()
  now = 5_000
  connection.heard()
  now = 9_000
  connection.lost()
  expect(connection.getState()).toEqual({ status: 'lost', lastHeardAt: 5_000 })
})

test('trying again is still lost, until the server is heard', () => {
  const connection = createConnection()
  connection.lost()
  connection.connecting()
  expect(connection.getState()).toEqual({ status: 'lost', lastHeardAt: null })
  connection.heard()
  expect(connection.getState()).toEqual({ status: 'live' })
})

test('listeners hear changes of status, not every message', () => {
  const connection = createConnection()
  const listener = vi.fn()
  const stop = connection.listen(listener)
  connection.heard()
  connection.heard()
  expect(listener).toHaveBeenCalledTimes(1)
  stop()
  connection.lost()
  expect(listener).toHaveBeenCalledTimes(1)
})

import { expect, test } from 'vitest'
import type { BoardPort } from './board-state'
import { errorText, portLook } from './port-status'
import { aPort, aSession } from './test/samples'

function active(changes: Parameters<typeof aSession>[1]): BoardPort['activeSession'] {
  return { ...aSession('s', changes), request: { id: 'a' }, stay: null }
}

test.each<[string, Partial<BoardPort>]>([
  ['Open', { status: 'AVAILABLE' }],
  ['Plugged in', { status: 'PREPARING' }],
  ['Plug in', { status: 'AVAILABLE', isOpen: false, activeSession: active({ status: 'STARTING' }) }],
  ['Charging', { status: 'CHARGING', isOpen: false, activeSession: active({}) }],
  ['Full', { status: 'SUSPENDED_EV', isOpen: false, activeSession: active({ fullSince: '2026-11-22T21:05:00Z' }) }],
  ['Car paused', { status: 'SUSPENDED_EV', isOpen: false, activeSession: active({}) }],
  ['Charger paused', { status: 'SUSPENDED_EVSE', isOpen: false, activeSession: active({}) }],
  ['Unplug', { status: 'FINISHING', isOpen: false }],
  ['Faulted', { status: 'FAULTED', isOpen: false, activeSession: active({}) }],
  ['Offline', { status: 'OFFLINE', isOpen: false, activeSession: active({ status: 'STARTING' }) }],
  ['Out of service', { status: 'UNAVAILABLE', isOpen: false }],
])('a port reads %s', (word, changes) => {
  expect(portLook(aPort('p', 'Ramp 1', changes)).word).toBe(word)
})

test('an unknown error code is shown as the charger gave it', () => {
  expect(errorText('GroundFailure')).toBe('Ground failure')
  expect(errorText('0x1F')).toBe('0x1F')
})

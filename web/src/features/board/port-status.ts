import type { BoardPort } from './board-state'

/** How a port stands, in one word for the wall and one tone; the tone never speaks alone. */
export type PortLook = {
  readonly word: string
  readonly tone: 'open' | 'busy' | 'wait' | 'bad' | 'off'
  readonly icon: 'open' | 'charging' | 'plug' | 'full' | 'paused' | 'faulted' | 'offline' | 'closed' | 'unplug'
}

export function portLook(port: BoardPort): PortLook {
  if (port.status === 'OFFLINE') return { word: 'Offline', tone: 'off', icon: 'offline' }
  if (port.status === 'FAULTED') return { word: 'Faulted', tone: 'bad', icon: 'faulted' }
  if (port.activeSession?.status === 'STARTING') return { word: 'Plug in', tone: 'wait', icon: 'plug' }
  if (typeof port.activeSession?.fullSince === 'string') return { word: 'Full', tone: 'wait', icon: 'full' }
  switch (port.status) {
    case 'AVAILABLE':
      return port.isOpen
        ? { word: 'Open', tone: 'open', icon: 'open' }
        : { word: 'In use', tone: 'busy', icon: 'charging' }
    case 'PREPARING':
      return port.activeSession === null
        ? { word: 'Plugged in', tone: 'wait', icon: 'plug' }
        : { word: 'In use', tone: 'busy', icon: 'charging' }
    case 'CHARGING':
      return { word: 'Charging', tone: 'busy', icon: 'charging' }
    case 'SUSPENDED_EV':
      return { word: 'Car paused', tone: 'wait', icon: 'paused' }
    case 'SUSPENDED_EVSE':
      return { word: 'Charger paused', tone: 'wait', icon: 'paused' }
    case 'FINISHING':
      return { word: 'Unplug', tone: 'wait', icon: 'unplug' }
    case 'RESERVED':
      return { word: 'Reserved', tone: 'off', icon: 'closed' }
    case 'UNAVAILABLE':
      return { word: 'Out of service', tone: 'off', icon: 'closed' }
  }
}

const errorWords: Readonly<Record<string, string>> = {
  ConnectorLockFailure: 'The plug does not lock',
  EVCommunicationError: 'The car does not answer',
  GroundFailure: 'Ground failure',
  HighTemperature: 'Too hot',
  InternalError: 'Charger error',
  OverCurrentFailure: 'Too much current',
  OverVoltage: 'Voltage too high',
  PowerMeterFailure: 'Meter failure',
  PowerSwitchFailure: 'Switch failure',
  ReaderFailure: 'Card reader failure',
  UnderVoltage: 'Voltage too low',
  WeakSignal: 'Weak signal',
}

/** OCPP's errorCode in words: "GroundFailure" is "Ground failure". */
export function errorText(errorCode: string): string {
  return errorWords[errorCode] ?? errorCode
}

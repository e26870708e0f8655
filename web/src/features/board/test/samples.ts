import type { BoardPort, BoardRequest, BoardSession, BoardUpdate, EnergyUpdate } from '../board-state'

export const cents = (amount: number) => ({
  cents: amount,
  currency: 'USD',
  formatted: `$${(amount / 100).toFixed(2)}`,
})

export function aSession(id: string, changes: Partial<BoardSession> = {}): BoardSession {
  return {
    id,
    status: 'CHARGING',
    flags: [],
    fullSince: null,
    startedAt: '2026-11-22T20:00:00Z',
    endedAt: null,
    lastMeterAt: '2026-11-22T20:10:00Z',
    energyWh: 1_000,
    powerKw: 9.8,
    cost: cents(25),
    port: { id: 'port-1', name: 'Ramp 1' },
    ...changes,
  }
}

export function aPort(id: string, name: string, changes: Partial<BoardPort> = {}): BoardPort {
  return {
    id,
    name,
    customName: name,
    connectorId: 1,
    status: 'AVAILABLE',
    lastReportedStatus: 'AVAILABLE',
    statusChangedAt: '2026-11-22T19:00:00Z',
    errorCode: null,
    isOpen: true,
    notOpenReason: null,
    maxPowerKw: 11.5,
    chargePoint: {
      id: `cp-${id}`,
      identity: `CP-${id}`,
      vendor: 'Phihong',
      model: 'AX48',
      isOnline: true,
      lastSeenAt: '2026-11-22T20:00:00Z',
    },
    activeSession: null,
    ...changes,
  }
}

export function aRequest(id: string, changes: Partial<BoardRequest> = {}): BoardRequest {
  return {
    id,
    status: 'NEEDS_CHARGING',
    requestedAt: '2026-11-22T20:00:00Z',
    estimatedCheckoutAt: null,
    lastStartFailure: null,
    stay: {
      id: `stay-${id}`,
      ticketNumber: `T-${id}`,
      kind: 'TRANSIENT',
      chargingNote: null,
      vehicle: { licensePlate: `CAR ${id}`, plateState: 'NY', make: 'Kia EV6', color: 'Gray' },
    },
    session: null,
    ...changes,
  }
}

export function anUpdate(revision: number, changes: Partial<BoardUpdate> = {}): BoardUpdate {
  return { revision, isSnapshot: false, rate: null, ports: [], requests: [], removedRequestIds: [], ...changes }
}

export function anEnergyUpdate(sessionId: string, energyWh: number, changes: Partial<EnergyUpdate> = {}): EnergyUpdate {
  return {
    sessionId,
    energyWh,
    powerKw: 9.8,
    cost: cents(Math.round(energyWh / 40)),
    at: '2026-11-22T20:20:00Z',
    ...changes,
  }
}

export const aRate = {
  id: 'rate-1',
  kind: 'PER_KWH',
  amountCents: '25',
  label: '25 c per kWh',
  effectiveFrom: '2026-11-01T00:00:00Z',
  setBy: 'Olga',
} as const

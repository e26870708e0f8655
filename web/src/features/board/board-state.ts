/** The EV queue as its messages build it up: pure, and knowing nothing of the socket or the screen. */
import type {
  BoardPortFragment,
  BoardRequestFragment,
  BoardSessionFragment,
  BoardUpdatedSubscription,
  EnergyUpdatedSubscription,
  MoneyTextFragment,
  RateLineFragment,
  RequestStatus,
  SessionStatus,
} from '@/graphql/generated/graphql'
import { naturalOrder } from '@/lib/natural-order'

export type BoardPort = BoardPortFragment
export type BoardRequest = BoardRequestFragment
export type BoardSession = BoardSessionFragment
export type BoardUpdate = BoardUpdatedSubscription['boardUpdated']
export type EnergyUpdate = EnergyUpdatedSubscription['energyUpdated']

/** Charging on it that belongs to no ticket yet; a tap gives it to one. */
export function ticketlessSession(port: BoardPort): BoardSession | null {
  const { activeSession: session } = port
  return session !== null && session.stay === null && session.status === 'CHARGING' ? session : null
}

/** What one session has delivered, as last heard. */
export type Figures = {
  readonly energyWh: number
  readonly powerKw: number | null
  readonly cost: MoneyTextFragment | null
  readonly at: string
}

export type BoardState = {
  readonly revision: number
  /** An update was missed: what is shown may be wrong until a snapshot comes. */
  readonly hasGap: boolean
  readonly rate: RateLineFragment | null
  readonly ports: readonly BoardPort[]
  readonly requests: ReadonlyMap<string, BoardRequest>
  /** Of the sessions that run now, by session id. */
  readonly figures: ReadonlyMap<string, Figures>
}

export type BoardAction =
  | { readonly type: 'board'; readonly update: BoardUpdate }
  | { readonly type: 'energy'; readonly update: EnergyUpdate }

export type Columns = {
  readonly needsCharging: readonly BoardRequest[]
  readonly charging: readonly BoardRequest[]
  readonly charged: readonly BoardRequest[]
}

/** Null stands for a board of which nothing is known yet. */
export function boardReducer(state: BoardState | null, action: BoardAction): BoardState | null {
  switch (action.type) {
    case 'board':
      return withUpdate(state, action.update)
    case 'energy':
      return withEnergy(state, action.update)
  }
}

function withUpdate(state: BoardState | null, update: BoardUpdate): BoardState | null {
  if (update.isSnapshot) {
    const requests = new Map(update.requests.map((request) => [request.id, request]))
    return withFigures({
      revision: update.revision,
      hasGap: false,
      rate: update.rate,
      ports: update.ports,
      requests,
      figures: state?.figures ?? new Map(),
    })
  }
  if (state === null || update.revision > state.revision + 1) return state && { ...state, hasGap: true }
  if (update.revision <= state.revision) return state
  return withFigures({
    revision: update.revision,
    hasGap: state.hasGap,
    rate: update.rate ?? state.rate,
    ports: mergePorts(state.ports, update.ports),
    requests: mergeRequests(state.requests, update),
    figures: state.figures,
  })
}

/** Ports stand as the server sorted them; one that is new or renamed finds its place among them. */
function mergePorts(known: readonly BoardPort[], changed: readonly BoardPort[]): readonly BoardPort[] {
  if (changed.length === 0) return known
  const changes = new Map(changed.map((port) => [port.id, port]))
  const names = new Map(known.map((port) => [port.id, port.name]))
  const isOrderKept = changed.every((port) => names.get(port.id) === port.name)
  const merged = known.map((port) => changes.get(port.id) ?? port)
  if (isOrderKept) return merged
  const added = changed.filter((port) => !names.has(port.id))
  return [...merged, ...added].sort((a, b) => naturalOrder(a.name, b.name))
}

function mergeRequests(known: ReadonlyMap<string, BoardRequest>, update: BoardUpdate): ReadonlyMap<string, BoardRequest> {
  const merged = new Map(known)
  for (const request of update.requests) merged.set(request.id, request)
  for (const id of update.removedRequestIds) merged.delete(id)
  return merged
}

function runningSessions(state: BoardState): Map<string, BoardSession> {
  const running = new Map<string, BoardSession>()
  for (const { activeSession } of state.ports) {
    if (activeSession?.status === 'CHARGING') running.set(activeSession.id, activeSession)
  }
  for (const { session } of state.requests.values()) {
    if (session?.status === 'CHARGING') running.set(session.id, session)
    // A request and its port may come in different updates: the end, once known, is the end.
    else if (session !== null && isOver(session.status)) running.delete(session.id)
  }
  return running
}

function isOver(status: SessionStatus): boolean {
  switch (status) {
    case 'STARTING':
    case 'CHARGING':
      return false
    case 'ENDED':
    case 'FAILED':
      return true
  }
}

/** Keeps figures for the running sessions only, each with the most energy that anything has told of it. */
function withFigures(state: BoardState): BoardState {
  const figures = new Map<string, Figures>()
  for (const [id, session] of runningSessions(state)) {
    figures.set(id, further(state.figures.get(id), ownFigures(session)))
  }
  return { ...state, figures }
}

function withEnergy(state: BoardState | null, update: EnergyUpdate): BoardState | null {
  const known = state?.figures.get(update.sessionId)
  if (state === null || known === undefined) return state
  const { energyWh, powerKw, cost, at } = update
  const latest = further(known, { energyWh, powerKw, cost, at })
  if (latest === known) return state
  return { ...state, figures: new Map(state.figures).set(update.sessionId, latest) }
}

function ownFigures({ energyWh, powerKw, cost, lastMeterAt, startedAt }: BoardSession): Figures {
  return { energyWh, powerKw, cost, at: lastMeterAt ?? startedAt ?? '' }
}

/** Energy never goes back; at equal energy the later word stands, since time alone can cost too. */
function further(known: Figures | undefined, next: Figures): Figures {
  if (known === undefined || next.energyWh > known.energyWh) return next
  if (next.energyWh === known.energyWh && next.at >= known.at) return next
  return known
}

/** What to show for a session: live while it runs, its own final figures afterwards. */
export function figuresOf(state: BoardState, session: BoardSession): Figures {
  return state.figures.get(session.id) ?? ownFigures(session)
}

export function columnsOf(state: BoardState): Columns {
  const requests = [...state.requests.values()]
  function inColumn(column: keyof Columns): BoardRequest[] {
    return requests.filter(({ status }) => columnOf(status) === column)
  }
  return {
    needsCharging: inColumn('needsCharging').sort(soonestOutFirst),
    charging: inColumn('charging').sort(longestRunningFirst),
    charged: inColumn('charged').sort(latestEndFirst),
  }
}

/** Null for a request that has left the board. */
function columnOf(status: RequestStatus): keyof Columns | null {
  switch (status) {
    case 'NEEDS_CHARGING':
    case 'STARTING':
      return 'needsCharging'
    case 'CHARGING':
      return 'charging'
    case 'CHARGED':
      return 'charged'
    case 'CANCELED':
      return null
  }
}

function instant(text: string | null | undefined): number {
  return text === null || text === undefined ? Infinity : Date.parse(text)
}

/** Infinity less Infinity is no number, so instants are compared, not subtracted. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function soonestOutFirst(a: BoardRequest, b: BoardRequest): number {
  return (
    compare(instant(a.estimatedCheckoutAt), instant(b.estimatedCheckoutAt)) ||
    compare(instant(a.requestedAt), instant(b.requestedAt))
  )
}

function longestRunningFirst(a: BoardRequest, b: BoardRequest): number {
  return compare(instant(a.session?.startedAt), instant(b.session?.startedAt))
}

function latestEndFirst(a: BoardRequest, b: BoardRequest): number {
  return compare(instant(b.session?.endedAt), instant(a.session?.endedAt))
}

/** A session tells its port's name as of when it was sent; the port itself knows of a renaming since. */
export function portNameOf(state: BoardState, session: BoardSession): string {
  return state.ports.find(({ id }) => id === session.port.id)?.name ?? session.port.name
}

import { IconPencil } from '@tabler/icons-react'
import { agoText } from '@/lib/time'
import { kwhText, powerText } from '@/lib/energy'
import { useNow } from '@/lib/use-now'
import { useGarageTime } from '../shared/use-garage-time'
import { figuresOf, ticketlessSession, type BoardPort, type BoardState } from './board-state'
import { PortIcon } from './port-icon'
import { errorText, portLook } from './port-status'
import classes from './port-tile.module.css'

type Props = {
  readonly port: BoardPort
  readonly board: BoardState
  readonly isChosen: boolean
  /** Absent where ports are only looked at. */
  readonly onChoose?: (() => void) | undefined
  /** Absent for those who may not name ports. */
  readonly onRename?: (() => void) | undefined
}

export function PortTile({ port, board, isChosen, onChoose, onRename }: Props) {
  const look = portLook(port)
  const isTicketless = ticketlessSession(port) !== null
  const canChoose = onChoose !== undefined && (port.isOpen || isTicketless)
  return (
    <li className={classes.port} data-tone={look.tone} data-chosen={isChosen} data-renamable={onRename !== undefined} data-port={port.name} data-charge-point={port.chargePoint.identity}>
      {canChoose && (
        <button
          type="button"
          className={classes.choose}
          aria-pressed={isChosen}
          aria-label={`${port.name}, ${isTicketless ? 'charging without a ticket' : look.word}. ${isChosen ? 'Chosen' : 'Choose this port'}`}
          onClick={onChoose}
        />
      )}
      <div className={classes.words}>
        <span className={classes.name}>{port.name}</span>
        <span className={classes.status}>
          <PortIcon icon={isChosen ? 'chosen' : look.icon} />
          {isChosen ? 'Chosen' : look.word}
        </span>
        <PortDetail port={port} board={board} />
      </div>
      {onRename !== undefined && (
        <button type="button" className={classes.rename} onClick={onRename} aria-label={`Rename ${port.name}`}>
          <IconPencil aria-hidden />
        </button>
      )}
    </li>
  )
}

function PortDetail({ port, board }: { readonly port: BoardPort; readonly board: BoardState }) {
  const now = useNow(10_000)
  const timeOf = useGarageTime()
  const { activeSession: session, chargePoint } = port
  if (port.status === 'FAULTED') {
    // A fault of the whole charger leaves the port's own status as it was.
    const isOwn = port.lastReportedStatus === 'FAULTED'
    const fault = !isOwn && port.notOpenReason !== null ? port.notOpenReason : port.errorCode === null ? 'Fault' : errorText(port.errorCode)
    return (
      <span className={classes.detail}>
        {fault} · {timeOf(port.statusChangedAt)}
      </span>
    )
  }
  const whoIsOn = session === null ? null : <WhoIsOn session={session} board={board} />
  if (port.status === 'OFFLINE') {
    return (
      <>
        {whoIsOn}
        <span className={classes.detail}>
          {chargePoint.lastSeenAt === null ? 'Never seen' : `Seen ${agoText(chargePoint.lastSeenAt, now)}`}
        </span>
      </>
    )
  }
  if (whoIsOn !== null) return whoIsOn
  if (port.status === 'UNAVAILABLE' && port.notOpenReason !== null) {
    return <span className={classes.detail}>{port.notOpenReason}</span>
  }
  const power = port.maxPowerKw === null ? null : powerText(port.maxPowerKw)
  const details = [chargePoint.model, power].filter((text) => text !== null)
  return <span className={classes.detail}>{details.length > 0 ? details.join(' · ') : chargePoint.identity}</span>
}

type WhoIsOnProps = {
  readonly session: NonNullable<BoardPort['activeSession']>
  readonly board: BoardState
}

function WhoIsOn({ session, board }: WhoIsOnProps) {
  const { energyWh, powerKw } = figuresOf(board, session)
  const power = session.status === 'CHARGING' && powerKw !== null ? powerText(powerKw) : null
  if (session.stay === null) {
    return (
      <>
        <span className={classes.ticketless}>Charging without a ticket</span>
        <span className={classes.detail}>{[`${kwhText(energyWh)} kWh`, power].filter(Boolean).join(' · ')}</span>
      </>
    )
  }
  return (
    <span className={classes.detail}>
      <strong className={classes.who}>{session.stay.vehicle.licensePlate}</strong>
      {power}
    </span>
  )
}

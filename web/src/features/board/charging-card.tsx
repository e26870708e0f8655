import { IconBatteryFilled, IconBoltFilled, IconPlayerStopFilled, IconPlug, IconQuestionMark } from '@tabler/icons-react'
import { kwhText, powerText } from '@/lib/energy'
import { durationText } from '@/lib/time'
import { useNow } from '@/lib/use-now'
import { Plate } from '../shared/plate'
import { useGarageTime } from '../shared/use-garage-time'
import { figuresOf, portNameOf, type BoardRequest, type BoardSession, type BoardState } from './board-state'
import { ChargingNote, CheckoutChip, VehicleRow } from './card-parts'
import classes from './card.module.css'

type Props = {
  readonly request: BoardRequest
  readonly session: BoardSession
  readonly board: BoardState
  /** Absent where nothing may be stopped. */
  readonly onStop?: (() => void) | undefined
}

export function ChargingCard({ request, session, board, onStop }: Props) {
  const { stay } = request
  return (
    <li className={classes.card} data-tone={session.fullSince === null ? 'busy' : 'wait'} data-plate={stay.vehicle.licensePlate}>
      <div className={classes.top}>
        <Plate vehicle={stay.vehicle} />
        <span className={classes.port}>
          <IconPlug size="1.1em" aria-hidden />
          {portNameOf(board, session)}
        </span>
      </div>
      <Running session={session} board={board} />
      <VehicleRow stay={stay} />
      <ChargingNote note={stay.chargingNote} />
      <div className={classes.chips}>
        {session.flags.includes('UNCONFIRMED') && (
          <span className={classes.chip} data-urgency="soon">
            <IconQuestionMark size="1.1em" aria-hidden />
            Not confirmed by the charger
          </span>
        )}
        <CheckoutChip estimatedCheckoutAt={request.estimatedCheckoutAt} isShort />
        {onStop !== undefined && (
          <button type="button" className={classes.stop} onClick={onStop} aria-label={`Stop charging ${stay.vehicle.licensePlate}`}>
            <IconPlayerStopFilled size="1.2em" aria-hidden />
            Stop
          </button>
        )}
      </div>
    </li>
  )
}

function Running({ session, board }: Pick<Props, 'session' | 'board'>) {
  const now = useNow(10_000)
  const timeOf = useGarageTime()
  const { energyWh, powerKw, cost } = figuresOf(board, session)
  const lasted = session.startedAt === null ? null : durationText(now - Date.parse(session.startedAt))
  return (
    <div className={classes.figures}>
      <span className={classes.energy}>
        {kwhText(energyWh)} <small>kWh</small>
      </span>
      <strong className={classes.amount}>{cost === null ? 'No rate' : cost.formatted}</strong>
      {session.fullSince === null ? (
        <span className={classes.pace}>
          <IconBoltFilled size="1.1em" aria-hidden />
          {[powerKw === null ? null : powerText(powerKw), lasted].filter(Boolean).join(' · ')}
        </span>
      ) : (
        <span className={classes.pace} data-full>
          <IconBatteryFilled size="1.1em" aria-hidden />
          Full since {timeOf(session.fullSince)}
        </span>
      )}
    </div>
  )
}

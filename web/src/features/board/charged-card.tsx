import { IconCircleCheck } from '@tabler/icons-react'
import { kwhText } from '@/lib/energy'
import { durationText } from '@/lib/time'
import { Plate } from '../shared/plate'
import { useGarageTime } from '../shared/use-garage-time'
import { figuresOf, type BoardRequest, type BoardSession, type BoardState } from './board-state'
import { CheckoutChip, VehicleRow } from './card-parts'
import classes from './card.module.css'

type Props = {
  readonly request: BoardRequest
  readonly session: BoardSession
  readonly board: BoardState
}

/** A vehicle that has its energy and still stands on the lot. */
export function ChargedCard({ request, session, board }: Props) {
  const { stay } = request
  const { energyWh, cost } = figuresOf(board, session)
  return (
    <li className={classes.card} data-tone="open" data-plate={stay.vehicle.licensePlate}>
      <div className={classes.top}>
        <Plate vehicle={stay.vehicle} />
      </div>
      <div className={classes.figures}>
        <span className={classes.energy}>
          {kwhText(energyWh)} <small>kWh</small>
        </span>
        <strong className={classes.amount}>{cost === null ? 'No rate' : cost.formatted}</strong>
      </div>
      <VehicleRow stay={stay} />
      <div className={classes.chips}>
        <Done session={session} />
        <CheckoutChip estimatedCheckoutAt={request.estimatedCheckoutAt} />
      </div>
    </li>
  )
}

function Done({ session: { startedAt, endedAt } }: { readonly session: BoardSession }) {
  const timeOf = useGarageTime()
  if (endedAt === null) return null
  const lasted = startedAt === null ? null : durationText(Date.parse(endedAt) - Date.parse(startedAt))
  return (
    <span className={classes.chip}>
      <IconCircleCheck size="1.1em" aria-hidden />
      Done {timeOf(endedAt)}
      {lasted !== null && ` · ${lasted}`}
    </span>
  )
}

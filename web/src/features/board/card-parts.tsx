import { IconClock, IconLogout2, IconNotes } from '@tabler/icons-react'
import { agoText, durationText } from '@/lib/time'
import { useNow } from '@/lib/use-now'
import { useGarageTime } from '../shared/use-garage-time'
import { VehicleLine } from '../shared/vehicle-line'
import type { BoardRequest } from './board-state'
import classes from './card.module.css'

const soon = 60 * 60_000

export function VehicleRow({ stay }: Pick<BoardRequest, 'stay'>) {
  return (
    <div className={classes.row}>
      <VehicleLine vehicle={stay.vehicle} />
      <span className={classes.ticket}>
        {stay.kind === 'MONTHLY' ? 'Monthly ' : ''}#{stay.ticketNumber}
      </span>
    </div>
  )
}

export function RequestedChip({ requestedAt }: Pick<BoardRequest, 'requestedAt'>) {
  const now = useNow(10_000)
  return (
    <span className={classes.chip}>
      <IconClock size="1.1em" aria-hidden />
      Asked {agoText(requestedAt, now)}
    </span>
  )
}

export function CheckoutChip({ estimatedCheckoutAt }: Pick<BoardRequest, 'estimatedCheckoutAt'>) {
  const now = useNow(10_000)
  const timeOf = useGarageTime()
  if (estimatedCheckoutAt === null) return null
  const left = Date.parse(estimatedCheckoutAt) - now
  const urgency = left < 0 ? 'late' : left < soon ? 'soon' : 'later'
  return (
    <span className={classes.chip} data-urgency={urgency}>
      <IconLogout2 size="1.1em" aria-hidden />
      Out {timeOf(estimatedCheckoutAt)}
      {urgency === 'soon' && ` · in ${durationText(left)}`}
      {urgency === 'late' && ' · overdue'}
    </span>
  )
}

export function ChargingNote({ note }: { readonly note: string | null }) {
  if (note === null || note === '') return null
  return (
    <p className={classes.note}>
      <IconNotes size="1.2em" aria-hidden />
      <span>{note}</span>
    </p>
  )
}

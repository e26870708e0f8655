import { IconLogout2, IconNotes } from '@tabler/icons-react'
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

export function RequestedAgo({ requestedAt }: Pick<BoardRequest, 'requestedAt'>) {
  const now = useNow(10_000)
  return <span className={classes.asked}>Asked {agoText(requestedAt, now)}</span>
}

type CheckoutProps = Pick<BoardRequest, 'estimatedCheckoutAt'> & {
  /** Where there is little room, the time that is left stands in for the time of day. */
  readonly isShort?: boolean
}

export function CheckoutChip({ estimatedCheckoutAt, isShort = false }: CheckoutProps) {
  const now = useNow(10_000)
  const timeOf = useGarageTime()
  if (estimatedCheckoutAt === null) return null
  const left = Date.parse(estimatedCheckoutAt) - now
  const urgency = left < 0 ? 'late' : left < soon ? 'soon' : 'later'
  return (
    <span className={classes.chip} data-urgency={urgency}>
      <IconLogout2 size="1.1em" aria-hidden />
      {checkoutText(timeOf(estimatedCheckoutAt), left, urgency, isShort)}
    </span>
  )
}

function checkoutText(time: string, left: number, urgency: 'late' | 'soon' | 'later', isShort: boolean): string {
  if (urgency === 'soon') return isShort ? `Out in ${durationText(left)}` : `Out ${time} · in ${durationText(left)}`
  if (urgency === 'late') return isShort ? 'Out overdue' : `Out ${time} · overdue`
  return `Out ${time}`
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

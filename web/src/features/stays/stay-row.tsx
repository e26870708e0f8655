import { Button } from '@mantine/core'
import { IconAlertTriangleFilled, IconBoltFilled } from '@tabler/icons-react'
import type { StayRowFragment } from '@/graphql/generated/graphql'
import { Plate } from '../shared/plate'
import { requestWords } from '../shared/request-words'
import { useGarageTime } from '../shared/use-garage-time'
import { VehicleLine } from '../shared/vehicle-line'
import { pending } from './pending-words'
import classes from './stays.module.css'

type Props = {
  readonly stay: StayRowFragment
  readonly onCharge: () => void
  readonly onCheckOut: () => void
}

export function StayRow({ stay, onCharge, onCheckOut }: Props) {
  const timeOf = useGarageTime()
  const { vehicle, activeRequest, status } = stay
  const leaving = status === 'OPEN' ? stay.estimatedCheckoutAt : stay.checkedOutAt
  const chargeWords = activeRequest === null ? 'EV charge' : requestWords[activeRequest.status]
  return (
    <tr className={classes.stay}>
      <td>
        <Plate vehicle={vehicle} />
      </td>
      <td>
        <VehicleLine vehicle={vehicle} />
      </td>
      <td>
        #{stay.ticketNumber}
        {stay.kind === 'MONTHLY' && <span className={classes.kind}>Monthly</span>}
      </td>
      <td>{timeOf(stay.checkedInAt)}</td>
      <td>{leaving === null ? '—' : timeOf(leaving)}</td>
      <td className={classes.money}>
        {stay.lineItemTotal.formatted}
        {stay.hasPendingCharges && (
          <span className={classes.pending}>
            <IconAlertTriangleFilled size="1.1em" aria-hidden />
            {pending.title}
            <span className={classes.hidden}>. {pending.why}</span>
          </span>
        )}
      </td>
      <td>
        <div className={classes.actions}>
          {status === 'OPEN' && (
            <button
              type="button"
              className={classes.charge}
              data-asked={activeRequest !== null}
              onClick={onCharge}
              aria-label={`${chargeWords}: ${vehicle.licensePlate}`}
            >
              <IconBoltFilled size="1.25em" aria-hidden />
              <span>{chargeWords}</span>
            </button>
          )}
          <Button
            variant="default"
            onClick={onCheckOut}
            aria-label={`${status === 'OPEN' ? 'Check out' : 'Charges of'} ${vehicle.licensePlate}`}
          >
            {status === 'OPEN' ? 'Check out' : 'Charges'}
          </Button>
        </div>
      </td>
    </tr>
  )
}

import { IconAlertTriangleFilled, IconCheck, IconPlug, IconX } from '@tabler/icons-react'
import { Plate } from '../shared/plate'
import { vehicleText } from '../shared/vehicle'
import { portNameOf, type BoardRequest, type BoardState } from './board-state'
import { ChargingNote, CheckoutChip, RequestedAgo, VehicleRow } from './card-parts'
import classes from './card.module.css'

type Props = {
  readonly request: BoardRequest
  readonly board: BoardState
  readonly isChosen: boolean
  /** Absent where nothing may be started. */
  readonly onChoose?: (() => void) | undefined
  readonly onCancel?: (() => void) | undefined
}

/** A vehicle that waits for a port, or for its plug. */
export function WaitingCard({ request, board, isChosen, onChoose, onCancel }: Props) {
  const { stay, session } = request
  const { licensePlate } = stay.vehicle
  const isStarting = request.status === 'STARTING'
  return (
    <li className={classes.card} data-chosen={isChosen} data-tone={isStarting ? 'wait' : undefined} data-plate={licensePlate}>
      {onChoose !== undefined && !isStarting && (
        <button
          type="button"
          className={classes.choose}
          aria-pressed={isChosen}
          aria-label={`${licensePlate}, ${vehicleText(stay.vehicle)}. ${isChosen ? 'Chosen' : 'Choose this vehicle'}`}
          onClick={onChoose}
        />
      )}
      <div className={classes.top}>
        <Plate vehicle={stay.vehicle} />
        {onCancel !== undefined && (
          <button type="button" className={classes.cancel} onClick={onCancel} aria-label={`Cancel the request of ${licensePlate}`}>
            <IconX aria-hidden />
          </button>
        )}
      </div>
      <VehicleRow stay={stay} />
      {isStarting && session !== null && (
        <p className={classes.plugIn}>
          <IconPlug size="1.4em" stroke={2.5} aria-hidden />
          <span>
            Plug in now at <b>{portNameOf(board, session)}</b>
          </span>
        </p>
      )}
      {request.lastStartFailure !== null && !isStarting && (
        <p className={classes.failure}>
          <IconAlertTriangleFilled size="1.2em" aria-hidden />
          <span>{request.lastStartFailure}</span>
        </p>
      )}
      <ChargingNote note={stay.chargingNote} />
      <div className={classes.chips}>
        {isChosen && (
          <span className={classes.chosen}>
            <IconCheck size="1.2em" stroke={3} aria-hidden />
            Chosen
          </span>
        )}
        <RequestedAgo requestedAt={request.requestedAt} />
        <CheckoutChip estimatedCheckoutAt={request.estimatedCheckoutAt} />
      </div>
    </li>
  )
}

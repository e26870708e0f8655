import { Button } from '@mantine/core'
import { IconCircleCheck } from '@tabler/icons-react'
import { useState } from 'react'
import { Link } from 'wouter'
import type { CheckInMutation } from '@/graphql/generated/graphql'
import { useGarage } from '../shared/garage'
import { Empty } from '../shared/message'
import { garagePath } from '../shared/paths'
import { Plate } from '../shared/plate'
import { VehicleLine } from '../shared/vehicle-line'
import { CheckInFields } from './check-in-fields'
import classes from './check-in.module.css'

type CheckedIn = CheckInMutation['checkIn']

export function CheckInScreen() {
  const { permissions } = useGarage()
  const [checkedIn, setCheckedIn] = useState<CheckedIn | null>(null)
  if (!permissions.handlesStays) return <Empty>Your role does not check vehicles in.</Empty>
  return (
    <div className={classes.screen}>
      <h1 className={classes.heading}>Check in</h1>
      {checkedIn?.stay ? (
        <Done stay={checkedIn.stay} isOnQueue={checkedIn.request !== null} onNext={() => setCheckedIn(null)} />
      ) : (
        <CheckInFields onCheckedIn={setCheckedIn} />
      )}
    </div>
  )
}

type DoneProps = {
  readonly stay: NonNullable<CheckedIn['stay']>
  readonly isOnQueue: boolean
  readonly onNext: () => void
}

function Done({ stay, isOnQueue, onNext }: DoneProps) {
  const { garage } = useGarage()
  return (
    <section className={classes.done} role="status">
      <IconCircleCheck className={classes.tick} aria-hidden />
      <p className={classes.ticket}>
        Ticket <strong>#{stay.ticketNumber}</strong>
      </p>
      <Plate vehicle={stay.vehicle} />
      <VehicleLine vehicle={stay.vehicle} />
      <p className={classes.next}>
        {isOnQueue ? 'It is on the EV queue and needs charging.' : 'It was not put on the EV queue.'}
      </p>
      <div className={classes.buttons}>
        <Button variant="default" onClick={onNext} data-autofocus>
          Check in another
        </Button>
        <Button component={Link} href={garagePath(garage.id, 'ev-requests')}>
          Go to EV Requests
        </Button>
      </div>
    </section>
  )
}

import { Button, Group, Modal, Stack } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import { MakeRequestDocument, type StayRowFragment } from '@/graphql/generated/graphql'
import { fieldProblem, problemsBeside } from '@/graphql/problems'
import { useSafeAction } from '@/graphql/use-action'
import { fromLocalField, toLocalField } from '@/lib/time'
import { CheckoutField } from '../shared/checkout-field'
import { useGarage } from '../shared/garage'
import { garagePath } from '../shared/paths'
import { Plate } from '../shared/plate'
import { ProblemNotice } from '../shared/problem-notice'
import { isOnQueue, requestWords } from '../shared/request-words'
import { VehicleLine } from '../shared/vehicle-line'
import classes from './stays.module.css'

type Props = {
  readonly stay: StayRowFragment
  readonly onClose: () => void
}

const fields = ['estimatedCheckoutAt']

/** Puts a vehicle on the EV queue that did not ask at check-in. */
export function ChargeDialog({ stay, onClose }: Props) {
  const { garage } = useGarage()
  const { estimatedCheckoutAt } = stay
  const [checkout, setCheckout] = useState(
    estimatedCheckoutAt === null ? '' : toLocalField(new Date(estimatedCheckoutAt), garage.timeZone),
  )
  const [isMade, setIsMade] = useState(false)
  const make = useSafeAction(MakeRequestDocument, (data) => data.makeRequest)
  const isOnBoard = isMade || (stay.activeRequest !== null && isOnQueue(stay.activeRequest.status))
  const words = isMade || stay.activeRequest === null ? 'Needs charging' : requestWords[stay.activeRequest.status]

  async function submit() {
    const payload = await make.run({
      stayId: stay.id,
      estimatedCheckoutAt: fromLocalField(checkout, garage.timeZone),
      channel: 'PORTAL',
    })
    if (payload !== null) setIsMade(true)
  }

  return (
    <Modal opened onClose={onClose} title="EV charging">
      <Stack gap="lg">
        <div className={classes.who}>
          <Plate vehicle={stay.vehicle} />
          <VehicleLine vehicle={stay.vehicle} />
          <span>#{stay.ticketNumber}</span>
        </div>
        <ProblemNotice problems={problemsBeside(make.problems, fields)} onDismiss={make.dismiss} />
        {isOnBoard ? (
          <>
            <p className={classes.said} role="status">
              On the EV queue: <strong>{words}</strong>.
            </p>
            <Group grow>
              <Button variant="default" onClick={onClose}>
                Close
              </Button>
              <Button component={Link} href={garagePath(garage.id, 'ev-requests')}>
                Go to EV Requests
              </Button>
            </Group>
          </>
        ) : (
          <>
            <CheckoutField
              value={checkout}
              onChange={setCheckout}
              problem={fieldProblem(make.problems, 'estimatedCheckoutAt')}
            />
            <Group grow>
              <Button variant="default" onClick={onClose}>
                Back
              </Button>
              <Button loading={make.isRunning} onClick={() => void submit()} data-autofocus>
                Make Request
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </Modal>
  )
}

import { Button, Group, Modal, Stack } from '@mantine/core'
import { IconCircleCheck } from '@tabler/icons-react'
import { useState } from 'react'
import { CheckOutDocument, type StayRowFragment } from '@/graphql/generated/graphql'
import { useSafeAction } from '@/graphql/use-action'
import { Plate } from '../shared/plate'
import { ProblemNotice } from '../shared/problem-notice'
import { VehicleLine } from '../shared/vehicle-line'
import { StayCharges } from './stay-charges'
import classes from './stays.module.css'

type Props = {
  readonly stay: StayRowFragment
  readonly onClose: () => void
}

/** Closes the ticket, or shows what was on it once it is closed. */
export function CheckOutDialog({ stay, onClose }: Props) {
  const checkOut = useSafeAction(CheckOutDocument, (data) => data.checkOut)
  const [isOut, setIsOut] = useState(stay.status === 'CLOSED')
  const isStillCharging = checkOut.problems.some(({ code }) => code === 'STILL_CHARGING')

  async function submit(stopCharging: boolean) {
    if ((await checkOut.run({ stayId: stay.id, stopCharging })) !== null) setIsOut(true)
  }

  return (
    <Modal opened onClose={onClose} title={isOut ? 'Checked out' : 'Check out'}>
      <Stack gap="lg">
        <div className={classes.who}>
          <Plate vehicle={stay.vehicle} />
          <VehicleLine vehicle={stay.vehicle} />
          <span>#{stay.ticketNumber}</span>
        </div>
        {isOut && (
          <p className={classes.done} role="status">
            <IconCircleCheck aria-hidden />
            The ticket is closed.
          </p>
        )}
        <StayCharges stayId={stay.id} />
        <ProblemNotice problems={checkOut.problems} onDismiss={checkOut.dismiss} />
        <Group grow>
          <Button variant="default" onClick={onClose}>
            {isOut ? 'Close' : 'Back'}
          </Button>
          {!isOut && isStillCharging && (
            <Button color="coral" loading={checkOut.isRunning} onClick={() => void submit(true)}>
              Stop charging first
            </Button>
          )}
          {!isOut && !isStillCharging && (
            <Button loading={checkOut.isRunning} onClick={() => void submit(false)} data-autofocus>
              Check out
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  )
}

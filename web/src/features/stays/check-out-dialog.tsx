import { Button, Group, Modal, Stack } from '@mantine/core'
import { IconCircleCheck } from '@tabler/icons-react'
import { useState } from 'react'
import { CheckOutDocument, type CheckOutMutation, type StayRowFragment } from '@/graphql/generated/graphql'
import { useSafeAction } from '@/graphql/use-action'
import { Plate } from '../shared/plate'
import { ProblemNotice } from '../shared/problem-notice'
import { VehicleLine } from '../shared/vehicle-line'
import { WarningNotice } from '../shared/warning-notice'
import { pending } from './pending-words'
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
  const [warnings, setWarnings] = useState<readonly string[]>([])
  const isStillCharging = checkOut.problems.some(({ code }) => code === 'STILL_CHARGING')
  /** The customer is about to leave: the attendant says so, and cannot close this by a tap beside it. */
  const mustBeAcknowledged = warnings.length > 0

  async function submit(stopCharging: boolean) {
    const payload = await checkOut.run({ stayId: stay.id, stopCharging })
    if (payload === null) return
    setIsOut(true)
    setWarnings(warningsOf(payload))
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title={isOut ? 'Checked out' : 'Check out'}
      withCloseButton={!mustBeAcknowledged}
      closeOnClickOutside={!mustBeAcknowledged}
      closeOnEscape={!mustBeAcknowledged}
    >
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
        {mustBeAcknowledged && <WarningNotice title={pending.title} sentences={warnings} isUrgent />}
        <StayCharges stayId={stay.id} isWarnedAlready={mustBeAcknowledged} />
        <ProblemNotice problems={checkOut.problems} onDismiss={checkOut.dismiss} />
        <Group grow>
          {mustBeAcknowledged ? (
            <Button onClick={onClose}>I understand</Button>
          ) : (
            <Button variant="default" onClick={onClose}>
              {isOut ? 'Close' : 'Back'}
            </Button>
          )}
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

/** An answer that comes again after a lost one may bear no warnings: the stay itself says what is pending. */
function warningsOf({ warnings, stay }: CheckOutMutation['checkOut']): readonly string[] {
  if (warnings.length > 0) return warnings.map(({ message }) => message)
  return stay?.hasPendingCharges === true ? [pending.why] : []
}

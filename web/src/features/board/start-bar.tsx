import { Button } from '@mantine/core'
import { IconBoltFilled, IconHandFinger } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import type { Problem } from '@/graphql/problems'
import { ProblemNotice } from '../shared/problem-notice'
import type { BoardPort, BoardRequest } from './board-state'
import classes from './start-bar.module.css'

type Props = {
  readonly port: BoardPort | null
  readonly request: BoardRequest | null
  readonly isRunning: boolean
  readonly problems: readonly Problem[]
  readonly onStart: () => void
  readonly onClear: () => void
  readonly onDismiss: () => void
}

/** Leads from the first tap to the start: what is chosen, what to tap next, and the one button that begins it. */
export function StartBar({ port, request, isRunning, problems, onStart, onClear, onDismiss }: Props) {
  if (port === null && request === null && problems.length === 0) return null
  return (
    <div className={classes.bar}>
      <ProblemNotice problems={problems} onDismiss={onDismiss} />
      {(port !== null || request !== null) && (
        <div className={classes.line}>
          <p className={classes.words} role="status">
            {port !== null && request !== null ? (
              <>
                <IconBoltFilled className={classes.icon} aria-hidden />
                <span>
                  Charge <strong>{request.stay.vehicle.licensePlate}</strong> on <strong>{port.name}</strong>?
                </span>
              </>
            ) : (
              <>
                <IconHandFinger className={classes.icon} aria-hidden />
                <span>
                  <strong>{port?.name ?? request?.stay.vehicle.licensePlate}</strong> is chosen. Now tap{' '}
                  {port === null ? 'an open port' : 'a vehicle'}.
                </span>
              </>
            )}
          </p>
          <Button variant="default" onClick={onClear}>
            Cancel
          </Button>
          {port !== null && request !== null && <StartButton isRunning={isRunning} onStart={onStart} />}
        </div>
      )}
    </div>
  )
}

/** Takes the focus when it appears, so that a keyboard goes on where a finger would. */
function StartButton({ isRunning, onStart }: Pick<Props, 'isRunning' | 'onStart'>) {
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => button.current?.focus(), [])
  return (
    <Button ref={button} className={classes.start} color="mint" loading={isRunning} onClick={onStart}>
      Start charging
    </Button>
  )
}

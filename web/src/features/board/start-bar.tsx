import { Button } from '@mantine/core'
import { IconBoltFilled, IconHandFinger, IconTicket } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import type { Problem } from '@/graphql/problems'
import { ProblemNotice } from '../shared/problem-notice'
import { ticketlessSession, type BoardPort, type BoardRequest } from './board-state'
import classes from './start-bar.module.css'

type Props = {
  readonly port: BoardPort | null
  readonly request: BoardRequest | null
  readonly isRunning: boolean
  readonly problems: readonly Problem[]
  /** Starts the chosen vehicle on the chosen port, or gives what charges there to its ticket. */
  readonly onGo: () => void
  /** Stops what charges on the chosen port without a ticket. */
  readonly onStop: () => void
  readonly onClear: () => void
  readonly onDismiss: () => void
}

/** Leads from the first tap to the charge: what is chosen, what to tap next, and the one button that does it. */
export function StartBar({ port, request, isRunning, problems, onGo, onStop, onClear, onDismiss }: Props) {
  const isTicketless = port !== null && ticketlessSession(port) !== null
  if (port === null && request === null && problems.length === 0) return null
  return (
    <div className={classes.bar}>
      <ProblemNotice problems={problems} onDismiss={onDismiss} />
      {(port !== null || request !== null) && (
        <div className={classes.line}>
          <p className={classes.words} role="status">
            {port !== null && request !== null ? (
              <Question port={port} request={request} isTicketless={isTicketless} />
            ) : (
              <>
                <IconHandFinger className={classes.icon} aria-hidden />
                <span>
                  <strong>{port?.name ?? request?.stay.vehicle.licensePlate}</strong> is chosen. Now tap{' '}
                  {port === null ? 'an open port' : isTicketless ? 'the vehicle that charges there' : 'a vehicle'}.
                </span>
              </>
            )}
          </p>
          <Button variant="default" onClick={onClear}>
            Cancel
          </Button>
          {isTicketless && request === null && (
            <Button color="coral" onClick={onStop}>
              Stop charging
            </Button>
          )}
          {port !== null && request !== null && (
            <GoButton words={isTicketless ? 'Put on the ticket' : 'Start charging'} isRunning={isRunning} onGo={onGo} />
          )}
        </div>
      )}
    </div>
  )
}

type QuestionProps = {
  readonly port: BoardPort
  readonly request: BoardRequest
  readonly isTicketless: boolean
}

function Question({ port, request, isTicketless }: QuestionProps) {
  const plate = <strong>{request.stay.vehicle.licensePlate}</strong>
  const name = <strong>{port.name}</strong>
  return isTicketless ? (
    <>
      <IconTicket className={classes.icon} aria-hidden />
      <span>
        Is it {plate} that charges on {name}? All of it goes on ticket #{request.stay.ticketNumber}.
      </span>
    </>
  ) : (
    <>
      <IconBoltFilled className={classes.icon} aria-hidden />
      <span>
        Charge {plate} on {name}?
      </span>
    </>
  )
}

type GoProps = Pick<Props, 'isRunning' | 'onGo'> & { readonly words: string }

/** Takes the focus when it appears, so that a keyboard goes on where a finger would. */
function GoButton({ words, isRunning, onGo }: GoProps) {
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => button.current?.focus(), [])
  return (
    <Button ref={button} className={classes.start} color="mint" loading={isRunning} onClick={onGo}>
      {words}
    </Button>
  )
}

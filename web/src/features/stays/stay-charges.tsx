import { useMemo } from 'react'
import { useQuery } from 'urql'
import { StayChargesDocument } from '@/graphql/generated/graphql'
import { problemsOfError } from '@/graphql/problems'
import { Loading } from '../shared/message'
import { ProblemNotice } from '../shared/problem-notice'
import { WarningNotice } from '../shared/warning-notice'
import { pending } from './pending-words'
import classes from './stays.module.css'

type Props = {
  readonly stayId: string
  /** The screen around it says already that charges are pending. */
  readonly isWarnedAlready?: boolean
}

/** The receipt: what charging has put on one ticket, line by line, and whether that may still change. */
export function StayCharges({ stayId, isWarnedAlready = false }: Props) {
  const [{ data, error }] = useQuery({
    query: StayChargesDocument,
    variables: { stayId },
    requestPolicy: 'cache-and-network',
    context: useMemo(() => ({ additionalTypenames: ['Stay', 'LineItem'] }), []),
  })
  if (error !== undefined) return <ProblemNotice problems={problemsOfError(error)} />
  const stay = data?.stay
  if (stay === undefined || stay === null) return <Loading what="the charges" />
  return (
    <>
      {stay.hasPendingCharges && !isWarnedAlready && <WarningNotice title={pending.title} sentences={[pending.why]} />}
      <ul className={classes.items} aria-label="EV charges">
        {stay.lineItems.map((item) => (
          <li key={item.id} className={classes.item}>
            <span>
              {item.description}
              {item.isCorrection && ' (correction)'}
              {item.afterCheckout && ' (after checkout)'}
            </span>
            <span>{item.amount.formatted}</span>
          </li>
        ))}
        <li className={classes.total}>
          <span>{totalLabel(stay.lineItems.length, stay.hasPendingCharges)}</span>
          <span>{stay.lineItemTotal.formatted}</span>
        </li>
      </ul>
    </>
  )
}

function totalLabel(count: number, hasPendingCharges: boolean): string {
  if (count === 0) return 'No EV charges so far'
  return hasPendingCharges ? 'EV charges so far' : 'EV charges'
}

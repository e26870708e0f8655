import { useMemo } from 'react'
import { useQuery } from 'urql'
import { StayChargesDocument } from '@/graphql/generated/graphql'
import { problemsOfError } from '@/graphql/problems'
import { Loading } from '../shared/message'
import { ProblemNotice } from '../shared/problem-notice'
import classes from './stays.module.css'

/** What charging has put on one ticket, line by line. */
export function StayCharges({ stayId }: { readonly stayId: string }) {
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
        <span>{stay.lineItems.length === 0 ? 'No EV charges so far' : 'EV charges'}</span>
        <span>{stay.lineItemTotal.formatted}</span>
      </li>
    </ul>
  )
}

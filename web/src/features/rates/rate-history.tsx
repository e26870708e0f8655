import { Button } from '@mantine/core'
import { useQuery } from 'urql'
import { RatesDocument } from '@/graphql/generated/graphql'
import { problemsOfError } from '@/graphql/problems'
import { dateTimeText } from '@/lib/time'
import { useGarage } from '../shared/garage'
import { Empty, Loading } from '../shared/message'
import { ProblemNotice } from '../shared/problem-notice'
import classes from './rates.module.css'

type Props = {
  readonly after: string | null
  readonly first: number
  /** Given to the last page only. */
  readonly onMore: ((cursor: string) => void) | undefined
}

/** One page of the rates that were ever set, newest first. */
export function RateHistory({ after, first, onMore }: Props) {
  const { garage } = useGarage()
  const [{ data, error, fetching }] = useQuery({
    query: RatesDocument,
    variables: { garageId: garage.id, first, after },
    requestPolicy: 'cache-and-network',
  })
  if (error !== undefined) return <ProblemNotice problems={problemsOfError(error)} />
  const history = data?.garage?.rateHistory
  if (history === undefined) return <Loading what="the history" />
  if (history.totalCount === 0) return <Empty>No rate has been set yet. Charging is free until you set one.</Empty>
  const { endCursor, hasNextPage } = history.pageInfo
  return (
    <>
      <ul className={classes.history}>
        {history.edges.map(({ node }) => (
          <li key={node.id} className={classes.past}>
            <span className={classes.label}>{node.label}</span>
            <span>since {dateTimeText(node.effectiveFrom, garage.timeZone)}</span>
            <span className={classes.by}>{node.setBy === null ? 'set during setup' : `by ${node.setBy}`}</span>
          </li>
        ))}
      </ul>
      {onMore !== undefined && hasNextPage && endCursor !== null && (
        <Button variant="default" fullWidth loading={fetching} onClick={() => onMore(endCursor)}>
          Load more
        </Button>
      )}
    </>
  )
}

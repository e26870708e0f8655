import { Button } from '@mantine/core'
import { useEffect, useMemo } from 'react'
import { useQuery } from 'urql'
import { StaysDocument, type StayRowFragment, type StayStatus } from '@/graphql/generated/graphql'
import { problemsOfError } from '@/graphql/problems'
import { useGarage } from '../shared/garage'
import { Empty, Loading } from '../shared/message'
import { ProblemNotice } from '../shared/problem-notice'
import { StayRow } from './stay-row'
import classes from './stays.module.css'

const pageSize = 30
const refreshEvery = 20_000
const retryEvery = 3_000

type Props = {
  readonly status: StayStatus
  readonly search: string
  readonly after: string | null
  /** Given to the last page only. */
  readonly onMore: ((cursor: string) => void) | undefined
  readonly onCharge: (stay: StayRowFragment) => void
  readonly onCheckOut: (stay: StayRowFragment) => void
}

export function StayPage({ status, search, after, onMore, onCharge, onCheckOut }: Props) {
  const { garage } = useGarage()
  const [{ data, error, fetching }, ask] = useQuery({
    query: StaysDocument,
    variables: { garageId: garage.id, status, search: search === '' ? null : search, first: pageSize, after },
    requestPolicy: 'cache-and-network',
    // An empty page names no stay, and still changes when a vehicle comes or goes.
    context: useMemo(() => ({ additionalTypenames: ['Stay'] }), []),
  })
  const hasFailed = error !== undefined
  useEffect(() => {
    // Others check vehicles in and out too, at the handheld and at the point of sale.
    const timer = setInterval(() => {
      if (!document.hidden) ask({ requestPolicy: 'network-only' })
    }, hasFailed ? retryEvery : refreshEvery)
    return () => clearInterval(timer)
  }, [ask, hasFailed])

  const stays = data?.garage?.stays
  if (stays === undefined) {
    return (
      <Note>{error === undefined ? <Loading what="stays" /> : <ProblemNotice problems={problemsOfError(error)} />}</Note>
    )
  }
  if (stays.totalCount === 0) {
    return (
      <Note>
        <Empty>{emptyText(status, search)}</Empty>
      </Note>
    )
  }
  const { endCursor, hasNextPage } = stays.pageInfo
  return (
    <>
      <tbody>
        {stays.edges.map(({ node }) => (
          <StayRow key={node.id} stay={node} onCharge={() => onCharge(node)} onCheckOut={() => onCheckOut(node)} />
        ))}
      </tbody>
      {error !== undefined && (
        <Note>
          <ProblemNotice problems={problemsOfError(error)} />
        </Note>
      )}
      {onMore !== undefined && hasNextPage && endCursor !== null && (
        <Note>
          <Button variant="default" fullWidth loading={fetching} onClick={() => onMore(endCursor)}>
            Load more
          </Button>
        </Note>
      )}
    </>
  )
}

/** Something in the table that is no row of it. */
function Note({ children }: { readonly children: React.ReactNode }) {
  return (
    <tbody>
      <tr>
        <td className={classes.note} colSpan={7}>
          {children}
        </td>
      </tr>
    </tbody>
  )
}

function emptyText(status: StayStatus, search: string): string {
  if (search !== '') return `No stays match “${search}”.`
  return status === 'OPEN' ? 'No vehicles on the lot.' : 'No vehicles have checked out yet.'
}

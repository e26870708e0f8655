import { Button } from '@mantine/core'
import { IconBuilding, IconChevronRight } from '@tabler/icons-react'
import { useQuery } from 'urql'
import { Link, Redirect } from 'wouter'
import { GaragesDocument } from '@/graphql/generated/graphql'
import { problemsOfError } from '@/graphql/problems'
import { Empty, Loading } from '../shared/message'
import { garagePath } from '../shared/paths'
import { ProblemNotice } from '../shared/problem-notice'
import classes from './garage-list.module.css'

const pageSize = 50

type Props = {
  readonly search: string
  readonly after: string | null
  /** Given to the last page only. */
  readonly onMore: ((cursor: string) => void) | undefined
}

/** One page of garages; where the person has but one garage in all, it is opened at once. */
export function GaragePage({ search, after, onMore }: Props) {
  const [{ data, error, fetching }, ask] = useQuery({
    query: GaragesDocument,
    variables: { search: search === '' ? null : search, first: pageSize, after },
    requestPolicy: 'cache-and-network',
  })
  if (error !== undefined) {
    return (
      <>
        <ProblemNotice problems={problemsOfError(error)} />
        <Button onClick={() => ask({ requestPolicy: 'network-only' })}>Try again</Button>
      </>
    )
  }
  if (data === undefined) return <Loading what="your garages" />
  const { edges, pageInfo, totalCount } = data.garages
  const [first] = edges
  if (totalCount === 0) {
    return <Empty>{search === '' ? 'No garage has been shared with you yet.' : `No garage matches “${search}”.`}</Empty>
  }
  if (totalCount === 1 && search === '' && first !== undefined) {
    return <Redirect to={garagePath(first.node.id, 'ev-requests')} replace />
  }
  const { endCursor, hasNextPage } = pageInfo
  return (
    <>
      <ul className={classes.list}>
        {edges.map(({ node }) => (
          <li key={node.id}>
            <Link className={classes.garage} href={garagePath(node.id, 'ev-requests')}>
              <IconBuilding aria-hidden />
              <span className={classes.name}>{node.name}</span>
              <span className={classes.location}>{node.locationId}</span>
              <IconChevronRight aria-hidden />
            </Link>
          </li>
        ))}
      </ul>
      {onMore !== undefined && hasNextPage && endCursor !== null && (
        <Button variant="default" loading={fetching} onClick={() => onMore(endCursor)}>
          Load more
        </Button>
      )}
    </>
  )
}

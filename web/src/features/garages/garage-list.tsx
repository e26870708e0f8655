import { Button, TextInput } from '@mantine/core'
import { IconBuilding, IconChevronRight, IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { useQuery } from 'urql'
import { Link, Redirect } from 'wouter'
import { GaragesDocument } from '@/graphql/generated/graphql'
import { problemsOfError } from '@/graphql/problems'
import { useDebounced } from '@/lib/use-debounced'
import { Empty, Loading } from '../shared/message'
import { garagePath } from '../shared/paths'
import { ProblemNotice } from '../shared/problem-notice'
import classes from './garage-list.module.css'

const pageSize = 50

/** The garages that the person may see; where there is but one, it is opened at once. */
export function GarageList() {
  const [typed, setTyped] = useState('')
  const [count, setCount] = useState(pageSize)
  const search = useDebounced(typed.trim())
  const [{ data, error, fetching }] = useQuery({
    query: GaragesDocument,
    variables: { search: search === '' ? null : search, first: count, after: null },
    requestPolicy: 'cache-and-network',
  })
  const garages = data?.garages.edges.map(({ node }) => node) ?? []
  const only = search === '' && data?.garages.totalCount === 1 ? garages[0] : undefined
  if (only !== undefined) return <Redirect to={garagePath(only.id, 'ev-requests')} replace />
  return (
    <div className={classes.page}>
      <h1 className={classes.heading}>Choose a garage</h1>
      <TextInput
        type="search"
        aria-label="Search by name or location ID"
        placeholder="Search by name or location ID"
        leftSection={<IconSearch aria-hidden />}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        autoFocus
      />
      {error !== undefined && <ProblemNotice problems={problemsOfError(error)} />}
      {data === undefined && fetching && <Loading what="your garages" />}
      {data?.garages.totalCount === 0 && (
        <Empty>{search === '' ? 'No garage has been shared with you yet.' : `No garage matches “${search}”.`}</Empty>
      )}
      <ul className={classes.list}>
        {garages.map((garage) => (
          <li key={garage.id}>
            <Link className={classes.garage} href={garagePath(garage.id, 'ev-requests')}>
              <IconBuilding aria-hidden />
              <span className={classes.name}>{garage.name}</span>
              <span className={classes.location}>{garage.locationId}</span>
              <IconChevronRight aria-hidden />
            </Link>
          </li>
        ))}
      </ul>
      {data?.garages.pageInfo.hasNextPage === true && (
        <Button variant="default" onClick={() => setCount(count + pageSize)} loading={fetching}>
          Load more
        </Button>
      )}
    </div>
  )
}

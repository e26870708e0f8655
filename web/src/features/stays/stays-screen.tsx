import { SegmentedControl, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import type { StayRowFragment, StayStatus } from '@/graphql/generated/graphql'
import { useDebounced } from '@/lib/use-debounced'
import { useGarage } from '../shared/garage'
import { Empty } from '../shared/message'
import { ChargeDialog } from './charge-dialog'
import { CheckOutDialog } from './check-out-dialog'
import { StayPage } from './stay-page'
import classes from './stays.module.css'

const filters: readonly { readonly value: StayStatus; readonly label: string }[] = [
  { value: 'OPEN', label: 'On the lot' },
  { value: 'CLOSED', label: 'Checked out' },
]

type Dialog = { readonly type: 'charge' | 'checkOut'; readonly stay: StayRowFragment }

/** The parking tickets of the garage: who is on the lot, who has gone, and what charging put on each ticket. */
export function StaysScreen() {
  const { permissions } = useGarage()
  const [status, setStatus] = useState<StayStatus>('OPEN')
  const [typed, setTyped] = useState('')
  const [dialog, setDialog] = useState<Dialog | null>(null)
  const search = useDebounced(typed.trim())
  if (!permissions.handlesStays) return <Empty>You don’t have access to this garage’s stays.</Empty>
  return (
    <div className={classes.screen}>
      <div className={classes.tools}>
        <h1 className={classes.heading}>Stays</h1>
        <SegmentedControl
          aria-label="Which stays"
          size="lg"
          data={filters.map(({ value, label }) => ({ value, label }))}
          value={status}
          onChange={(value) => setStatus(value === 'CLOSED' ? 'CLOSED' : 'OPEN')}
        />
        <TextInput
          className={classes.search}
          type="search"
          aria-label="Search plate, ticket, make or color"
          placeholder="Plate, ticket, make or color"
          leftSection={<IconSearch aria-hidden />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      </div>
      <StayTable
        key={`${status} ${search}`}
        status={status}
        search={search}
        onCharge={(stay) => setDialog({ type: 'charge', stay })}
        onCheckOut={(stay) => setDialog({ type: 'checkOut', stay })}
      />
      {dialog?.type === 'charge' && <ChargeDialog stay={dialog.stay} onClose={() => setDialog(null)} />}
      {dialog?.type === 'checkOut' && <CheckOutDialog stay={dialog.stay} onClose={() => setDialog(null)} />}
    </div>
  )
}

type TableProps = {
  readonly status: StayStatus
  readonly search: string
  readonly onCharge: (stay: StayRowFragment) => void
  readonly onCheckOut: (stay: StayRowFragment) => void
}

/** A page for each cursor that "load more" has brought; another filter begins anew. */
function StayTable({ status, search, onCharge, onCheckOut }: TableProps) {
  const [cursors, setCursors] = useState<readonly (string | null)[]>([null])
  return (
    <div className={classes.frame}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">Plate</th>
            <th scope="col">Vehicle</th>
            <th scope="col">Ticket</th>
            <th scope="col">Checked in</th>
            <th scope="col">{status === 'OPEN' ? 'Est. checkout' : 'Checked out'}</th>
            <th scope="col" className={classes.money}>
              EV charges
            </th>
            <th scope="col">
              <span className={classes.hidden}>Actions</span>
            </th>
          </tr>
        </thead>
        {cursors.map((after, index) => (
          <StayPage
            key={after}
            status={status}
            search={search}
            after={after}
            onMore={index === cursors.length - 1 ? (cursor) => setCursors([...cursors, cursor]) : undefined}
            onCharge={onCharge}
            onCheckOut={onCheckOut}
          />
        ))}
      </table>
    </div>
  )
}

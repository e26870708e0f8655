import { TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { useDebounced } from '@/lib/use-debounced'
import classes from './garage-list.module.css'
import { GaragePage } from './garage-page'

/** The garages that the person may see. */
export function GarageList() {
  const [typed, setTyped] = useState('')
  const search = useDebounced(typed.trim())
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
      <Pages key={search} search={search} />
    </div>
  )
}

/** A page for each cursor that "load more" has brought; another search begins anew. */
function Pages({ search }: { readonly search: string }) {
  const [cursors, setCursors] = useState<readonly (string | null)[]>([null])
  return cursors.map((after, index) => (
    <GaragePage
      key={after}
      search={search}
      after={after}
      onMore={index === cursors.length - 1 ? (cursor) => setCursors([...cursors, cursor]) : undefined}
    />
  ))
}

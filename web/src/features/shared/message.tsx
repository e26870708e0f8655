import { Loader } from '@mantine/core'
import type { ReactNode } from 'react'
import classes from './message.module.css'

export function Loading({ what }: { readonly what: string }) {
  return (
    <div className={classes.message} role="status">
      <Loader aria-hidden />
      <p>Loading {what}…</p>
    </div>
  )
}

/** What to say where there is nothing to show. */
export function Empty({ icon, children }: { readonly icon?: ReactNode; readonly children: ReactNode }) {
  return (
    <div className={classes.message}>
      {icon}
      <p>{children}</p>
    </div>
  )
}

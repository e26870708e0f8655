import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { useQuery } from 'urql'
import { ViewerDocument } from '@/graphql/generated/graphql'
import { problemsOfError } from '@/graphql/problems'
import { Loading } from '../shared/message'
import { ProblemNotice } from '../shared/problem-notice'
import { SignIn } from './sign-in'
import classes from './sign-in.module.css'
import { ViewerContext } from './viewer-context'

type Props = {
  /** Somebody has signed in: everything known of before is another person's. */
  readonly onSignedIn: () => void
  readonly children: ReactNode
}

/** Shows the screens to those who are signed in, and the sign-in to everybody else, at whatever address they came. */
export function ViewerGate({ onSignedIn, children }: Props) {
  const [{ data, error }, ask] = useQuery({ query: ViewerDocument, requestPolicy: 'network-only' })
  if (data?.viewer !== undefined && data.viewer !== null) {
    return <ViewerContext value={data.viewer}>{children}</ViewerContext>
  }
  if (error !== undefined) {
    return (
      <main className={classes.page}>
        <div className={classes.panel}>
          <ProblemNotice problems={problemsOfError(error)} />
          <Button onClick={() => ask({ requestPolicy: 'network-only' })}>Try again</Button>
        </div>
      </main>
    )
  }
  if (data === undefined) return <Loading what="EVGraph" />
  return <SignIn onSignedIn={onSignedIn} />
}

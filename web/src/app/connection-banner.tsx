import { IconAlertTriangleFilled, IconWifiOff } from '@tabler/icons-react'
import { useConnection } from '@/graphql/use-connection'
import { ageText } from '@/lib/time'
import { useNow } from '@/lib/use-now'
import { useBoard } from '@/features/board/board-context'
import classes from './frame.module.css'

/** Says plainly when the picture is not live, and how old it is. */
export function ConnectionBanner() {
  const connection = useConnection()
  const { board, problem } = useBoard()
  if (connection.status === 'lost') return <Lost lastHeardAt={connection.lastHeardAt} />
  if (problem !== null && board !== null) {
    return (
      <div className={classes.banner} role="alert">
        <IconAlertTriangleFilled aria-hidden />
        <span>The board is not live: {problem.message} Trying again.</span>
      </div>
    )
  }
  return null
}

function Lost({ lastHeardAt }: { readonly lastHeardAt: number | null }) {
  const now = useNow(1000)
  return (
    <div className={classes.banner}>
      <IconWifiOff aria-hidden />
      <span role="alert">No connection to the server. Trying to reconnect.</span>
      {lastHeardAt !== null && (
        <b className={classes.age}>This picture is {ageText(now - lastHeardAt)} old.</b>
      )}
    </div>
  )
}

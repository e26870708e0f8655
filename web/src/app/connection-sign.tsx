import { IconAntennaBars5, IconRefresh, IconWifiOff } from '@tabler/icons-react'
import { useConnection } from '@/graphql/use-connection'
import classes from './frame.module.css'

/** One word on whether the picture is live. */
export function ConnectionSign() {
  const { status } = useConnection()
  if (status === 'live') {
    return (
      <span className={classes.sign} data-status="live">
        <IconAntennaBars5 aria-hidden />
        Live
      </span>
    )
  }
  if (status === 'lost') {
    return (
      <span className={classes.sign} data-status="lost">
        <IconWifiOff aria-hidden />
        Offline
      </span>
    )
  }
  return (
    <span className={classes.sign}>
      <IconRefresh aria-hidden />
      Connecting
    </span>
  )
}

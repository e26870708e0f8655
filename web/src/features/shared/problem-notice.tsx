import { IconAlertTriangleFilled, IconX } from '@tabler/icons-react'
import type { Problem } from '@/graphql/problems'
import classes from './problem-notice.module.css'

type Props = {
  readonly problems: readonly Problem[]
  readonly onDismiss?: () => void
}

/** What went wrong, near what was tried, until it is dismissed or tried again. */
export function ProblemNotice({ problems, onDismiss }: Props) {
  if (problems.length === 0) return null
  return (
    <div className={classes.notice} role="alert">
      <IconAlertTriangleFilled className={classes.icon} aria-hidden />
      <div className={classes.sentences}>
        {problems.map(({ message }) => (
          <p key={message}>{message}</p>
        ))}
      </div>
      {onDismiss !== undefined && (
        <button type="button" className={classes.dismiss} onClick={onDismiss} aria-label="Dismiss this message">
          <IconX aria-hidden />
        </button>
      )}
    </div>
  )
}

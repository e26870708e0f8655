import { IconAlertTriangleFilled } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import classes from './warning-notice.module.css'

type Props = {
  readonly title: string
  readonly sentences: readonly string[]
  /** Takes the focus and is read out: for what a person must see before going on. */
  readonly isUrgent?: boolean
}

/** Something that went well and still needs a person's attention: with an icon and words, not by color alone. */
export function WarningNotice({ title, sentences, isUrgent = false }: Props) {
  const notice = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isUrgent) notice.current?.focus()
  }, [isUrgent])
  return (
    <div ref={notice} className={classes.notice} role={isUrgent ? 'alert' : 'note'} tabIndex={isUrgent ? -1 : undefined}>
      <IconAlertTriangleFilled className={classes.icon} aria-hidden />
      <div>
        <strong>{title}</strong>
        {sentences.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </div>
    </div>
  )
}

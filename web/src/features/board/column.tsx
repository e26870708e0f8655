import { useId, type ReactNode } from 'react'
import classes from './column.module.css'

type Props = {
  readonly title: string
  readonly icon: ReactNode
  readonly count: number
  /** What the count counts, for those who hear it: "3 vehicles". */
  readonly counted: string
  /** Said after the count, where a number alone would puzzle: "3 open". */
  readonly suffix?: string
  /** What to say under an empty list; the empty string when there is something to show. */
  readonly empty: string
  readonly children: ReactNode
}

export function Column({ title, icon, count, counted, suffix, empty, children }: Props) {
  const id = useId()
  return (
    <section className={classes.column} aria-labelledby={id}>
      <h2 className={classes.heading} id={id}>
        {icon}
        <span className={classes.title}>{title}</span>
        <span className={classes.count} aria-label={`${count} ${counted}`}>
          {count} {suffix}
        </span>
      </h2>
      <ul className={classes.list}>
        {children}
      </ul>
      {empty !== '' && <p className={classes.empty}>{empty}</p>}
    </section>
  )
}

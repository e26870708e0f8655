import { IconBoltFilled } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { garagesPath } from '@/features/shared/paths'
import classes from './frame.module.css'
import { ViewerMenu } from './viewer-menu'

type Props = {
  readonly onSignedOut: () => void
  readonly children: ReactNode
}

/** The page around what belongs to no garage. */
export function Frame({ onSignedOut, children }: Props) {
  return (
    <div className={classes.frame}>
      <header className={classes.header}>
        <Link href={garagesPath} className={classes.brand}>
          <IconBoltFilled className={classes.bolt} aria-hidden />
          EVGraph
        </Link>
        <span className={classes.space} />
        <ViewerMenu garageId={null} onSignedOut={onSignedOut} />
      </header>
      <main className={classes.main}>{children}</main>
    </div>
  )
}

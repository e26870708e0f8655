import { IconBoltFilled, IconCarGarage, IconCoin, IconList } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { clockText } from '@/lib/time'
import { useNow } from '@/lib/use-now'
import { useBoard } from '@/features/board/board-context'
import { useGarage } from '@/features/shared/garage'
import { garagePath, garagesPath, type GarageScreen } from '@/features/shared/paths'
import { ConnectionBanner } from './connection-banner'
import { ConnectionSign } from './connection-sign'
import classes from './frame.module.css'
import { ViewerMenu } from './viewer-menu'

type Props = {
  readonly screen: GarageScreen
  readonly isWall: boolean
  readonly onSignedOut: () => void
  readonly children: ReactNode
}

/** The page around a garage's screens: where one is, what charging costs, whether the picture is live. */
export function GarageFrame({ screen, isWall, onSignedOut, children }: Props) {
  const { garage } = useGarage()
  return (
    <div className={classes.frame} data-fixed>
      <header className={classes.header}>
        <Link href={garagesPath} className={classes.garage} title="Choose another garage">
          <b>{garage.name}</b>
          <small>{garage.locationId}</small>
        </Link>
        <CurrentRate />
        <ConnectionSign />
        <Clock timeZone={garage.timeZone} />
        <ViewerMenu garageId={garage.id} onSignedOut={onSignedOut} />
      </header>
      <ConnectionBanner />
      <div className={classes.body}>
        {!isWall && <Navigation screen={screen} />}
        <main className={classes.main}>{children}</main>
      </div>
    </div>
  )
}

function CurrentRate() {
  const { board } = useBoard()
  return (
    <div className={classes.rate}>
      <small>Current rate</small>
      <b>{board === null ? '…' : (board.rate?.label ?? 'Not set')}</b>
    </div>
  )
}

function Clock({ timeZone }: { readonly timeZone: string }) {
  const now = useNow(1000)
  return (
    <time className={classes.clock} aria-label="Time in the garage">
      {clockText(now, timeZone)}
    </time>
  )
}

function Navigation({ screen }: { readonly screen: GarageScreen }) {
  const { garage, permissions } = useGarage()
  const { board } = useBoard()
  const waiting = [...(board?.requests.values() ?? [])].filter(({ status }) => status === 'NEEDS_CHARGING').length
  const links = [
    { screen: 'ev-requests', label: 'EV Requests', icon: IconBoltFilled, isShown: true, count: waiting },
    { screen: 'stays', label: 'Stays', icon: IconList, isShown: permissions.handlesStays, count: 0 },
    { screen: 'check-in', label: 'Check in', icon: IconCarGarage, isShown: permissions.handlesStays, count: 0 },
    { screen: 'rates', label: 'EV Rates', icon: IconCoin, isShown: permissions.setsRates, count: 0 },
  ] as const
  return (
    <nav className={classes.nav} aria-label="Screens of this garage">
      {links
        .filter(({ isShown }) => isShown)
        .map(({ screen: to, label, icon: Icon, count }) => (
          <Link
            key={to}
            href={garagePath(garage.id, to)}
            className={classes.link}
            aria-current={to === screen ? 'page' : undefined}
          >
            <Icon aria-hidden />
            {label}
            {count > 0 && (
              <span className={classes.badge} aria-label={`${count} waiting`}>
                {count}
              </span>
            )}
          </Link>
        ))}
    </nav>
  )
}

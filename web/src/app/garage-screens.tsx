import { Button } from '@mantine/core'
import { useEffect, useMemo } from 'react'
import { useQuery } from 'urql'
import { Link, Redirect } from 'wouter'
import { GarageDocument, type GarageLineFragment } from '@/graphql/generated/graphql'
import { problemsOfError } from '@/graphql/problems'
import { BoardProvider } from '@/features/board/board-context'
import { BoardScreen } from '@/features/board/board-screen'
import { CheckInScreen } from '@/features/check-in/check-in-screen'
import { RatesScreen } from '@/features/rates/rates-screen'
import { GarageContext } from '@/features/shared/garage'
import { Empty, Loading } from '@/features/shared/message'
import { garagePath, garagesPath, type GarageScreen } from '@/features/shared/paths'
import { permissionsOf } from '@/features/shared/permissions'
import { ProblemNotice } from '@/features/shared/problem-notice'
import { StaysScreen } from '@/features/stays/stays-screen'
import { rolesIn, useViewer } from '@/features/viewer/viewer-context'
import { Frame } from './frame'
import { GarageFrame } from './garage-frame'

type Props = {
  readonly garageId: string
  readonly screen: GarageScreen
  readonly onSignedOut: () => void
}

/** All screens of one garage: they share the live board, so going from one to another loses nothing. */
export function GarageScreens({ garageId, screen, onSignedOut }: Props) {
  const [{ data, error }, ask] = useQuery({ query: GarageDocument, variables: { id: garageId } })
  if (data?.garage !== undefined && data.garage !== null) {
    return <OpenGarage garage={data.garage} screen={screen} onSignedOut={onSignedOut} />
  }
  return (
    <Frame onSignedOut={onSignedOut}>
      {error !== undefined ? (
        <>
          <ProblemNotice problems={problemsOfError(error)} />
          <Button onClick={() => ask({ requestPolicy: 'network-only' })}>Try again</Button>
        </>
      ) : data === undefined ? (
        <Loading what="the garage" />
      ) : (
        <Empty>
          There is no such garage, or it is not yours to see. <Link href={garagesPath}>Choose a garage</Link>
        </Empty>
      )}
    </Frame>
  )
}

type OpenProps = {
  readonly garage: GarageLineFragment
  readonly screen: GarageScreen
  readonly onSignedOut: () => void
}

function OpenGarage({ garage, screen, onSignedOut }: OpenProps) {
  const viewer = useViewer()
  const here = useMemo(() => ({ garage, permissions: permissionsOf(rolesIn(viewer, garage.id)) }), [garage, viewer])
  const isWall = screen === 'wall' || here.permissions.onlyLooks
  useWallSize(isWall)
  useTitle(garage.name)
  if (isWall && screen !== 'wall') return <Redirect to={garagePath(garage.id, 'wall')} replace />
  return (
    <GarageContext value={here}>
      <BoardProvider garageId={garage.id}>
        <GarageFrame screen={screen} isWall={isWall} onSignedOut={onSignedOut}>
          {(screen === 'ev-requests' || screen === 'wall') && <BoardScreen isWall={isWall} />}
          {screen === 'stays' && <StaysScreen />}
          {screen === 'check-in' && <CheckInScreen />}
          {screen === 'rates' && <RatesScreen />}
        </GarageFrame>
      </BoardProvider>
    </GarageContext>
  )
}

/** On a wall everything is bigger: all sizes follow the root's font size. */
function useWallSize(isWall: boolean) {
  useEffect(() => {
    document.documentElement.toggleAttribute('data-wall', isWall)
    return () => document.documentElement.removeAttribute('data-wall')
  }, [isWall])
}

function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · EVGraph`
    return () => {
      document.title = 'EVGraph'
    }
  }, [title])
}

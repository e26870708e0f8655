import { createContext, useContext, useEffect, useState, useSyncExternalStore, type ReactNode } from 'react'
import { useClient } from 'urql'
import { createBoardFeed, type BoardView } from './board-feed'

const BoardContext = createContext<BoardView>({ board: null, problem: null })

/** Follows one garage's board for all of its screens; give it the garage's id as key. */
export function BoardProvider({ garageId, children }: { readonly garageId: string; readonly children: ReactNode }) {
  const client = useClient()
  const [feed] = useState(() => createBoardFeed(client, garageId))
  useEffect(() => feed.open(), [feed])
  const view = useSyncExternalStore(feed.listen, feed.getView)
  return <BoardContext value={view}>{children}</BoardContext>
}

export function useBoard(): BoardView {
  return useContext(BoardContext)
}

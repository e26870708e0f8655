import type { Client } from '@urql/core'
import { onEnd, pipe, subscribe, type Subscription } from 'wonka'
import { BoardUpdatedDocument, EnergyUpdatedDocument } from '@/graphql/generated/graphql'
import { problemsOfError, type Problem } from '@/graphql/problems'
import { boardReducer, type BoardAction, type BoardState } from './board-state'

export type BoardView = {
  /** Null until the first snapshot. */
  readonly board: BoardState | null
  /** Why there is no live board, when the server says so. */
  readonly problem: Problem | null
}

export type BoardFeed = {
  getView: () => BoardView
  listen: (listener: () => void) => () => void
  /** Starts listening to the server, and answers with the way to stop. */
  open: () => () => void
}

const firstWait = 1_000
const longestWait = 15_000

/** Keeps one garage's board up to date: subscribes again after a gap, an error or an end that nobody asked for. */
export function createBoardFeed(client: Client, garageId: string): BoardFeed {
  const listeners = new Set<() => void>()
  let view: BoardView = { board: null, problem: null }

  function show(next: BoardView) {
    if (next.board === view.board && next.problem === view.problem) return
    view = next
    for (const listener of listeners) listener()
  }

  function take(action: BoardAction) {
    show({ board: boardReducer(view.board, action), problem: null })
  }

  function open(): () => void {
    let isOpen = true
    let subscriptions: readonly Subscription[] = []
    let timer: ReturnType<typeof setTimeout> | undefined
    let wait = firstWait

    function start() {
      const board = pipe(
        client.subscription(BoardUpdatedDocument, { garageId }),
        onEnd(() => again(wait)),
        subscribe(({ data, error }) => {
          if (error !== undefined) {
            show({ board: view.board, problem: problemsOfError(error)[0] ?? null })
            again(wait)
          }
          if (data === undefined) return
          wait = firstWait
          take({ type: 'board', update: data.boardUpdated })
          if (view.board?.hasGap === true) again(0)
        }),
      )
      const energy = pipe(
        client.subscription(EnergyUpdatedDocument, { garageId }),
        subscribe(({ data }) => {
          if (data !== undefined) take({ type: 'energy', update: data.energyUpdated })
        }),
      )
      subscriptions = [board, energy]
    }

    function stop() {
      clearTimeout(timer)
      timer = undefined
      for (const subscription of subscriptions) subscription.unsubscribe()
    }

    function again(after: number) {
      if (!isOpen || timer !== undefined) return
      wait = Math.min(wait * 2, longestWait)
      timer = setTimeout(() => {
        stop()
        start()
      }, after)
    }

    start()
    return () => {
      isOpen = false
      stop()
    }
  }

  return {
    getView: () => view,
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    open,
  }
}

/** What an attendant has tapped on the way to a charge: a port, a vehicle, or both. */
import { ticketlessSession, type BoardState } from './board-state'

export type Selection = {
  readonly portId: string | null
  readonly requestId: string | null
}

export type SelectionAction =
  | { readonly type: 'port'; readonly id: string }
  | { readonly type: 'request'; readonly id: string }
  | { readonly type: 'clear' }

export const nothingSelected: Selection = { portId: null, requestId: null }

/** Tapping again what is chosen takes the choice back. */
export function selectionReducer(selection: Selection, action: SelectionAction): Selection {
  switch (action.type) {
    case 'port':
      return { ...selection, portId: selection.portId === action.id ? null : action.id }
    case 'request':
      return { ...selection, requestId: selection.requestId === action.id ? null : action.id }
    case 'clear':
      return nothingSelected
  }
}

/** The choice as far as the board still allows it: somebody else may have taken the port or the vehicle meanwhile. */
export function validSelection(selection: Selection, board: BoardState): Selection {
  const isPortChoosable = board.ports.some(
    (port) => port.id === selection.portId && (port.isOpen || ticketlessSession(port) !== null),
  )
  const request = selection.requestId === null ? undefined : board.requests.get(selection.requestId)
  return {
    portId: isPortChoosable ? selection.portId : null,
    requestId: request?.status === 'NEEDS_CHARGING' ? request.id : null,
  }
}

import { IconBatteryCharging, IconCircleCheck, IconPlug, IconHourglass } from '@tabler/icons-react'
import { useEffect, useReducer, useState } from 'react'
import { AssignSessionDocument, StartChargingDocument } from '@/graphql/generated/graphql'
import { useAction, useSafeAction } from '@/graphql/use-action'
import { useGarage } from '../shared/garage'
import { Loading } from '../shared/message'
import { ProblemNotice } from '../shared/problem-notice'
import { useBoard } from './board-context'
import { CancelDialog, RenamePortDialog, StopDialog, StopTicketlessDialog } from './board-dialogs'
import classes from './board-screen.module.css'
import { columnsOf, ticketlessSession, type BoardPort, type BoardRequest, type BoardState } from './board-state'
import { ChargedCard } from './charged-card'
import { ChargingCard } from './charging-card'
import { Column } from './column'
import { PortTile } from './port-tile'
import { nothingSelected, selectionReducer, validSelection } from './selection'
import { StartBar } from './start-bar'
import { WaitingCard } from './waiting-card'

type Dialog =
  | { readonly type: 'stop' | 'cancel'; readonly request: BoardRequest }
  | { readonly type: 'rename' | 'stop-ticketless'; readonly port: BoardPort }

/** The EV queue of the garage; on a wall it only shows, elsewhere it is worked by tapping. */
export function BoardScreen({ isWall }: { readonly isWall: boolean }) {
  const { board, problem } = useBoard()
  if (board === null) {
    return problem === null ? <Loading what="the board" /> : <ProblemNotice problems={[problem]} />
  }
  return <Board board={board} isWall={isWall} />
}

function Board({ board, isWall }: { readonly board: BoardState; readonly isWall: boolean }) {
  const { permissions } = useGarage()
  const [tapped, tap] = useReducer(selectionReducer, nothingSelected)
  const [dialog, setDialog] = useState<Dialog | null>(null)
  const start = useSafeAction(StartChargingDocument, (data) => data.startCharging)
  const assign = useAction(AssignSessionDocument, (data) => data.assignSession)
  const chosen = validSelection(tapped, board)
  const port = board.ports.find(({ id }) => id === chosen.portId) ?? null
  const request = board.requests.get(chosen.requestId ?? '') ?? null
  const mayCharge = permissions.charges && !isWall
  const mayCancel = permissions.handlesStays && !isWall
  const mayRename = permissions.namesPorts && !isWall

  function clear() {
    tap({ type: 'clear' })
    dismiss()
  }
  function dismiss() {
    start.dismiss()
    assign.dismiss()
  }
  useEscape(clear, dialog === null)

  async function chargeOrAssign() {
    if (port === null || request === null) return
    const running = ticketlessSession(port)
    const done =
      running === null
        ? await start.run({ requestId: request.id, portId: port.id })
        : await assign.run({ input: { sessionId: running.id, stayId: request.stay.id } })
    if (done !== null) clear()
  }

  const { needsCharging, charging, charged } = columnsOf(board)
  const openPorts = board.ports.filter(({ isOpen }) => isOpen).length
  return (
    <div className={classes.screen}>
      <h1 className={classes.heading}>EV Requests</h1>
      <div className={classes.board}>
        <Column
          title="Ports"
          icon={<IconPlug aria-hidden />}
          count={openPorts}
          counted="open ports"
          empty={board.ports.length === 0 ? 'No charger has been set up in this garage.' : ''}
          suffix="open"
        >
          {board.ports.map((each) => (
            <PortTile
              key={each.id}
              port={each}
              board={board}
              isChosen={each.id === chosen.portId}
              onChoose={mayCharge ? () => tap({ type: 'port', id: each.id }) : undefined}
              onRename={mayRename ? () => setDialog({ type: 'rename', port: each }) : undefined}
            />
          ))}
        </Column>
        <Column
          title="Needs charging"
          icon={<IconHourglass aria-hidden />}
          count={needsCharging.length}
          counted="vehicles"
          empty={needsCharging.length === 0 ? 'No vehicle waits for a port.' : ''}
        >
          {needsCharging.map((each) => (
            <WaitingCard
              key={each.id}
              request={each}
              board={board}
              isChosen={each.id === chosen.requestId}
              onChoose={mayCharge ? () => tap({ type: 'request', id: each.id }) : undefined}
              onCancel={mayCancel ? () => setDialog({ type: 'cancel', request: each }) : undefined}
            />
          ))}
        </Column>
        <Column
          title="Charging"
          icon={<IconBatteryCharging aria-hidden />}
          count={charging.length}
          counted="vehicles"
          empty={charging.length === 0 ? 'No vehicle is charging.' : ''}
        >
          {charging.map(
            (each) =>
              each.session && (
                <ChargingCard
                  key={each.id}
                  request={each}
                  session={each.session}
                  board={board}
                  onStop={mayCharge ? () => setDialog({ type: 'stop', request: each }) : undefined}
                />
              ),
          )}
        </Column>
        <Column
          title="Charged, on the lot"
          icon={<IconCircleCheck aria-hidden />}
          count={charged.length}
          counted="vehicles"
          empty={charged.length === 0 ? 'No charged vehicle is on the lot.' : ''}
        >
          {charged.map(
            (each) => each.session && <ChargedCard key={each.id} request={each} session={each.session} board={board} />,
          )}
        </Column>
      </div>
      {mayCharge && (
        <StartBar
          port={port}
          request={request}
          isRunning={start.isRunning || assign.isRunning}
          problems={[...start.problems, ...assign.problems]}
          onGo={() => void chargeOrAssign()}
          onStop={() => port !== null && setDialog({ type: 'stop-ticketless', port })}
          onClear={clear}
          onDismiss={dismiss}
        />
      )}
      {dialog?.type === 'stop' && <StopDialog request={dialog.request} onClose={() => setDialog(null)} />}
      {dialog?.type === 'stop-ticketless' && <StopTicketlessDialog port={dialog.port} onClose={() => setDialog(null)} />}
      {dialog?.type === 'cancel' && <CancelDialog request={dialog.request} onClose={() => setDialog(null)} />}
      {dialog?.type === 'rename' && <RenamePortDialog port={dialog.port} onClose={() => setDialog(null)} />}
    </div>
  )
}

function useEscape(onEscape: () => void, isActive: boolean) {
  useEffect(() => {
    if (!isActive) return
    function onKey(event: KeyboardEvent) {
      if (event.key === 'Escape') onEscape()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [onEscape, isActive])
}

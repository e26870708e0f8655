import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useState, type SyntheticEvent } from 'react'
import { CancelRequestDocument, RenamePortDocument, StopChargingDocument } from '@/graphql/generated/graphql'
import { fieldProblem, problemsBeside } from '@/graphql/problems'
import { useAction } from '@/graphql/use-action'
import { ConfirmDialog } from '../shared/confirm-dialog'
import { ProblemNotice } from '../shared/problem-notice'
import { ticketlessSession, type BoardPort, type BoardRequest } from './board-state'

type RequestProps = {
  readonly request: BoardRequest
  readonly onClose: () => void
}

export function StopDialog({ request, onClose }: RequestProps) {
  const stop = useAction(StopChargingDocument, (data) => data.stopCharging)
  const { session, stay } = request
  async function confirm() {
    if (session !== null && (await stop.run({ input: { sessionId: session.id } })) !== null) onClose()
  }
  return (
    <ConfirmDialog
      title="Stop charging"
      confirm="Stop charging"
      back="Keep charging"
      isDangerous
      isRunning={stop.isRunning}
      problems={stop.problems}
      onConfirm={() => void confirm()}
      onBack={onClose}
    >
      Stop charging <strong>{stay.vehicle.licensePlate}</strong> on <strong>{session?.port.name}</strong>? What it has
      drawn so far goes on ticket #{stay.ticketNumber}.
    </ConfirmDialog>
  )
}

/** For what charges on a port and belongs to no ticket. */
export function StopTicketlessDialog({ port, onClose }: { readonly port: BoardPort; readonly onClose: () => void }) {
  const stop = useAction(StopChargingDocument, (data) => data.stopCharging)
  const session = ticketlessSession(port)
  async function confirm() {
    if (session === null || (await stop.run({ input: { sessionId: session.id } })) !== null) onClose()
  }
  return (
    <ConfirmDialog
      title="Stop charging"
      confirm="Stop charging"
      back="Keep charging"
      isDangerous
      isRunning={stop.isRunning}
      problems={stop.problems}
      onConfirm={() => void confirm()}
      onBack={onClose}
    >
      Stop what charges on <strong>{port.name}</strong>? It belongs to no ticket: nobody is billed for it.
    </ConfirmDialog>
  )
}

export function CancelDialog({ request, onClose }: RequestProps) {
  const cancel = useAction(CancelRequestDocument, (data) => data.cancelRequest)
  const { stay } = request
  async function confirm() {
    if ((await cancel.run({ input: { requestId: request.id } })) !== null) onClose()
  }
  return (
    <ConfirmDialog
      title="Cancel the request"
      confirm="Cancel the request"
      back="Keep it"
      isDangerous
      isRunning={cancel.isRunning}
      problems={cancel.problems}
      onConfirm={() => void confirm()}
      onBack={onClose}
    >
      Take <strong>{stay.vehicle.licensePlate}</strong> off the queue? Its ticket #{stay.ticketNumber} stays open, and
      it can be put back from Stays.
    </ConfirmDialog>
  )
}

export function RenamePortDialog({ port, onClose }: { readonly port: BoardPort; readonly onClose: () => void }) {
  const [name, setName] = useState(port.customName ?? '')
  const rename = useAction(RenamePortDocument, (data) => data.renamePort)
  async function save(event: SyntheticEvent) {
    event.preventDefault()
    const input = { portId: port.id, name: name.trim() === '' ? null : name.trim() }
    if ((await rename.run({ input })) !== null) onClose()
  }
  return (
    <Modal opened onClose={onClose} title={`Rename ${port.name}`}>
      <form onSubmit={(event) => void save(event)}>
        <Stack gap="lg">
          <ProblemNotice problems={problemsBeside(rename.problems, ['name'])} />
          <TextInput
            label="Name on the sticker"
            description={`Leave it empty to go back to ${port.chargePoint.identity}, connector ${port.connectorId}.`}
            value={name}
            error={fieldProblem(rename.problems, 'name')}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={60}
            data-autofocus
          />
          <Group grow>
            <Button variant="default" onClick={onClose}>
              Keep the old name
            </Button>
            <Button type="submit" loading={rename.isRunning}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

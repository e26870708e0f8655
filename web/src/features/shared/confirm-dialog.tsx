import { Button, Group, Modal, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Problem } from '@/graphql/problems'
import { ProblemNotice } from './problem-notice'

type Props = {
  readonly title: string
  readonly children: ReactNode
  readonly confirm: string
  readonly back: string
  readonly isDangerous?: boolean
  readonly isRunning: boolean
  readonly problems: readonly Problem[]
  readonly onConfirm: () => void
  readonly onBack: () => void
}

/** Asks before something that cannot be taken back, and stays to say why when it did not work. */
export function ConfirmDialog(props: Props) {
  return (
    <Modal opened onClose={props.onBack} title={props.title}>
      <Stack gap="lg">
        <div>{props.children}</div>
        <ProblemNotice problems={props.problems} />
        <Group grow>
          <Button variant="default" onClick={props.onBack}>
            {props.back}
          </Button>
          <Button
            color={props.isDangerous === true ? 'coral' : 'azure'}
            loading={props.isRunning}
            onClick={props.onConfirm}
            data-autofocus
          >
            {props.confirm}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

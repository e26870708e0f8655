import { Menu, UnstyledButton } from '@mantine/core'
import { IconBuilding, IconDeviceTv, IconLogout, IconUser } from '@tabler/icons-react'
import { Link } from 'wouter'
import { SignOutDocument } from '@/graphql/generated/graphql'
import { useAction } from '@/graphql/use-action'
import { garagePath, garagesPath } from '@/features/shared/paths'
import { roleText } from '@/features/shared/permissions'
import { ProblemNotice } from '@/features/shared/problem-notice'
import { rolesIn, useViewer } from '@/features/viewer/viewer-context'
import classes from './frame.module.css'

type Props = {
  /** Null outside of any garage. */
  readonly garageId: string | null
  readonly onSignedOut: () => void
}

export function ViewerMenu({ garageId, onSignedOut }: Props) {
  const viewer = useViewer()
  const signOut = useAction(SignOutDocument, (data) => data.signOut)
  const role = garageId === null ? viewer.organization : roleText(rolesIn(viewer, garageId))

  async function leave() {
    if ((await signOut.run({})) !== null) onSignedOut()
  }

  return (
    <>
      <Menu position="bottom-end" width="16rem" classNames={{ item: classes.item ?? '' }}>
        <Menu.Target>
          <UnstyledButton className={classes.viewer} aria-label={`${viewer.name} ${role}: menu`}>
            <IconUser aria-hidden />
            <span className={classes.name}>
              {viewer.name}
              <small>{role}</small>
            </span>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{viewer.email ?? viewer.organization}</Menu.Label>
          {garageId !== null && (
            <>
              <Menu.Item leftSection={<IconBuilding aria-hidden />} component={Link} href={garagesPath}>
                Choose a garage
              </Menu.Item>
              <Menu.Item leftSection={<IconDeviceTv aria-hidden />} component={Link} href={garagePath(garageId, 'wall')}>
                Wall display
              </Menu.Item>
            </>
          )}
          <Menu.Item leftSection={<IconLogout aria-hidden />} onClick={() => void leave()}>
            Sign out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {signOut.problems.length > 0 && (
        <div className={classes.floating}>
          <ProblemNotice problems={signOut.problems} onDismiss={signOut.dismiss} />
        </div>
      )}
    </>
  )
}

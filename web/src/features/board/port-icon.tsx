import {
  IconAlertTriangleFilled,
  IconBan,
  IconBatteryFilled,
  IconBoltFilled,
  IconCheck,
  IconCircle,
  IconPlayerPauseFilled,
  IconPlug,
  IconPlugConnectedX,
  IconWifiOff,
} from '@tabler/icons-react'
import type { PortLook } from './port-status'

const icons = {
  chosen: IconCheck,
  open: IconCircle,
  charging: IconBoltFilled,
  plug: IconPlug,
  full: IconBatteryFilled,
  paused: IconPlayerPauseFilled,
  faulted: IconAlertTriangleFilled,
  offline: IconWifiOff,
  closed: IconBan,
  unplug: IconPlugConnectedX,
} as const

export function PortIcon({ icon }: { readonly icon: PortLook['icon'] | 'chosen' }) {
  const Icon = icons[icon]
  return <Icon size="1.25em" stroke={2.5} aria-hidden />
}

import type { RequestStatus } from '@/graphql/generated/graphql'

/** Where a vehicle stands in the EV queue, in the words of the board's columns. */
export const requestWords = {
  NEEDS_CHARGING: 'Needs charging',
  STARTING: 'Starting',
  CHARGING: 'Charging',
  CHARGED: 'Charged',
  CANCELED: 'Canceled',
} as const satisfies Record<RequestStatus, string>

/** Whether the vehicle is waiting or charging: only one that is not can be put on the EV queue. */
export function isOnQueue(status: RequestStatus): boolean {
  switch (status) {
    case 'NEEDS_CHARGING':
    case 'STARTING':
    case 'CHARGING':
      return true
    case 'CHARGED':
    case 'CANCELED':
      return false
  }
}

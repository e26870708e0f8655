import type { RequestStatus } from '@/graphql/generated/graphql'

/** Where a vehicle stands in the EV queue, in the words of the board's columns. */
export const requestWords: Readonly<Record<RequestStatus, string>> = {
  NEEDS_CHARGING: 'Needs charging',
  STARTING: 'Starting',
  CHARGING: 'Charging',
  CHARGED: 'Charged',
  CANCELED: 'Canceled',
}

/** What a stay says while the bill of one of its sessions may still change (T12). */
export const pending = {
  title: 'Charges pending',
  why: 'The charger is offline or has not reported the end of the session. The total may still change.',
} as const

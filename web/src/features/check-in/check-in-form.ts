import type { Channel, CheckInInput, StayKind } from '@/graphql/generated/graphql'
import { fromLocalField } from '@/lib/time'

/** The form as it is typed, every field a text. */
export type CheckInForm = {
  readonly kind: StayKind
  readonly ticketNumber: string
  readonly licensePlate: string
  readonly plateState: string
  readonly color: string
  readonly make: string
  /** As a datetime-local field holds it. */
  readonly checkout: string
  readonly chargingNote: string
  readonly evCharge: boolean
}

export const emptyForm: CheckInForm = {
  kind: 'TRANSIENT',
  ticketNumber: '',
  licensePlate: '',
  plateState: '',
  color: '',
  make: '',
  checkout: '',
  chargingNote: '',
  evCharge: false,
}

/** Paths, in the mutation's input, of the fields that show their own problem. */
export const shownFields = [
  'ticketNumber',
  'kind',
  'vehicle.licensePlate',
  'vehicle.plateState',
  'vehicle.color',
  'vehicle.make',
  'estimatedCheckoutAt',
  'chargingNote',
] as const

function orNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim()
}

export function checkInInput(
  form: CheckInForm,
  garage: { readonly id: string; readonly timeZone: string },
  channel: Channel,
): Omit<CheckInInput, 'idempotencyKey'> {
  return {
    garageId: garage.id,
    ticketNumber: orNull(form.ticketNumber),
    kind: form.kind,
    vehicle: {
      licensePlate: form.licensePlate.trim().toUpperCase(),
      plateState: orNull(form.plateState.toUpperCase()),
      make: orNull(form.make),
      color: orNull(form.color),
    },
    chargingNote: orNull(form.chargingNote),
    estimatedCheckoutAt: fromLocalField(form.checkout, garage.timeZone),
    evCharge: form.evCharge,
    channel,
  }
}

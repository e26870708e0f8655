from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.global_ids import required_key
from evgraph.schema.reservation import CancelReservationInput, CancelReservationPayload, Reservation


@answers_with(CancelReservationPayload)
async def cancel_reservation(info: Info, input: CancelReservationInput) -> CancelReservationPayload:  # noqa: A002
    key = required_key("Reservation", input.reservation_id, "input", "reservationId")
    reservation = await info.context.services.reservations.cancel(signed_in(info.context.viewer), key)
    return CancelReservationPayload(reservation=Reservation(value=reservation))

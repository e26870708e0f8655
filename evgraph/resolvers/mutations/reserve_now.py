from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.global_ids import optional_key
from evgraph.schema.reservation import Reservation, ReserveNowInput, ReserveNowPayload
from evgraph.services.reservations import ReserveConnector


@answers_with(ReserveNowPayload)
async def reserve_now(info: Info, input: ReserveNowInput) -> ReserveNowPayload:  # noqa: A002
    command = ReserveConnector(
        charge_point_id=optional_key("ChargePoint", given(input.charge_point_id), "input", "chargePointId"),
        port_id=optional_key("Port", given(input.port_id), "input", "portId"),
        id_tag=input.id_tag,
        parent_id_tag=given(input.parent_id_tag),
        expires_at=input.expires_at,
    )
    reservation = await info.context.services.reservations.reserve(signed_in(info.context.viewer), command)
    return ReserveNowPayload(reservation=Reservation(value=reservation))

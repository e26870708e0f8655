from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.availability import ChangeAvailabilityInput, ChangeAvailabilityPayload
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.global_ids import optional_key
from evgraph.schema.port import Port


@answers_with(ChangeAvailabilityPayload)
async def change_availability(info: Info, input: ChangeAvailabilityInput) -> ChangeAvailabilityPayload:  # noqa: A002
    changed = await info.context.services.availability.change(
        signed_in(info.context.viewer),
        charge_point_id=optional_key("ChargePoint", given(input.charge_point_id), "input", "chargePointId"),
        port_id=optional_key("Port", given(input.port_id), "input", "portId"),
        is_available=input.available,
    )
    return ChangeAvailabilityPayload(
        charge_point=ChargePoint(value=changed.charge_point),
        ports=[Port(value=port) for port in changed.ports],
        answer=changed.answer,
        warning=changed.warning,
    )

from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given, vehicle_of
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charging_request import ChargingRequest
from evgraph.schema.enums import Channel
from evgraph.schema.global_ids import required_key
from evgraph.schema.inputs import CheckInInput
from evgraph.schema.payloads import CheckInPayload
from evgraph.schema.stay import Stay
from evgraph.services.stays import CheckIn


@answers_with(CheckInPayload)
async def check_in(info: Info, input: CheckInInput) -> CheckInPayload:  # noqa: A002
    command = CheckIn(
        garage_id=required_key("Garage", input.garage_id, "input", "garageId"),
        ticket_number=given(input.ticket_number),
        kind=input.kind,
        vehicle=vehicle_of(input.vehicle),
        charging_note=given(input.charging_note),
        estimated_checkout_at=given(input.estimated_checkout_at),
        ev_charge=bool(input.ev_charge),
        channel=input.channel or Channel.API,
        idempotency_key=given(input.idempotency_key),
    )
    done = await info.context.services.stays.check_in(signed_in(info.context.viewer), command)
    return CheckInPayload(
        stay=Stay(value=done.stay), request=ChargingRequest(value=done.request) if done.request else None
    )

from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charging_request import ChargingRequest
from evgraph.schema.enums import Channel
from evgraph.schema.global_ids import optional_key
from evgraph.schema.inputs import MakeRequestInput
from evgraph.schema.payloads import MakeRequestPayload
from evgraph.services.requests import MakeRequest


@answers_with(MakeRequestPayload)
async def make_request(info: Info, input: MakeRequestInput) -> MakeRequestPayload:  # noqa: A002
    command = MakeRequest(
        stay_id=optional_key("Stay", given(input.stay_id), "input", "stayId"),
        garage_id=optional_key("Garage", given(input.garage_id), "input", "garageId"),
        ticket_number=given(input.ticket_number),
        estimated_checkout_at=given(input.estimated_checkout_at),
        channel=input.channel or Channel.API,
        idempotency_key=given(input.idempotency_key),
    )
    request = await info.context.services.requests.make(signed_in(info.context.viewer), command)
    return MakeRequestPayload(request=ChargingRequest(value=request))

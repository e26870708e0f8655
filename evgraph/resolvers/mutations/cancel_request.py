from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charging_request import ChargingRequest
from evgraph.schema.global_ids import required_key
from evgraph.schema.inputs import CancelRequestInput
from evgraph.schema.payloads import CancelRequestPayload


@answers_with(CancelRequestPayload)
async def cancel_request(info: Info, input: CancelRequestInput) -> CancelRequestPayload:  # noqa: A002
    key = required_key("ChargingRequest", input.request_id, "input", "requestId")
    request = await info.context.services.requests.cancel(signed_in(info.context.viewer), key)
    return CancelRequestPayload(request=ChargingRequest(value=request))

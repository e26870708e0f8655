from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.global_ids import required_key
from evgraph.schema.inputs import SetRateInput
from evgraph.schema.payloads import SetRatePayload
from evgraph.schema.rate import Rate


@answers_with(SetRatePayload)
async def set_rate(info: Info, input: SetRateInput) -> SetRatePayload:  # noqa: A002
    key = required_key("Garage", input.garage_id, "input", "garageId")
    viewer = signed_in(info.context.viewer)
    rate = await info.context.services.rates.set(viewer, key, input.kind, input.amount_cents)
    return SetRatePayload(rate=Rate(value=rate))

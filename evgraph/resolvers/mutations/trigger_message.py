from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.commands import TriggerMessageInput, TriggerMessagePayload
from evgraph.schema.global_ids import required_key


@answers_with(TriggerMessagePayload)
async def trigger_message(info: Info, input: TriggerMessageInput) -> TriggerMessagePayload:  # noqa: A002
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    asked = await info.context.services.commands.trigger(
        signed_in(info.context.viewer), key, input.message, given(input.connector_id)
    )
    return TriggerMessagePayload(charge_point=ChargePoint(value=asked))

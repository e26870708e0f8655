from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.global_ids import required_key
from evgraph.schema.security_inputs import ExtendedTriggerMessageInput, ExtendedTriggerMessagePayload


@answers_with(ExtendedTriggerMessagePayload)
async def extended_trigger_message(info: Info, input: ExtendedTriggerMessageInput) -> ExtendedTriggerMessagePayload:  # noqa: A002
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    viewer = signed_in(info.context.viewer)
    charge_point = await info.context.services.certificates.trigger(
        viewer, key, input.message, given(input.connector_id)
    )
    return ExtendedTriggerMessagePayload(charge_point=ChargePoint(value=charge_point))

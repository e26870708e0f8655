from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.commands import CallChargePointInput, CallChargePointPayload, plain_json
from evgraph.schema.global_ids import required_key


@answers_with(CallChargePointPayload)
async def call_charge_point(info: Info, input: CallChargePointInput) -> CallChargePointPayload:  # noqa: A002
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    payload = given(input.payload)
    if payload is not None and not isinstance(payload, dict):
        raise Refusal(ErrorCode.INVALID, "A payload is a JSON object.", ("input", "payload"))
    result = await info.context.services.commands.call(signed_in(info.context.viewer), key, input.action, payload or {})
    return CallChargePointPayload(result=plain_json(result))

from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.commands import ResetChargePointInput, ResetChargePointPayload
from evgraph.schema.global_ids import required_key


@answers_with(ResetChargePointPayload)
async def reset_charge_point(info: Info, input: ResetChargePointInput) -> ResetChargePointPayload:  # noqa: A002
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    reset = await info.context.services.commands.reset(signed_in(info.context.viewer), key, input.kind)
    return ResetChargePointPayload(charge_point=ChargePoint(value=reset))

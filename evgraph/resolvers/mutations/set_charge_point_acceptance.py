from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.global_ids import required_key
from evgraph.schema.setting_up import SetChargePointAcceptanceInput, SetChargePointAcceptancePayload


@answers_with(SetChargePointAcceptancePayload)
async def set_charge_point_acceptance(
    info: Info,
    input: SetChargePointAcceptanceInput,  # noqa: A002
) -> SetChargePointAcceptancePayload:
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    viewer = signed_in(info.context.viewer)
    accepted = await info.context.services.registration.accept(viewer, key, input.acceptance)
    return SetChargePointAcceptancePayload(charge_point=ChargePoint(value=accepted))

from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.global_ids import required_key
from evgraph.schema.setting_up import RotateChargePointKeyInput, RotateChargePointKeyPayload


@answers_with(RotateChargePointKeyPayload)
async def rotate_charge_point_key(info: Info, input: RotateChargePointKeyInput) -> RotateChargePointKeyPayload:  # noqa: A002
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    viewer = signed_in(info.context.viewer)
    rotated = await info.context.services.key_rotation.rotate(viewer, key, by_hand=input.by_hand)
    return RotateChargePointKeyPayload(
        charge_point=ChargePoint(value=rotated.charge_point), key=rotated.key, handover=rotated.handover
    )

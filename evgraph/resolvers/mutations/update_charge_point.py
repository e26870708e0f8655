from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.global_ids import required_key
from evgraph.schema.setting_up import UpdateChargePointInput, UpdateChargePointPayload


@answers_with(UpdateChargePointPayload)
async def update_charge_point(info: Info, input: UpdateChargePointInput) -> UpdateChargePointPayload:  # noqa: A002
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    viewer = signed_in(info.context.viewer)
    kept = given(input.is_kept_configured)
    updated = await info.context.services.registration.update(viewer, key, configures=kept)
    return UpdateChargePointPayload(charge_point=ChargePoint(value=updated))

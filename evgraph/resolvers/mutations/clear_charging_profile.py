from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.charging_profile import ClearChargingProfileInput, ClearChargingProfilePayload
from evgraph.schema.global_ids import required_key


@answers_with(ClearChargingProfilePayload)
async def clear_charging_profile(
    info: Info,
    input: ClearChargingProfileInput,  # noqa: A002
) -> ClearChargingProfilePayload:
    cleared = await info.context.services.charging_profiles.clear(
        signed_in(info.context.viewer),
        required_key("ChargePoint", input.charge_point_id, "input", "chargePointId"),
        profile_id=given(input.profile_id),
        connector_id=given(input.connector_id),
        purpose=given(input.purpose),
        stack_level=given(input.stack_level),
    )
    return ClearChargingProfilePayload(charge_point=ChargePoint(value=cleared))

from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.global_ids import required_key
from evgraph.schema.security_inputs import SetChargePointSecurityProfileInput, SetChargePointSecurityProfilePayload


@answers_with(SetChargePointSecurityProfilePayload)
async def set_charge_point_security_profile(
    info: Info,
    input: SetChargePointSecurityProfileInput,  # noqa: A002
) -> SetChargePointSecurityProfilePayload:
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    viewer = signed_in(info.context.viewer)
    charge_point = await info.context.services.certificates.demand_profile(
        viewer, key, input.profile, is_forced=bool(input.force)
    )
    return SetChargePointSecurityProfilePayload(charge_point=ChargePoint(value=charge_point))

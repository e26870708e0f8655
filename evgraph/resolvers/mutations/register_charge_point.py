from urllib.parse import quote

from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.global_ids import required_key
from evgraph.schema.setting_up import RegisterChargePointInput, RegisterChargePointPayload
from evgraph.services.registration import RegisterChargePoint


@answers_with(RegisterChargePointPayload)
async def register_charge_point(info: Info, input: RegisterChargePointInput) -> RegisterChargePointPayload:  # noqa: A002
    command = RegisterChargePoint(
        garage_id=required_key("Garage", input.garage_id, "input", "garageId"),
        identity=input.identity,
        connectors=input.connectors,
        max_power_kw=given(input.max_power_kw),
        key=given(input.key),
        has_no_key=input.has_no_key,
        acceptance=input.acceptance,
        configures=input.is_kept_configured,
    )
    made, key = await info.context.services.registration.register(signed_in(info.context.viewer), command)
    return RegisterChargePointPayload(
        charge_point=ChargePoint(value=made), url_path=f"/ocpp/{quote(made.identity, safe='')}", key=key
    )

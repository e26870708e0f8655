from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charging_session import ChargingSession
from evgraph.schema.global_ids import required_key
from evgraph.schema.inputs import StopChargingInput
from evgraph.schema.payloads import StopChargingPayload


@answers_with(StopChargingPayload)
async def stop_charging(info: Info, input: StopChargingInput) -> StopChargingPayload:  # noqa: A002
    key = required_key("ChargingSession", input.session_id, "input", "sessionId")
    session = await info.context.services.charging.stop(signed_in(info.context.viewer), key)
    return StopChargingPayload(session=ChargingSession(value=session))

from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charging_session import ChargingSession
from evgraph.schema.global_ids import required_key
from evgraph.schema.inputs import StartChargingInput
from evgraph.schema.payloads import StartChargingPayload
from evgraph.services.charging import StartCharging


@answers_with(StartChargingPayload)
async def start_charging(info: Info, input: StartChargingInput) -> StartChargingPayload:  # noqa: A002
    command = StartCharging(
        request_id=required_key("ChargingRequest", input.request_id, "input", "requestId"),
        port_id=required_key("Port", input.port_id, "input", "portId"),
        idempotency_key=given(input.idempotency_key),
    )
    session = await info.context.services.charging.start(signed_in(info.context.viewer), command)
    return StartChargingPayload(session=ChargingSession(value=session))

from evgraph.ocpp import messages, translate
from evgraph.ocpp.handling import handles
from evgraph.ocpp.inbound import Answer, InboundCall


@handles("MeterValues")
async def meter_values(call: InboundCall) -> Answer:
    """M1, M3, OCPP 1.6 section 4.7."""
    request = messages.meter_values(call.fields)
    readings = translate.readings(request.meter_values, call.received_at)
    if request.connector_id is not None and readings:
        await call.services.metering.record(
            call.peer.id,
            connector_id=request.connector_id,
            transaction_id=request.transaction_id,
            readings=readings,
            raw=call.raw,
        )
    return {}

from evgraph.ocpp.handling import handles
from evgraph.ocpp.inbound import Answer, InboundCall
from evgraph.ocpp.large_frames import off_loop
from evgraph.ocpp.plain_readings import tolerantly


@handles("MeterValues")
async def meter_values(call: InboundCall) -> Answer:
    """M1, M3, OCPP 1.6 section 4.7."""
    told = call.told
    if told is None:
        told = await off_loop(call.raw, tolerantly, call.fields, call.received_at)
    # A transactionId says enough where the connector makes no sense (C8, M3).
    is_placed = told.connector_id is not None or told.transaction_id is not None
    if is_placed and told.readings:
        await call.services.metering.record(
            call.peer.id,
            connector_id=told.connector_id,
            transaction_id=told.transaction_id,
            readings=told.readings,
            raw=call.raw,
        )
    return {}

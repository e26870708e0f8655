from evgraph.ocpp import translate
from evgraph.ocpp.handling import handles
from evgraph.ocpp.inbound import Answer, InboundCall


@handles("Heartbeat")
async def heartbeat(call: InboundCall) -> Answer:
    """OCPP 1.6 section 4.6."""
    await call.services.charge_points.heartbeat(call.peer.id)
    return {"currentTime": translate.iso(call.received_at)}

from evgraph.ocpp import messages, translate
from evgraph.ocpp.handling import handles
from evgraph.ocpp.inbound import Answer, InboundCall


@handles("BootNotification")
async def boot_notification(call: InboundCall) -> Answer:
    """B1, OCPP 1.6 section 4.2. `interval` is in seconds: of heartbeats, or until it asks again while not accepted."""
    report = translate.boot_report(messages.boot_notification(call.fields))
    call.peer.boot(await call.services.charge_points.boot(call.peer.id, report))
    return {
        "status": call.peer.acceptance,
        "currentTime": translate.iso(call.received_at),
        "interval": call.heartbeat_interval,
    }

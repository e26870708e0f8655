from evgraph.ocpp import messages, translate
from evgraph.ocpp.handling import handles
from evgraph.ocpp.inbound import Answer, InboundCall


@handles("StatusNotification")
async def status_notification(call: InboundCall) -> Answer:
    """B4, OCPP 1.6 section 4.9. Connector 0 is the charge point itself."""
    request = messages.status_notification(call.fields)
    report = translate.status_report(request, call.received_at)
    if report is None:
        call.fields.note(f"the status {request.status!r} is unknown")
    else:
        await call.services.charge_points.report_status(call.peer.id, report)
    return {}

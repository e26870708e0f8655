import structlog

from evgraph.ocpp import messages, translate
from evgraph.ocpp.handling import handles
from evgraph.ocpp.inbound import Answer, InboundCall

log = structlog.get_logger("evgraph.ocpp")


@handles("StatusNotification")
async def status_notification(call: InboundCall) -> Answer:
    """B4, OCPP 1.6 section 4.9. Connector 0 is the charge point itself, and no port."""
    request = messages.status_notification(call.fields)
    report = translate.status_report(request, call.received_at)
    if report is None:
        call.fields.note(f"the status {request.status!r} is unknown")
    elif report.connector_id < 1:
        log.info(
            "charge point status",
            charge_point=call.peer.identity,
            status=report.status.value,
            error_code=report.error_code,
        )
    else:
        await call.services.charge_points.report_status(call.peer.id, report)
    return {}

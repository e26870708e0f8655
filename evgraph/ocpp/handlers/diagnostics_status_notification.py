from evgraph.domain.charge_point import JobKind
from evgraph.ocpp import operating_messages
from evgraph.ocpp.handling import handles
from evgraph.ocpp.inbound import Answer, InboundCall


@handles("DiagnosticsStatusNotification")
async def diagnostics_status_notification(call: InboundCall) -> Answer:
    """OCPP 1.6 section 4.4."""
    told = operating_messages.job_status(call.fields)
    if told.status is not None:
        await call.services.jobs.heard(call.peer.id, JobKind.DIAGNOSTICS, told.status)
    return {}

from evgraph.domain.charge_point import JobKind
from evgraph.ocpp import operating_messages
from evgraph.ocpp.handling import handles
from evgraph.ocpp.inbound import Answer, InboundCall


@handles("LogStatusNotification")
async def log_status_notification(call: InboundCall) -> Answer:
    """Security extension, section 5.8."""
    told = operating_messages.job_status(call.fields)
    if told.status is not None:
        await call.services.jobs.heard(call.peer.id, JobKind.LOG, told.status, told.request_id)
    return {}

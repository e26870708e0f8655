from evgraph.domain.charge_point import JobKind
from evgraph.ocpp import operating_messages
from evgraph.ocpp.handling import handles
from evgraph.ocpp.inbound import Answer, InboundCall


@handles("SignedFirmwareStatusNotification")
async def signed_firmware_status_notification(call: InboundCall) -> Answer:
    """Security extension, section 5.12."""
    told = operating_messages.job_status(call.fields)
    if told.status is not None:
        await call.services.jobs.heard(call.peer.id, JobKind.SIGNED_FIRMWARE, told.status, told.request_id)
    return {}

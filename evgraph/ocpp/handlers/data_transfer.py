import structlog

from evgraph.ocpp import messages
from evgraph.ocpp.handling import handles
from evgraph.ocpp.inbound import Answer, InboundCall

log = structlog.get_logger("evgraph.ocpp")


@handles("DataTransfer")
async def data_transfer(call: InboundCall) -> Answer:
    """OCPP 1.6 section 4.3: no vendor's extension is known here."""
    request = messages.data_transfer(call.fields)
    log.info("data transfer", charge_point=call.peer.identity, vendor=request.vendor_id, kind=request.message_id)
    return {"status": "UnknownVendorId"}

from evgraph.ocpp import messages
from evgraph.ocpp.handling import handles
from evgraph.ocpp.inbound import Answer, InboundCall
from evgraph.ocpp.translate import id_tag_info


@handles("Authorize")
async def authorize(call: InboundCall) -> Answer:
    """OCPP 1.6 section 4.1."""
    request = messages.authorize(call.fields)
    return {"idTagInfo": id_tag_info(await call.services.transactions.authorize(call.peer.id, request.id_tag))}

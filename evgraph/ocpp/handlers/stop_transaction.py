from evgraph.ocpp import messages, translate
from evgraph.ocpp.handling import handles
from evgraph.ocpp.inbound import Answer, InboundCall


@handles("StopTransaction")
async def stop_transaction(call: InboundCall) -> Answer:
    """T1 to T3, OCPP 1.6 section 4.10. A charging that has stopped cannot be prevented from stopping."""
    request = messages.stop_transaction(call.fields)
    stop = translate.transaction_stop(request, call.received_at, call.raw)
    status = await call.services.transactions.transaction_stopped(call.peer.id, stop)
    if request.id_tag and status is not None:
        return {"idTagInfo": {"status": status}}
    return {}

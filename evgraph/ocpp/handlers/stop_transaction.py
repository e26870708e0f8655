from evgraph.domain.transactions import TransactionStop
from evgraph.ocpp import messages, translate
from evgraph.ocpp.handling import handles
from evgraph.ocpp.inbound import Answer, InboundCall
from evgraph.ocpp.large_frames import off_loop


@handles("StopTransaction")
async def stop_transaction(call: InboundCall) -> Answer:
    """T1 to T3, OCPP 1.6 section 4.10. A charging that has stopped cannot be prevented from stopping."""
    stop = await off_loop(call.raw, _translated, call)
    status = await call.services.transactions.transaction_stopped(call.peer.id, stop)
    if stop.id_tag and status is not None:
        return {"idTagInfo": {"status": status}}
    return {}


def _translated(call: InboundCall) -> TransactionStop:
    return translate.transaction_stop(messages.stop_transaction(call.fields), call.received_at, call.raw)

from evgraph.ocpp import messages, translate
from evgraph.ocpp.handling import handles
from evgraph.ocpp.inbound import Answer, InboundCall


@handles("StartTransaction")
async def start_transaction(call: InboundCall) -> Answer:
    """S2, S6, OCPP 1.6 section 4.8: whatever of it cannot be read, it gets a transactionId of its own."""
    start = translate.transaction_start(messages.start_transaction(call.fields), call.received_at)
    answer = await call.services.transactions.transaction_started(call.peer.id, start)
    return {"transactionId": answer.transaction_id, "idTagInfo": translate.id_tag_info(answer)}

from evgraph.domain.charging_session import AuthorizationStatus
from evgraph.ocpp import messages, translate
from evgraph.ocpp.handling import handles
from evgraph.ocpp.inbound import Answer, InboundCall

# The answer must hold one (OCPP 1.6 section 4.8); ours are positive, so this is no session's.
NO_TRANSACTION = 0


@handles("StartTransaction")
async def start_transaction(call: InboundCall) -> Answer:
    """S2, OCPP 1.6 section 4.8. Without a connector, an idTag or a first meter reading nothing can be billed: the
    charger is answered Invalid, and stops."""
    start = translate.transaction_start(messages.start_transaction(call.fields), call.received_at)
    if start is None:
        call.fields.note("no session can be made of it")
        return {"transactionId": NO_TRANSACTION, "idTagInfo": {"status": AuthorizationStatus.INVALID}}
    answer = await call.services.transactions.transaction_started(call.peer.id, start)
    return {"transactionId": answer.transaction_id, "idTagInfo": translate.id_tag_info(answer)}

from evgraph.ocpp.calls.answers import accepted
from evgraph.ocpp.calls.command import Command


def remote_stop_transaction(*, transaction_id: int) -> Command[None]:
    """OCPP 1.6 section 5.12."""
    return Command("RemoteStopTransaction", {"transactionId": transaction_id}, accepted)

from evgraph.domain.asks import UnlockConnector
from evgraph.ocpp.calls.answers import status
from evgraph.ocpp.calls.command import Command, asks


@asks(UnlockConnector)
def unlock_connector(ask: UnlockConnector) -> Command[str]:
    """OCPP 1.6 section 5.18. A charge point ends the transaction of that connector first."""
    return Command("UnlockConnector", {"connectorId": ask.connector_id}, status)

from evgraph.ocpp.calls.answers import accepted
from evgraph.ocpp.calls.command import Command


def remote_start_transaction(*, connector_id: int, id_tag: str) -> Command[None]:
    """S1, OCPP 1.6 section 5.11: always with the connector, for some chargers reject it without."""
    return Command("RemoteStartTransaction", {"connectorId": connector_id, "idTag": id_tag}, accepted)

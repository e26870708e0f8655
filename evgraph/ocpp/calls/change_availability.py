from evgraph.domain.asks import ChangeAvailability
from evgraph.ocpp.calls.answers import status
from evgraph.ocpp.calls.command import Command, asks


@asks(ChangeAvailability)
def change_availability(ask: ChangeAvailability) -> Command[str]:
    """OCPP 1.6 section 5.2. A transaction that runs is let finish: the answer is Scheduled then."""
    kind = "Operative" if ask.is_operative else "Inoperative"
    return Command("ChangeAvailability", {"connectorId": ask.connector_id, "type": kind}, status)

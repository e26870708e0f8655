from evgraph.domain.asks import ChangeConfiguration
from evgraph.ocpp.calls.answers import status
from evgraph.ocpp.calls.command import Command, asks


@asks(ChangeConfiguration)
def change_configuration(ask: ChangeConfiguration) -> Command[str]:
    """OCPP 1.6 section 5.3."""
    return Command("ChangeConfiguration", {"key": ask.key, "value": ask.value}, status)

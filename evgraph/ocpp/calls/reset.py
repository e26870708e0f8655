from evgraph.domain.asks import Reset
from evgraph.ocpp.calls.answers import status
from evgraph.ocpp.calls.command import Command, asks


@asks(Reset)
def reset(ask: Reset) -> Command[str]:
    """OCPP 1.6 section 5.14."""
    return Command("Reset", {"type": ask.kind.value}, status)

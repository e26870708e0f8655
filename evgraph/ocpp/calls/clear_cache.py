from evgraph.domain.asks import ClearCache
from evgraph.ocpp.calls.answers import status
from evgraph.ocpp.calls.command import Command, asks


@asks(ClearCache)
def clear_cache(_: ClearCache) -> Command[str]:
    """OCPP 1.6 section 5.4."""
    return Command("ClearCache", {}, status)

from collections.abc import Mapping
from typing import Any

from evgraph.domain.asks import GetLocalListVersion
from evgraph.ocpp.calls.answers import integer
from evgraph.ocpp.calls.command import Command, asks


@asks(GetLocalListVersion)
def get_local_list_version(_: GetLocalListVersion) -> Command[int]:
    """OCPP 1.6 section 5.10."""
    return Command("GetLocalListVersion", {}, _read)


def _read(answer: Mapping[str, Any]) -> int:
    return integer(answer, "listVersion")

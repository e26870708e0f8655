from collections.abc import Mapping
from typing import Any

from evgraph.domain.asks import GetDiagnostics
from evgraph.ocpp.calls.answers import text
from evgraph.ocpp.calls.command import Command, asks, only_given
from evgraph.ocpp.translate import iso

_LONGEST_NAME = 255


@asks(GetDiagnostics)
def get_diagnostics(ask: GetDiagnostics) -> Command[str | None]:
    """OCPP 1.6 section 5.9."""
    payload = only_given(
        location=ask.location,
        retries=ask.retries,
        retryInterval=ask.retry_interval_s,
        startTime=iso(ask.since) if ask.since else None,
        stopTime=iso(ask.until) if ask.until else None,
    )
    return Command("GetDiagnostics", payload, _read)


def _read(answer: Mapping[str, Any]) -> str | None:
    return text(answer, "fileName", _LONGEST_NAME)

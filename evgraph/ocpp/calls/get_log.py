from collections.abc import Mapping
from typing import Any

from evgraph.domain.asks import GetLog, LogAnswer
from evgraph.ocpp.calls.answers import status, text
from evgraph.ocpp.calls.command import Command, asks, only_given
from evgraph.ocpp.translate import iso

_LONGEST_NAME = 255


@asks(GetLog)
def get_log(ask: GetLog) -> Command[LogAnswer]:
    """Security extension, section 5.5."""
    log = only_given(
        remoteLocation=ask.location,
        oldestTimestamp=iso(ask.since) if ask.since else None,
        latestTimestamp=iso(ask.until) if ask.until else None,
    )
    payload = only_given(
        logType=ask.kind,
        requestId=ask.request_id,
        log=log,
        retries=ask.retries,
        retryInterval=ask.retry_interval_s,
    )
    return Command("GetLog", payload, _read)


def _read(answer: Mapping[str, Any]) -> LogAnswer:
    return LogAnswer(status=status(answer), file_name=text(answer, "filename", _LONGEST_NAME))

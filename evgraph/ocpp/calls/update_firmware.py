from collections.abc import Mapping
from typing import Any

from evgraph.domain.asks import UpdateFirmware
from evgraph.ocpp.calls.answers import accepted
from evgraph.ocpp.calls.command import Command, asks, only_given
from evgraph.ocpp.translate import iso


@asks(UpdateFirmware)
def update_firmware(ask: UpdateFirmware) -> Command[None]:
    """OCPP 1.6 section 5.19."""
    payload = only_given(
        location=ask.location,
        retrieveDate=iso(ask.retrieve_at),
        retries=ask.retries,
        retryInterval=ask.retry_interval_s,
    )
    return Command("UpdateFirmware", payload, _read)


def _read(answer: Mapping[str, Any]) -> None:
    """Its answer has no fields. Some give it a status all the same, and mean it."""
    if answer.get("status") is not None:
        accepted(answer)

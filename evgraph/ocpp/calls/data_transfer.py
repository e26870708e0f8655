import json
from collections.abc import Mapping
from typing import Any

from evgraph.domain.asks import DataTransfer, VendorAnswer
from evgraph.ocpp.calls.answers import status, text, unreadable
from evgraph.ocpp.calls.command import Command, asks, only_given

_LONGEST_DATA = 60_000


@asks(DataTransfer)
def data_transfer(ask: DataTransfer) -> Command[VendorAnswer]:
    """OCPP 1.6 section 5.6."""
    return Command("DataTransfer", only_given(vendorId=ask.vendor_id, messageId=ask.message_id, data=ask.data), _read)


def _read(answer: Mapping[str, Any]) -> VendorAnswer:
    return VendorAnswer(status=status(answer), data=_data(answer))


def _data(answer: Mapping[str, Any]) -> str | None:
    told = answer.get("data")
    if not isinstance(told, dict | list):
        return text(answer, "data", _LONGEST_DATA)
    try:
        # Vendors put an object where OCPP 1.6 has a text.
        return json.dumps(told, default=str)[:_LONGEST_DATA]
    except RecursionError:
        raise unreadable(told) from None

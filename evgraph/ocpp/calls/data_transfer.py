import json
from collections.abc import Mapping
from typing import Any

from evgraph.domain.asks import DataTransfer, VendorAnswer
from evgraph.ocpp.calls.answers import status, text
from evgraph.ocpp.calls.command import Command, asks, only_given

_LONGEST_DATA = 60_000


@asks(DataTransfer)
def data_transfer(ask: DataTransfer) -> Command[VendorAnswer]:
    """OCPP 1.6 section 5.6."""
    return Command("DataTransfer", only_given(vendorId=ask.vendor_id, messageId=ask.message_id, data=ask.data), _read)


def _read(answer: Mapping[str, Any]) -> VendorAnswer:
    data = answer.get("data")
    # Vendors put an object where OCPP 1.6 has a text.
    told = json.dumps(data, default=str) if isinstance(data, dict | list) else text(answer, "data", _LONGEST_DATA)
    return VendorAnswer(status=status(answer), data=told)

from typing import Any

from evgraph.domain.asks import LocalListEntry, SendLocalList
from evgraph.ocpp.calls.answers import status
from evgraph.ocpp.calls.command import Command, asks, only_given
from evgraph.ocpp.translate import iso


@asks(SendLocalList)
def send_local_list(ask: SendLocalList) -> Command[str]:
    """OCPP 1.6 section 5.15."""
    payload: dict[str, Any] = {
        "listVersion": ask.version,
        "updateType": "Full" if ask.is_full else "Differential",
        "localAuthorizationList": [_entry(entry) for entry in ask.entries],
    }
    return Command("SendLocalList", payload, status)


def _entry(entry: LocalListEntry) -> dict[str, Any]:
    if entry.status is None:
        return {"idTag": entry.id_tag}
    info = only_given(
        status=entry.status,
        expiryDate=iso(entry.expires_at) if entry.expires_at else None,
        parentIdTag=entry.parent_id_tag,
    )
    return {"idTag": entry.id_tag, "idTagInfo": info}

"""Reading what a charge point answered: tolerant of its form, and never a success where it cannot be read (C5)."""

from collections.abc import Mapping
from typing import Any

from evgraph.ocpp.fields import Fields, number
from evgraph.services.interfaces import ChargerRejected

_LONGEST_STATUS = 50
_STATUSES = (
    "Accepted",
    "AcceptedCanceled",
    "Failed",
    "Faulted",
    "InvalidCertificate",
    "NotFound",
    "NotImplemented",
    "NotSupported",
    "Occupied",
    "RebootRequired",
    "Rejected",
    "RevokedCertificate",
    "Scheduled",
    "Unavailable",
    "Unknown",
    "UnknownMessageId",
    "UnknownVendorId",
    "UnlockFailed",
    "Unlocked",
    "VersionMismatch",
)
_IN_ANY_CASE = {status.casefold(): status for status in _STATUSES}


def accepted(answer: Mapping[str, Any]) -> None:
    """Raises ChargerRejected unless its status is Accepted, also where it has none that can be read."""
    if status(answer) != "Accepted":
        raise unreadable(answer.get("status"))


def status(answer: Mapping[str, Any]) -> str:
    """As OCPP spells it; one that OCPP does not know as it was told. Raises ChargerRejected where there is none that
    can be read."""
    told = answer.get("status")
    word = Fields({"status": told}).text("status", _LONGEST_STATUS) if isinstance(told, str) else None
    if not word:
        raise unreadable(told)
    return _IN_ANY_CASE.get(word.casefold(), word)


def text(answer: Mapping[str, Any], name: str, longest: int) -> str | None:
    """Trimmed and cut; null where it is missing, null or empty. Raises ChargerRejected for what is no text."""
    told = answer.get(name)
    if isinstance(told, bool):
        return str(told).lower()
    fields = Fields(answer)
    found = fields.text(name, longest)
    if fields.problems:
        raise unreadable(told)
    return found or None


def integer(answer: Mapping[str, Any], name: str) -> int:
    """It may come as 3.0 or "3". Raises ChargerRejected where there is none."""
    told = answer.get(name)
    value = number(told)
    if value is None or value != value.to_integral_value() or abs(value) >= 2**31:
        raise unreadable(told)
    return int(value)


def is_true(told: Any) -> bool:
    """true, "True", 1 and "1"."""
    return isinstance(told, bool | int | str) and str(told).strip().casefold() in ("true", "1")


def objects(answer: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects of a list, or a single one; what else is in it is passed over. Raises ChargerRejected when there is
    something and none of it is an object."""
    told = answer.get(name)
    entries = told if isinstance(told, list) else [] if told is None else [told]
    found: list[Mapping[str, Any]] = [entry for entry in entries if isinstance(entry, dict)]
    if entries and not found:
        raise unreadable(told)
    return found


def unreadable(told: Any) -> ChargerRejected:
    try:
        return ChargerRejected(f"it answered {told!r}"[:100])
    except RecursionError:
        return ChargerRejected("it answered something nested without end")

"""Ids as clients see them: opaque, and typed, so that a port's id never finds a stay."""

import base64
import binascii

import strawberry

from evgraph.domain.refusals import ErrorCode, Refusal

_MAX_ID = 2**31 - 1
_NOUNS = {
    "Garage": "garage",
    "Port": "port",
    "ChargePoint": "charge point",
    "Stay": "stay",
    "LineItem": "line item",
    "ChargingRequest": "charging request",
    "ChargingSession": "charging session",
    "Rate": "rate",
    "Card": "card",
    "QuarantinedMessage": "quarantined message",
    "ChargePointJob": "job",
    "ChargePointCertificate": "certificate",
    "Reservation": "reservation",
}


def encode(type_name: str, key: int) -> strawberry.ID:
    return strawberry.ID(base64.b64encode(f"{type_name}:{key}".encode()).decode())


def decode(global_id: str) -> tuple[str, int] | None:
    """The type's name and the key; null for what is no id of ours."""
    try:
        text = base64.b64decode(global_id, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    type_name, _, key = text.partition(":")
    # Only the one way of writing a number counts, so that an object has one id.
    if not (type_name and key.isascii() and key.isdecimal()) or len(key) > 10 or str(int(key)) != key:
        return None
    return (type_name, int(key)) if int(key) <= _MAX_ID else None


def key_of(type_name: str, global_id: str) -> int | None:
    """The key of an id of that type; null for any other."""
    decoded = decode(global_id)
    return decoded[1] if decoded and decoded[0] == type_name else None


def required_key(type_name: str, global_id: str, *field: str) -> int:
    """The key of an id in an input. Raises Refusal NOT_FOUND with the field at fault."""
    key = key_of(type_name, global_id)
    if key is None:
        raise Refusal(ErrorCode.NOT_FOUND, f"There is no such {_NOUNS[type_name]}.", field)
    return key


def optional_key(type_name: str, global_id: str | None, *field: str) -> int | None:
    """The same for an id that may be left out."""
    return required_key(type_name, global_id, *field) if global_id else None

"""What OCPP 1.6 and its security extension allow a central system to send, by their JSON schemas."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from jsonschema import Draft4Validator, FormatChecker, ValidationError  # type: ignore[import-untyped]
from jsonschema.exceptions import relevance  # type: ignore[import-untyped]
from ocpp.messages import MessageType, get_validator  # type: ignore[import-untyped]

from evgraph.services.interfaces import BadCall

_CORE = (
    "CancelReservation",
    "ChangeAvailability",
    "ChangeConfiguration",
    "ClearCache",
    "ClearChargingProfile",
    "DataTransfer",
    "GetCompositeSchedule",
    "GetConfiguration",
    "GetDiagnostics",
    "GetLocalListVersion",
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "ReserveNow",
    "Reset",
    "SendLocalList",
    "SetChargingProfile",
    "TriggerMessage",
    "UnlockConnector",
    "UpdateFirmware",
)
_SECURITY = (
    "CertificateSigned",
    "DeleteCertificate",
    "ExtendedTriggerMessage",
    "GetInstalledCertificateIds",
    "GetLog",
    "InstallCertificate",
    "SignedUpdateFirmware",
)
# Every CALL that goes from a central system to a charge point.
ACTIONS = frozenset((*_CORE, *_SECURITY))

MAX_INT32 = 2**31 - 1
_DEEPEST = 20
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+", re.ASCII)
_KINDS = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}

_formats = FormatChecker(formats=())
for _name, _pattern in (("date-time", _INSTANT), ("uri", _URI)):
    _formats.checks(_name)(lambda value, shape=_pattern: not isinstance(value, str) or shape.fullmatch(value))


def check(action: str, payload: Mapping[str, Any]) -> None:
    """Raises BadCall, which says in a sentence what is wrong."""
    if action not in ACTIONS:
        raise BadCall(
            f"There is no {action[:60]} that a central system sends. There are: {', '.join(sorted(ACTIONS))}.", "action"
        )
    failures = list(_validator(action).iter_errors(_exact(payload, action, 0)))
    if failures:
        raise BadCall(_sentence(action, max(failures, key=relevance)), "payload")


@cache
def _validator(action: str) -> Draft4Validator:
    # The steps of 0.1 that some numbers must come in are exact as decimals only.
    found = get_validator(MessageType.Call, action, "1.6", parse_float=Decimal)
    return found.evolve(format_checker=_formats)


def _exact(value: Any, name: str, depth: int) -> Any:
    """The same with its floats as decimals. Raises BadCall for what no JSON, or no int32, can hold."""
    if depth > _DEEPEST:
        raise BadCall(f"{name} is nested too deeply.", "payload")
    match value:
        case bool() | None:
            return value
        case int() if abs(value) > MAX_INT32:
            raise BadCall(f"{name} is beyond what a charge point can hold (int32).", "payload")
        case float() | Decimal():
            decimal = Decimal(str(value))
            if not decimal.is_finite() or abs(decimal) > MAX_INT32:
                raise BadCall(f"{name} is not a number that a charge point can hold.", "payload")
            return decimal
        case str() if "\x00" in value or not _is_unicode(value):
            raise BadCall(f"{name} holds characters that cannot be sent.", "payload")
        case Mapping():
            return {key: _exact(entry, _path(name, key), depth + 1) for key, entry in value.items()}
        case list() | tuple():
            return [_exact(entry, f"{name}[{at}]", depth + 1) for at, entry in enumerate(value)]
    return value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _path(name: str, *inside: object) -> str:
    path = name
    for step in inside:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return path[:200]


def _sentence(action: str, failure: ValidationError) -> str:
    """In words: which field, and what it may be."""
    field = _path(action, *failure.absolute_path)
    wanted = failure.validator_value
    match failure.validator:
        case "required":
            missing = [name for name in wanted if name not in failure.instance]
            return f"{field} lacks {_and(missing)}."
        case "additionalProperties":
            known = list(failure.schema.get("properties", {}))
            strange = [str(name)[:60] for name in failure.instance if name not in known]
            allowed = f"it may have {_and(known)}" if known else "it has no fields"
            return f"{field} has no field {_and(strange)}; {allowed}."
        case "type":
            return f"{field} must be {_KINDS.get(wanted, wanted)}."
        case "enum":
            return f"{field} must be one of {', '.join(map(str, wanted))}."
        case "maxLength":
            return f"{field} may have {wanted} characters at most."
        case "multipleOf":
            return f"{field} must be a multiple of {wanted}."
        case "format" if wanted == "date-time":
            return f"{field} must be an instant with its zone, such as 2026-11-22T08:48:00Z."
        case "format":
            return f"{field} must be an address, such as ftp://10.0.0.5/upload."
    return f"{field}: {failure.message[:200]}."


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))

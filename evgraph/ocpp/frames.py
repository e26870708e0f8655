"""OCPP-J framing (OCPP-J 1.6 section 4.2): what a text frame says, and what we write."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, DecimalException
from enum import StrEnum
from typing import Any

import msgspec

MessageId = str | int | Decimal
Payload = dict[str, Any]

_CALL, _CALL_RESULT, _CALL_ERROR = 2, 3, 4
_ANSWERS = (_CALL_RESULT, _CALL_ERROR)
# What C firmware leaves around a text: a byte order mark, the NUL at its end, line ends.
_AROUND = "\ufeff\x00 \t\r\n"
_LONGEST_NUMBER = 40
_LONGEST_DESCRIPTION = 255


class ErrorCode(StrEnum):
    """OCPP-J 1.6 section 4.2.3, with its own spelling of Formation and Occurence."""

    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    INTERNAL_ERROR = "InternalError"
    PROTOCOL_ERROR = "ProtocolError"
    SECURITY_ERROR = "SecurityError"
    FORMATION_VIOLATION = "FormationViolation"
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    OCCURENCE_CONSTRAINT_VIOLATION = "OccurenceConstraintViolation"
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"
    GENERIC_ERROR = "GenericError"


class NotAFrame(Exception):
    """Nothing that could be answered: to be logged and ignored (C7)."""


@dataclass(frozen=True, slots=True)
class Call:
    """`message_id` is echoed as it came: chargers send integers, nothing at all, and 37 characters."""

    message_id: MessageId
    action: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class MalformedCall:
    """A CALL whose id can be read and whose rest cannot."""

    message_id: MessageId
    why: str


@dataclass(frozen=True, slots=True)
class CallResult:
    """`payload` is null where it is not an object: an answer that cannot be read is never a success (C5)."""

    message_id: MessageId
    payload: Payload | None


@dataclass(frozen=True, slots=True)
class CallError:
    """Sent by us it has five elements; taken from a charger it may have two to five."""

    message_id: MessageId
    code: str
    description: str = ""
    details: Payload = field(default_factory=dict)


Frame = Call | MalformedCall | CallResult | CallError


def decode(text: str) -> Frame:
    """Raises NotAFrame for what is not JSON, not an array, of an unknown message type, or without a readable id."""
    return _frame(parse(text))


def decode_large(text: str) -> Frame:
    """As `decode`, for a worker thread: slower, but the interpreter goes on with other threads meanwhile."""
    return _frame(_lenient_json(text.strip(_AROUND), _interruptible_decoder))


def _frame(elements: Any) -> Frame:
    if not isinstance(elements, list):
        raise NotAFrame("not an array")
    kind = elements[0] if elements else None
    if isinstance(kind, bool) or kind not in (_CALL, *_ANSWERS):
        raise NotAFrame("unknown message type")
    message_id = elements[1] if len(elements) > 1 else None
    if isinstance(message_id, bool) or not isinstance(message_id, str | int | Decimal):
        raise NotAFrame("no message id")
    if kind == _CALL:
        return _call(message_id, elements[2:])
    if kind == _CALL_RESULT:
        return CallResult(message_id, _object(elements[2]) if len(elements) > 2 else None)
    code, description, details = (*elements[2:5], None, None, None)[:3]
    return CallError(message_id, _word(code), _word(description), _object(details) or {})


def encode_call(message_id: str, action: str, payload: Mapping[str, Any]) -> str:
    return encode([_CALL, message_id, action, payload])


def encode_result(message_id: MessageId, payload: Mapping[str, Any]) -> str:
    return encode([_CALL_RESULT, message_id, payload])


def encode_error(error: CallError) -> str:
    """Five elements always (OCPP-J 1.6 section 4.2.3)."""
    description = error.description[:_LONGEST_DESCRIPTION]
    return encode([_CALL_ERROR, error.message_id, error.code, description, error.details])


def _call(message_id: MessageId, rest: list[Any]) -> Call | MalformedCall:
    if not rest or not isinstance(rest[0], str):
        return MalformedCall(message_id, "The action is not a string.")
    if len(rest) < 2:
        return MalformedCall(message_id, "The payload is missing.")
    payload = _object(rest[1])
    if payload is None:
        return MalformedCall(message_id, "The payload is not an object.")
    return Call(message_id, rest[0], payload)


def _object(value: Any) -> Payload | None:
    # OCPP-J 1.6 section 4.2.1: null stands for an empty payload.
    if value is None:
        return {}
    return value if isinstance(value, dict) else None


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def parse(text: str) -> Any:
    """The JSON that a text holds, read leniently; raises NotAFrame."""
    text = text.strip(_AROUND)
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, DecimalException, UnicodeError, RecursionError):
        return _lenient_json(text)


def _lenient_json(text: str, decoder: json.JSONDecoder | None = None) -> Any:
    """What firmware writes and JSON forbids: raw control characters, NaN, half a surrogate, numbers without end."""
    try:
        return (decoder or _lenient_decoder).decode(text)
    except (ValueError, RecursionError) as failure:
        raise NotAFrame("not JSON") from failure


def _lenient_number(digits: str) -> Decimal | str:
    try:
        return Decimal(digits)
    except DecimalException:
        return digits


def _lenient_integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits


_lenient_decoder = json.JSONDecoder(
    strict=False, parse_float=_lenient_number, parse_int=_lenient_integer, parse_constant=str
)


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Python's own code, between whose lines another thread may have its turn; the decoder's C code lets none.
    return dict(pairs)


_interruptible_decoder = json.JSONDecoder(
    strict=False,
    parse_float=_lenient_number,
    parse_int=_lenient_integer,
    parse_constant=str,
    object_pairs_hook=_object_of,
)


def encode(elements: Any) -> str:
    try:
        return _encoder.encode(elements).decode()
    except UnicodeEncodeError:
        # Half a surrogate in the message id, to be echoed as it came.
        return json.dumps(elements, separators=(",", ":"), default=str)

"""OCPP-J frames as the messages that a bill depends on, read tolerantly (C8); what answered what (OCPP-J 4.2)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from .record import Frame, Record

NO_REGISTER = 0xFFFFFFFF
IDENTITY_OF_A_START = ("connectorId", "idTag", "meterStart", "timestamp")

Result = tuple[datetime, dict[str, Any]]


@dataclass(frozen=True)
class Sample:
    """A SampledValue, its defaults filled in (M1). `exponent`: the decimal place of the value's last digit, in Wh for
    energy."""

    measurand: str
    context: str
    location: str
    phase: str | None
    value: Decimal
    unit: str
    exponent: int


@dataclass(frozen=True)
class Entry:
    """An element of meterValue: samples under one stamp, and when they were received."""

    stamp: object
    received_at: datetime
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Start:
    at: datetime
    connector: int
    id_tag: str | None
    register: int | None
    stamp: object
    raw: tuple[str, ...]
    answered: int | None


@dataclass(frozen=True)
class Stop:
    """`raw` is the payload, by which a resend is recognized (T2)."""

    at: datetime
    transaction_id: int | None
    id_tag: str | None
    register: int | None
    stamp: object
    reason: str | None
    entries: tuple[Entry, ...]
    raw: str


@dataclass(frozen=True)
class Readings:
    at: datetime
    connector: int
    transaction_id: int | None
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Status:
    at: datetime
    connector: int
    status: str
    stamp: object
    info: str
    socket: int = 1


@dataclass(frozen=True)
class Boot:
    at: datetime


@dataclass(frozen=True)
class Answered:
    """Our own call and what became of it. `status` is None where no answer came."""

    at: datetime
    action: str
    payload: dict[str, Any]
    status: str | None
    answered_at: datetime | None


Message = Start | Stop | Readings | Status | Boot


def messages(record: Record) -> list[Message]:
    """What the charge point told, in order of arrival. A CALL that repeats id, action, and content on one connection
    is one CALL (C9)."""
    answers = _answers(record.frames, from_charger=False)
    told: list[Message] = []
    seen: set[tuple[int, str]] = set()
    for frame, parts in _parsed(record.frames):
        if not frame.from_charger or parts[0] != 2 or len(parts) < 3:
            continue
        if (frame.socket, frame.raw) in seen:
            continue
        seen.add((frame.socket, frame.raw))
        payload = parts[3] if len(parts) > 3 and isinstance(parts[3], dict) else {}
        message = _read(frame, str(parts[2]), payload, answers.get((frame.socket, str(parts[1]))))
        if message is not None:
            told.append(message)
    return told


def our_calls(record: Record) -> list[Answered]:
    """RemoteStartTransaction and RemoteStopTransaction as we sent them, with their answers."""
    answers = _answers(record.frames, from_charger=True)
    calls = []
    for frame, parts in _parsed(record.frames):
        if frame.from_charger or parts[0] != 2 or len(parts) < 4:
            continue
        found = answers.get((frame.socket, str(parts[1])))
        status = found[1].get("status", "") if found else None
        calls.append(Answered(frame.at, parts[2], parts[3], status, found[0] if found else None))
    return calls


def _parsed(frames: tuple[Frame, ...]) -> Iterator[tuple[Frame, list[Any]]]:
    for frame in frames:
        try:
            parts = json.loads(frame.raw, parse_float=Decimal)
        except ValueError:
            continue
        if isinstance(parts, list) and len(parts) > 1:
            yield frame, parts


def _answers(
    frames: tuple[Frame, ...], *, from_charger: bool
) -> dict[tuple[int, str], tuple[datetime, dict[str, Any]]]:
    """The first result of each call, by connection and id. A CALLERROR is an answer without a status."""
    found: dict[tuple[int, str], Result] = {}
    for frame, parts in _parsed(frames):
        if frame.from_charger is from_charger and parts[0] in (3, 4):
            result = parts[2] if parts[0] == 3 and len(parts) > 2 and isinstance(parts[2], dict) else {}
            found.setdefault((frame.socket, str(parts[1])), (frame.at, result))
    return found


def _read(frame: Frame, action: str, payload: dict[str, Any], answer: Result | None) -> Message | None:
    match action:
        case "StartTransaction":
            raw = tuple(json.dumps(payload.get(part), default=str) for part in IDENTITY_OF_A_START)
            return Start(
                at=frame.at,
                connector=whole(payload.get("connectorId")) or 0,
                id_tag=text(payload.get("idTag")),
                register=register(payload.get("meterStart")),
                stamp=payload.get("timestamp"),
                raw=raw,
                answered=whole(answer[1].get("transactionId")) if answer else None,
            )
        case "StopTransaction":
            return Stop(
                at=frame.at,
                transaction_id=whole(payload.get("transactionId")),
                id_tag=text(payload.get("idTag")),
                register=register(payload.get("meterStop")),
                stamp=payload.get("timestamp"),
                reason=text(payload.get("reason")),
                entries=_entries(payload.get("transactionData"), frame.at),
                raw=json.dumps(payload, sort_keys=True, default=str),
            )
        case "MeterValues":
            return Readings(
                at=frame.at,
                connector=whole(payload.get("connectorId")) or 0,
                transaction_id=whole(payload.get("transactionId")),
                entries=_entries(payload.get("meterValue"), frame.at),
            )
        case "StatusNotification":
            return Status(
                at=frame.at,
                connector=whole(payload.get("connectorId")) or 0,
                status=text(payload.get("status")) or "",
                stamp=payload.get("timestamp"),
                info=text(payload.get("info")) or "",
                socket=frame.socket,
            )
        case "BootNotification":
            return Boot(frame.at)
    return None


def text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def number(value: object) -> Decimal | None:
    """A number, also one in a string (C8)."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        found = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def whole(value: object) -> int | None:
    found = number(value)
    return int(found) if found is not None else None


def register(value: object) -> int | None:
    """meterStart or meterStop in Wh; None for what no meter shows: -1, null, 0xFFFFFFFF, or a text."""
    found = whole(value)
    return found if found is not None and 0 <= found < NO_REGISTER else None


def _entries(value: object, received_at: datetime) -> tuple[Entry, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(
        Entry(entry.get("timestamp"), received_at, tuple(_samples(entry.get("sampledValue"))))
        for entry in value
        if isinstance(entry, dict)
    )


def _samples(value: object) -> Iterator[Sample]:
    for sample in value if isinstance(value, list) else ():
        if not isinstance(sample, dict) or sample.get("format") == "SignedData":
            continue
        amount = number(sample.get("value"))
        if amount is None:
            continue
        measurand = text(sample.get("measurand")) or "Energy.Active.Import.Register"
        unit = text(sample.get("unit")) or "Wh"
        kilo = unit.lower() in ("kwh", "kw")
        exponent = amount.as_tuple().exponent
        yield Sample(
            measurand=measurand,
            context=text(sample.get("context")) or "Sample.Periodic",
            location=text(sample.get("location")) or "Outlet",
            phase=(text(sample.get("phase")) or "").upper() or None,
            value=amount.scaleb(3) if kilo else amount,
            unit=unit,
            exponent=int(exponent) + (3 if kilo else 0),
        )

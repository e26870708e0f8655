"""What stored frames said of sessions, in the order in which they came."""

from dataclasses import dataclass, replace
from datetime import datetime

from evgraph.domain.charge_point import FrameDirection, FrameKind
from evgraph.domain.energy import Reading
from evgraph.domain.frames import LoggedFrame
from evgraph.domain.port import StatusReport
from evgraph.domain.transactions import TransactionStart, TransactionStop
from evgraph.ocpp import messages, translate
from evgraph.ocpp.fields import CallRefused, Fields
from evgraph.ocpp.frames import Call, CallResult, NotAFrame, Payload, decode
from evgraph.services.frames import as_it_came

# What moves a session, and what shows that its charge point is there (T7).
TOLD = ("StartTransaction", "MeterValues", "StopTransaction", "StatusNotification", "BootNotification", "Heartbeat")
# The only answers that are asked for: the transactionId, and whether a message was answered at all.
ANSWERED = ("StartTransaction", "StopTransaction")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """`connector_id`: None where it makes no sense; then there is a transactionId."""

    connector_id: int | None
    transaction_id: int | None
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """It was there; nothing more."""


@dataclass(frozen=True, slots=True)
class Booted:
    """It began anew, and has not said what became of what ran (B2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """An operator took a stop that could not be placed as the end of a session (T3); or, where `session_id` is null,
    as the end of none, so that it waits for its start no longer (X2)."""

    session_id: int | None
    stop: TransactionStop


Message = TransactionStart | TransactionStop | Metered | StatusReport | Booted | Seen | Resolved


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """`at`: when it came. `transaction_id`: what a StartTransaction was answered, null where its answer is not kept.
    `content` tells a start or a stop that is sent again; `message_id` too, one that is answered from memory (C9).
    `heard_at`: when it was heard, where our clock ran ahead then and `at` is later than that; never after what came
    next. `is_doubtful`: parts of it could not be read, so that it lies in quarantine as well (C8)."""

    at: datetime
    message: Message
    content: str = ""
    message_id: str | None = None
    heard_at: datetime | None = None
    is_doubtful: bool = False
    is_answered: bool = False
    transaction_id: int | None = None


class Transcript:
    """Takes one charge point's frames, oldest first. A message that was refused with a CALLERROR had no effect, and is
    left out; so is what nothing can be made of."""

    def __init__(self) -> None:
        self._told: list[Word | None] = []
        self._waiting: dict[str | None, int] = {}

    def take(self, frame: LoggedFrame) -> None:
        if frame.direction is FrameDirection.RECEIVED:
            word = _word(frame)
            if word is not None:
                self._waiting[frame.message_id] = len(self._told)
                self._told.append(word)
            return
        place = self._waiting.pop(frame.message_id, None)
        word = self._told[place] if place is not None else None
        if place is None or word is None:
            return
        is_refused = frame.kind is FrameKind.CALL_ERROR
        self._told[place] = None if is_refused else _answered(word, frame)

    def words(self, now: datetime | None = None) -> list[Word]:
        """In the order of the wire, each with when it was heard. `now`: all were heard by then."""
        told = [word for word in self._told if word is not None]
        earliest = now or max((word.at for word in told), default=None)
        ahead: list[bool] = []
        for word in reversed(told):
            ahead.append(earliest is not None and word.at > earliest)
            earliest = min(earliest, word.at) if earliest is not None else word.at
        heard: list[Word] = []
        for word, is_ahead in zip(told, reversed(ahead), strict=True):
            before = (heard[-1].heard_at or heard[-1].at) if heard else earliest
            heard.append(replace(word, heard_at=before) if is_ahead else word)
        return heard


def resolved(frame: str, *, quarantined_at: datetime, resolved_at: datetime, session_id: int | None) -> Word | None:
    """Null where the frame is no StopTransaction that can be read."""
    stop = quarantined(frame, quarantined_at)
    if stop is None or not isinstance(stop.message, TransactionStop):
        return None
    return Word(at=resolved_at, message=Resolved(session_id=session_id, stop=stop.message))


def quarantined(frame: str, at: datetime) -> Word | None:
    """A stop that lies in quarantine, as it came; null where the frame is none that can be read."""
    try:
        call = decode(frame)
        message = _message(call.action, Fields(call.payload), at) if isinstance(call, Call) else None
    except (NotAFrame, CallRefused):
        return None
    return Word(at=at, message=message) if isinstance(message, TransactionStop) else None


def _word(frame: LoggedFrame) -> Word | None:
    try:
        call = decode(as_it_came(frame.frame))
        if not isinstance(call, Call):
            return None
        fields = Fields(call.payload)
        message = _message(call.action, fields, frame.at)
    except (NotAFrame, CallRefused):
        return None
    if message is None:
        return None
    is_transaction = isinstance(message, TransactionStart | TransactionStop)
    return Word(
        at=frame.at,
        message=message,
        content=repr(call.payload) if is_transaction else "",
        message_id=frame.message_id,
        is_doubtful=bool(fields.problems),
    )


def _message(action: str, fields: Fields, received_at: datetime) -> Message | None:
    match action:
        case "StartTransaction":
            return translate.transaction_start(messages.start_transaction(fields), received_at)
        case "StopTransaction":
            return translate.transaction_stop(messages.stop_transaction(fields), received_at, raw="")
        case "MeterValues":
            metered = messages.meter_values(fields)
            readings = translate.readings(metered.meter_values, received_at)
            is_placed = metered.connector_id is not None or metered.transaction_id is not None
            if not is_placed or not readings:
                return None
            return Metered(connector_id=metered.connector_id, transaction_id=metered.transaction_id, readings=readings)
        case "StatusNotification":
            report = translate.status_report(messages.status_notification(fields), received_at)
            return report if report is not None and report.connector_id > 0 else None
        case "BootNotification":
            return Booted()
        case "Heartbeat":
            return Seen()
    return None


def _answered(word: Word, frame: LoggedFrame) -> Word:
    return replace(word, is_answered=True, transaction_id=_transaction_id(frame))


def _transaction_id(frame: LoggedFrame) -> int | None:
    try:
        answer = decode(frame.frame)
    except NotAFrame:
        return None
    payload: Payload = (answer.payload or {}) if isinstance(answer, CallResult) else {}
    told = payload.get("transactionId")
    return told if isinstance(told, int) and told > 0 else None

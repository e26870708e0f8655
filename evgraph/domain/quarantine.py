"""What was answered and could not be placed (C8, T3, M3), and what an operator made of it."""

from dataclasses import dataclass, replace
from datetime import datetime

from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.session_clock import lies_before_start
from evgraph.domain.session_end import was_closed_by_us
from evgraph.domain.transactions import TransactionStop

MAX_RESOLUTION = 300
_SESSION = ("input", "sessionId")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedMessage:
    """`frame` as it came. `energy_wh` is the meter's register that a StopTransaction told. `session_id`: the session
    that it was found to belong to. `count`: how often it came, at last `last_at` (null where repeats of such messages
    never merge); `frame` is the latest, and `connector_id` the one that it names, if any."""

    id: int
    charge_point_id: int
    action: str
    frame: str
    why: str
    energy_wh: int | None
    at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None
    session_id: int | None
    connector_id: int | None = None
    count: int = 1
    last_at: datetime | None = None


# C8: what one habit of a charger sends with every reading, or every status. Each start and stop is a bill of its own.
MERGED = frozenset({"MeterValues", "StatusNotification"})


def is_same_reason(held: str, why: str) -> bool:
    """C8: whether a message that is kept for this reason is a repeat of one that is held for that one, which may have
    been found to have further reasons since."""
    return held == why or held.startswith(f"{why} ")


def why_not_placed(stop: TransactionStop, session: ChargingSession | None) -> str:
    """T3, for an operator. `session`: the one that its transactionId names, and that it did not end."""
    if session is not None:
        return (
            f"Session {session.id} was ended by another StopTransaction, and this one does not qualify as a correction."
        )
    if stop.transaction_id is None:
        return "It names none of our sessions, and none can be told to be meant."
    return f"No session is known by transactionId {stop.transaction_id}."


def resolved(
    message: QuarantinedMessage, *, resolution: str, by: str, session_id: int | None, now: datetime
) -> QuarantinedMessage:
    """Raises Refusal ALREADY_RESOLVED, or INVALID without a reason."""
    if message.resolved_at is not None:
        who = message.resolved_by or "someone"
        raise Refusal(
            ErrorCode.ALREADY_RESOLVED, f"{who} resolved this message already: {message.resolution}", ("input", "id")
        )
    reason = " ".join(resolution.split())
    if not 1 <= len(reason) <= MAX_RESOLUTION or not reason.isprintable():
        raise Refusal(
            ErrorCode.INVALID,
            f"Say in 1 to {MAX_RESOLUTION} printable characters how this was resolved.",
            ("input", "resolution"),
        )
    return replace(message, resolved_at=now, resolved_by=by, resolution=reason, session_id=session_id)


def refuse_unless_it_ends(stop: TransactionStop | None, session: ChargingSession) -> TransactionStop:
    """The stop, where it may be the end of that session (T1, T5); also a second, different one that names it (T3).
    Raises Refusal INVALID or SESSION_NOT_ACTIVE."""
    if stop is None or stop.meter_stop_wh is None:
        raise Refusal(
            ErrorCode.INVALID, "This message does not tell how a session ended. Resolve it without one.", _SESSION
        )
    is_its_own = stop.transaction_id == session.id
    if session.status is SessionStatus.ENDED and not was_closed_by_us(session) and not is_its_own:
        raise Refusal(
            ErrorCode.SESSION_NOT_ACTIVE,
            "This session has ended already and its bill stands. Resolve this message without a session.",
            _SESSION,
        )
    if not session.status.has_begun:
        raise Refusal(ErrorCode.SESSION_NOT_ACTIVE, "This session never began to charge.", _SESSION)
    if lies_before_start(session, stop):
        raise Refusal(ErrorCode.INVALID, "This message is older than the session: it ended another one.", _SESSION)
    return stop

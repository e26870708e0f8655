"""RemoteStopTransaction: what its answers leave on the session, and when a person may end the session without one."""

from dataclasses import replace
from datetime import datetime, timedelta

from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.own_clock import has_elapsed, is_ahead
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.session_end import BOOTED_FOR

STOPS_WITHIN = timedelta(minutes=1)
# What a charger that is connected does, after which a person may end the session (T7).
REFUSALS = frozenset({ErrorCode.CHARGER_REJECTED, ErrorCode.CHARGER_TIMEOUT, ErrorCode.CHARGER_BUSY})
FAILURES = REFUSALS | {ErrorCode.CHARGER_OFFLINE}
# After these, nothing was sent: it is asked again as soon as it can be.
_UNSENT = frozenset({ErrorCode.CHARGER_OFFLINE, ErrorCode.CHARGER_BUSY})


def refuse_unless_running(session: ChargingSession) -> None:
    """Raises Refusal SESSION_NOT_ACTIVE."""
    if session.status is not SessionStatus.CHARGING or session.transaction_id is None:
        raise Refusal(ErrorCode.SESSION_NOT_ACTIVE, "This session is no longer running.", ("input", "sessionId"))


def stop_accepted(session: ChargingSession, *, sent_at: datetime) -> ChargingSession:
    """The charger accepted to stop: earlier failures no longer count."""
    return replace(session, stop_asked_at=sent_at, stop_rejected_at=None, stop_failed_at=None)


def stop_failed(
    session: ChargingSession, code: ErrorCode, *, sent_at: datetime, now: datetime, booted_at: datetime | None = None
) -> ChargingSession:
    """T7: the charger refused, did not answer, is offline, or is busy. In the last two cases nothing was sent. The
    first rejection since the charger last accepted is kept, or the first that counts since it last booted
    (`booted_at`)."""
    is_sent = code not in _UNSENT
    is_rejected = code is ErrorCode.CHARGER_REJECTED
    return replace(
        session,
        stop_asked_at=sent_at if is_sent else session.stop_asked_at,
        stop_rejected_at=_first_rejection(session, now, booted_at) if is_rejected else session.stop_rejected_at,
        stop_failed_at=now,
    )


def _first_rejection(session: ChargingSession, now: datetime, booted_at: datetime | None) -> datetime:
    first = session.stop_rejected_at
    if first is None or is_ahead(first, now):
        return now
    return now if booted_at is not None and first < booted_at + BOOTED_FOR else first


def is_overdue(session: ChargingSession, now: datetime) -> bool:
    """The charger accepted to stop at least STOPS_WITHIN ago, and the session still runs. Where EVGraph itself asks
    again each minute, the first time counts: when the vehicle left (T4), or before the session was open again (T7)."""
    if session.stop_asked_at is None or session.stop_failed_at is not None:
        return False
    if not session.must_stop:
        return has_elapsed(session.stop_asked_at, STOPS_WITHIN, now)
    return session.ev_gone_at is None or has_elapsed(session.ev_gone_at, STOPS_WITHIN, now)

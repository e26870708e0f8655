"""Which of the derived sessions a message means: what services ask the database, asked of what was derived."""

from datetime import datetime

from evgraph.domain import session_end, session_start, stop_matching
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.port import StatusReport
from evgraph.domain.session_clock import end_time, is_since_start
from evgraph.domain.session_unplug import is_rest
from evgraph.domain.transactions import TransactionStart, TransactionStop
from evgraph.ocpp.replay.derived_sessions import Derived, DerivedSessions, started_at
from evgraph.ocpp.replay.words import Metered, Word


def session_of_start(sessions: DerivedSessions, start: TransactionStart, word: Word) -> Derived | None:
    """S2: this start came before: it was answered the same, or says the same."""
    named = sessions.named(word.transaction_id)
    if named is not None:
        return named
    # Where both were answered, they were not answered the same.
    told = [one for one in reversed(sessions.all) if word.transaction_id is None or one.transaction_id is None]
    very = next((one for one in told if session_start.was_opened_by_the_very(one.session, start)), None)
    if very is not None:
        return very
    return next((one for one in told if session_start.was_opened_by(one.session, start, another_waits=False)), None)


def session_of_stop(sessions: DerivedSessions, stop: TransactionStop) -> Derived | None:
    """T3, T2, T7; as services.stop_lookup asks the database."""
    by_id = sessions.named(stop.transaction_id)
    if by_id is not None and (not stop.id_tag or stop_matching.bears(by_id.session, stop.id_tag)):
        return by_id
    bearing = [one for one in sessions.all if stop_matching.bears(one.session, stop.id_tag)]
    if by_id is not None and stop_matching.named_by_id(stop, [by_id.session]) is not None:
        return by_id
    if bearing:
        found = stop_matching.named_by_tag(stop, [one.session for one in bearing], sessions.around.supplies)
        return next((one for one in bearing if one.session is found), None)
    if stop.id_tag or by_id is not None:
        return None
    return _ended_before(sessions, stop) or _only_open(sessions, stop) or _only_closed(sessions, stop)


def _ended_before(sessions: DerivedSessions, stop: TransactionStop) -> Derived | None:
    return next((one for one in reversed(sessions.all) if stop_matching.was_ended_by(one.session, stop)), None)


def _only_open(sessions: DerivedSessions, stop: TransactionStop) -> Derived | None:
    running = sessions.running()
    if len(running) != 1:
        return None
    session = running[0].session
    may_end = stop_matching.may_end_only_open(
        session,
        stop,
        supply=sessions.around.supplies.get(session.connector_id),
        has_other_connectors=len(sessions.around.reported) > 1,
        rose_later=_rose_after(running[0], end_time(session, stop).at),
    )
    return running[0] if may_end else None


def _only_closed(sessions: DerivedSessions, stop: TransactionStop) -> Derived | None:
    if stop.meter_stop_wh is None and len(sessions.around.reported) > 1:
        return None
    found = [
        one
        for one in sessions.all
        if stop_matching.may_end_closed(
            one.session,
            stop,
            supply=sessions.around.supplies.get(one.session.connector_id),
            next_start_at=sessions.next_start_at(one),
        )
    ]
    return found[0] if len(found) == 1 else None


def session_of_readings(sessions: DerivedSessions, metered: Metered) -> Derived | None:
    """M3, T7: by their transactionId, else the connector's own."""
    return (
        sessions.named(metered.transaction_id)
        or _running_there(sessions, metered)
        or _given_up_before(sessions, metered)
    )


def _running_there(sessions: DerivedSessions, metered: Metered) -> Derived | None:
    """M3: the one that began last before the readings."""
    there = [one for one in sessions.running() if _holds(one.session, metered)]
    found = max(there, key=started_at, default=None)
    if found is None or not found.is_beside:
        return found
    # What began there later may be over by now.
    until = max(one.at for one in metered.readings)
    began = (one for one in sessions.all if one.session.connector_id == metered.connector_id)
    return None if any(started_at(found) < started_at(one) <= until for one in began) else found


def _given_up_before(sessions: DerivedSessions, metered: Metered) -> Derived | None:
    """M3, T7: readings without an id, of a session that was given up while they were under way."""
    first_at = min(reading.at for reading in metered.readings)
    there = [
        one
        for one in reversed(sessions.all)
        if one.session.connector_id == metered.connector_id
        and one.session.status is SessionStatus.ENDED
        and started_at(one) <= first_at
    ]
    latest = max(there, key=started_at, default=None)
    return latest if latest is not None and session_end.may_hold(latest.session, metered.readings) else None


def sessions_of_late_status(sessions: DerivedSessions, report: StatusReport) -> list[Derived]:
    """T4, X2: those that ended there, of which the status may be; the one that began last comes first."""
    if report.connector_id not in sessions.around.reported:
        return []
    there = [
        one
        for one in reversed(sessions.all)
        if one.session.connector_id == report.connector_id
        and one.session.status is SessionStatus.ENDED
        and not one.is_beside
        and not is_rest(one.session)
    ]
    return sorted(there, key=started_at, reverse=True)


def _rose_after(derived: Derived, at: datetime) -> bool:
    registers = sorted((one for one in derived.readings if one.register_wh is not None), key=lambda one: one.at)
    before = [one.register_wh for one in registers if one.at <= at]
    after = [one.register_wh for one in registers if one.at > at]
    floor_wh = before[-1] if before else derived.session.meter_start_wh
    return bool(after) and after[-1] is not None and floor_wh is not None and after[-1] > floor_wh


def _holds(session: ChargingSession, metered: Metered) -> bool:
    """M3: it runs at the connector, and the time fits."""
    return session.connector_id == metered.connector_id and any(
        is_since_start(session, reading) for reading in metered.readings
    )

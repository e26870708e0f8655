"""What late readings make of a derived session that has ended (T5, T7, X2); see `services.late_readings`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from evgraph.domain import session_end
from evgraph.domain.charging_session import SessionFlag
from evgraph.domain.energy import Reading
from evgraph.ocpp.replay.derived_sessions import Derived, DerivedSessions

_SMALLEST = timedelta(microseconds=1)


def hear_late_readings(
    sessions: DerivedSessions, derived: Derived, readings: Sequence[Reading], at: datetime, *, is_named: bool
) -> None:
    """`readings`: those that it has taken, of a message that came at `at`. `is_named`: they bore its transactionId."""
    session = derived.session
    if _move_nothing(sessions, derived, readings, is_named=is_named):
        return
    supply = sessions.around.supplies.get(session.connector_id)
    if session_end.misses_readings(session, readings) or (
        not session_end.was_closed_by_us(session) and _tell_otherwise(derived, readings)
    ):
        counted = sessions.recounted(
            derived, until=session_end.transaction_ended_at(session) if session.stop_has_stamp else None
        )
        told = session_end.end_completed(session, counted, supply=supply)
        sessions.become_parted(derived, sessions.leap_confirmed(derived, told), at)
        return
    if is_named and _is_open_again(sessions, derived, readings, at):
        return
    following = sessions.next_start_at(derived)
    counted = sessions.recounted(derived, until=following - _SMALLEST if following is not None else None)
    sessions.become_parted(derived, session_end.readings_told(session, counted), at)


def _move_nothing(sessions: DerivedSessions, derived: Derived, readings: Sequence[Reading], *, is_named: bool) -> bool:
    session = derived.session
    if not session_end.was_closed_by_us(session) and not session_end.misses_readings(session, readings):
        return False
    if session_end.may_move(session, readings):
        return False
    # S7, X2: of before the start that ended it.
    following = sessions.next_start_at(derived) if is_named and SessionFlag.SUPERSEDED in session.flags else None
    return following is None or all(one.at >= following for one in readings)


def _is_open_again(sessions: DerivedSessions, derived: Derived, readings: Sequence[Reading], at: datetime) -> bool:
    """T7: it runs on, beside its port where another session holds that."""
    following = sessions.next(derived)
    next_start_wh = None
    if following is not None and SessionFlag.METER_START_ESTIMATED not in following.session.flags:
        next_start_wh = following.session.meter_start_wh
    if not session_end.may_be_reopened(derived.session, readings, next_start_wh):
        return False
    again = session_end.reopened(derived.session, sessions.recounted(derived), readings)
    if again is None:
        return False
    derived.is_beside |= bool(sessions.at_port(again.connector_id)) or sessions.is_waited_for(again.connector_id, at)
    derived.session = again
    return True


def _tell_otherwise(derived: Derived, readings: Sequence[Reading]) -> bool:
    for one in readings:
        told = sorted((r for r in derived.readings if r.register_wh is not None), key=lambda r: r.at)
        before = [r.register_wh for r in told if r.at < one.at]
        after = [r.register_wh for r in told if r.at > one.at]
        if session_end.tells_otherwise(
            derived.session, one, before[-1] if before else None, after[0] if after else None
        ):
            return True
    return False

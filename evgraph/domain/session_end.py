"""How a session ends: by its charger's word, or by ours; and the charger's word that comes after ours."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from evgraph.domain.charging_session import (
    INTERRUPTED,
    ChargingSession,
    SessionFlag,
    SessionStatus,
    StopReason,
    flagged,
)
from evgraph.domain.energy import FIRST_INTERVAL, SMALLEST_CHARGED_WH, Reading, WattHours
from evgraph.domain.own_clock import is_ahead
from evgraph.domain.refusals import IllegalMove
from evgraph.domain.session_clock import SessionTime, corrected_stamp
from evgraph.domain.session_flags import CLOSED_BY_US, OF_RUNNING
from evgraph.domain.session_metering import readings_taken
from evgraph.domain.session_registers import base_of_leap, is_beyond, last_register_seen
from evgraph.domain.supply import Supply

SILENT_FOR = timedelta(hours=24)
# T7: a transaction that its charge point has lost.
BOOTED_FOR = timedelta(minutes=2)
NO_READING_FOR = timedelta(seconds=60)
NO_READING_FOR_LONG = timedelta(minutes=5)
_FREQUENT = timedelta(minutes=2)
_INTERVALS = 3
# Of a session that never told a reading nobody knows how often it would.
_NEVER_READ_FOR = timedelta(minutes=15)
PENDING_FOR = timedelta(days=7)


def transaction_stopped(
    session: ChargingSession,
    *,
    meter_stop_wh: WattHours | None,
    at: datetime,
    reason: StopReason,
    supply: Supply | None,
    readings: Iterable[Reading] = (),
    clock_replaced: bool = False,
) -> ChargingSession:
    """T1, M5: ended at its last register. T2: one that has ended stays as it is. T6: energy never falls. T4: what
    flowed after its vehicle left is held back. `supply`: the port's, null where nobody knows it."""
    if session.status is SessionStatus.ENDED:
        return session
    if session.status is not SessionStatus.CHARGING or session.started_at is None:
        raise IllegalMove("transaction stopped", expected=SessionStatus.CHARGING, got=session.status)
    session = readings_taken(session, readings, supply=supply)
    if meter_stop_wh is not None and has_no_start(session):
        # S6: no register tells where it began; only what intervals told can be billed.
        session = replace(
            session,
            meter_start_wh=max(meter_stop_wh - session.energy_wh, 0),
            base_register_wh=meter_stop_wh,
            carried_wh=session.energy_wh,
        )
    if meter_stop_wh is not None and session.held_back_from_wh is None:
        read_at = None if clock_replaced else at
        session = last_register_seen(session, meter_stop_wh, read_at, supply, ended_at=at)
    return replace(
        session,
        status=SessionStatus.ENDED,
        flags=flagged(session, SessionFlag.CLOCK_REPLACED, clock_replaced) - OF_RUNNING,
        ended_at=max(at, session.started_at or at),
        stop_reason=reason,
        stop_register_wh=meter_stop_wh,
        must_stop=False,
        power_w=None,
    )


def has_no_start(session: ChargingSession) -> bool:
    """S6: its register could not be read at the start, and none was read since, or left by the session before it. Where
    that one left it at 0, `begun_at_last_register` says so."""
    is_unknown = SessionFlag.METER_START_ESTIMATED in session.flags and session.register_step_wh is None
    has_no_register = session.register_source is None or session.register_source >= FIRST_INTERVAL
    return is_unknown and has_no_register and session.meter_start_wh == 0


def begun_at_last_register(session: ChargingSession) -> ChargingSession:
    """S6: of a session that `has_no_start`, for all that it says itself: the port's last register was 0, and stands in
    for its start."""
    return replace(session, register_step_wh=1) if has_no_start(session) else session


def left_register(session: ChargingSession) -> bool:
    """S6, T11: where the ended session left the port's meter is known."""
    return session.stop_register_wh is not None or not has_no_start(session)


def flagged_by_time(session: ChargingSession, is_replaced: bool) -> ChargingSession:
    """B7: a stamp of the session was replaced."""
    return replace(session, flags=flagged(session, SessionFlag.CLOCK_REPLACED, is_replaced))


def superseded(
    session: ChargingSession,
    meter_start_wh: WattHours | None,
    time: SessionTime,
    *,
    supply: Supply | None,
) -> ChargingSession:
    """S7: another transaction began on its connector; it ends at its last register, or at that start, if higher and
    within reach (M5). An unconfirmed one ends when and where it was last heard of; what the meter counted since then is
    a gap (T11). One that has ended stays as it is. `meter_start_wh`: null where it could not be read. `time`: of that
    start; flagged where it is not as the charger wrote it and the session ends by it (B7)."""
    if session.status is SessionStatus.ENDED:
        return session
    is_unconfirmed = SessionFlag.UNCONFIRMED in session.flags
    # Where the port was free meanwhile, the vehicle left then.
    is_known = is_unconfirmed or session.available_since is not None
    by = max(time.at, session.last_meter_at or time.at)
    ended_at = last_known(session, by) if is_known else time.at
    ended = transaction_stopped(session, meter_stop_wh=None, at=ended_at, reason=StopReason.OTHER, supply=supply)
    ended = flagged_by_time(ended, time.is_replaced and not is_known)
    ended = replace(ended, flags=ended.flags | {SessionFlag.SUPERSEDED})
    if meter_start_wh is None or is_unconfirmed or has_no_start(session):
        return ended
    if session.held_back_from_wh is not None:
        # T4: up to that start it is the other vehicle's energy.
        is_reached = not is_beyond(session, meter_start_wh, time.at if time.is_own else None, supply)
        last_wh = max(meter_start_wh, session.held_back_to_wh or meter_start_wh)
        return replace(ended, held_back_to_wh=last_wh) if is_reached else ended
    # That start is a guess at this one's end: the registers that were read stand, to tell the truth from (T5).
    is_leap = is_beyond(session, meter_start_wh, time.at if time.is_own else None, supply)
    base_wh = session.base_register_wh
    if is_leap or not time.is_own:
        base_wh = base_of_leap(session, meter_start_wh, time.at, supply, is_leap=is_leap)
    guess_wh = session.carried_wh + meter_start_wh - base_wh
    if guess_wh <= ended.energy_wh:
        return ended
    confirms_leap = session.leapt_to_wh is not None and meter_start_wh >= session.leapt_to_wh
    if is_leap and not confirms_leap and base_wh == session.base_register_wh:
        return replace(ended, flags=ended.flags | {SessionFlag.METER_LEAP})
    return replace(ended, energy_wh=guess_wh)


def was_closed_by_us(session: ChargingSession) -> bool:
    """T5, T7: it ended by our word, and its charger has not told its end yet."""
    is_closed = session.status is SessionStatus.ENDED and bool(session.flags & CLOSED_BY_US)
    return is_closed and session.stop_register_wh is None


def is_end_open(session: ChargingSession) -> bool:
    """T7: it has ended, but by no word that names it: by ours, or by a stop that was merely the only one that fit. Its
    own stop always corrects it."""
    return session.status is SessionStatus.ENDED and (was_closed_by_us(session) or not session.stop_was_named)


def truth_told(closed: ChargingSession, told: ChargingSession, *, is_own_time: bool) -> ChargingSession:
    """T5, T7: a session that we had closed, or that its charger ended by another stop, now that the charger has told
    its end. `told`: the session as that end leaves it, counted anew from its start: what the next start made of its end
    is over, also where the stop bears no register (S7, X2). An end whose time is not the charger's own leaves ours, but
    not another stop's."""
    return replace(
        told,
        ended_at=told.ended_at if is_own_time or not was_closed_by_us(closed) else closed.ended_at,
        flags=(told.flags | closed.flags) - {SessionFlag.ESTIMATED, *OF_RUNNING},
    )


def given_up(
    session: ChargingSession,
    at: datetime,
    *,
    closed_at: datetime | None = None,
    reason: StopReason = StopReason.OTHER,
) -> ChargingSession:
    """T7: closed with its last reading, marked estimated. The truth, if it still comes, is a correction. One that
    has ended stays as it is. `at`: when it ended; `closed_at`: when EVGraph closed it, None keeps what the session
    says."""
    if session.status is SessionStatus.ENDED:
        return session
    ended = transaction_stopped(session, meter_stop_wh=None, at=at, reason=reason, supply=None)
    return replace(ended, flags=ended.flags | {SessionFlag.ESTIMATED}, closed_at=closed_at or session.closed_at)


def ended_by_person(session: ChargingSession, now: datetime) -> ChargingSession:
    """T7, T12: a person ends a session whose charger does not: at its last reading, or at its start where there is
    none, marked ESTIMATED. The reason is Remote, by which `was_ended_by_person` knows it. A session that has ended
    stays as it is. B7: what our own clock said was later, when it ran ahead, says nothing."""
    last_reading_at = session.last_meter_at or session.started_at or session.asked_at
    return given_up(session, min(last_reading_at, now), closed_at=now, reason=StopReason.REMOTE)


def was_ended_by_person(session: ChargingSession) -> bool:
    """T7: EVGraph closed the session because a person asked for it, not because the charger lost it."""
    return is_closed_without_stop(session) and session.stop_reason is StopReason.REMOTE


def is_closed_without_stop(session: ChargingSession) -> bool:
    """T12: EVGraph closed the session as ESTIMATED, and its StopTransaction has not arrived. T5: such a bill may still
    be corrected."""
    return (
        session.status is SessionStatus.ENDED
        and session.closed_at is not None
        and SessionFlag.ESTIMATED in session.flags
    )


def is_open_for_charges(session: ChargingSession) -> bool:
    """T7, T12: a session that was closed, and that runs on, or whose end its charger has still to tell."""
    return session.must_stop and session.status is SessionStatus.CHARGING


def has_pending_charges(sessions: Iterable[ChargingSession], now: datetime) -> bool:
    """T12: the charger may still report the end of one of these sessions; it is waited for PENDING_FOR after EVGraph
    closed the session."""
    return any(
        is_closed_without_stop(session) and session.closed_at is not None and now - session.closed_at <= PENDING_FOR
        for session in sessions
    )


def last_known(session: ChargingSession, by: datetime | None = None) -> datetime:
    """T7: the instant at which a session that is given up ended, as far as anyone knows. `by`: when it had ended at the
    latest; B7: what our own clock says was later, when it ran ahead, says nothing."""
    free_at = session.free_at or session.available_since if session.available_since is not None else None
    if free_at is not None and by is not None and free_at > by:
        free_at = None
    known = free_at or session.last_meter_at or session.started_at or session.asked_at
    return known if by is None else min(known, by)


def readings_told(closed: ChargingSession, counted: ChargingSession) -> ChargingSession:
    """T5, T7: readings that were still under way when we closed the session, or when another began there (S7). It
    becomes what it would have been, had they come in time, and stays what it was: estimated, or superseded. `counted`:
    the session as running, with these readings, counted anew."""
    is_same = (counted.energy_wh, counted.last_meter_at) == (closed.energy_wh, closed.last_meter_at)
    # S7: the next start may have told more than its readings.
    is_guess = SessionFlag.ESTIMATED not in closed.flags and counted.held_back_from_wh is None
    if not was_closed_by_us(closed) or is_same or (is_guess and counted.energy_wh < closed.energy_wh):
        return closed
    told = given_up(counted, last_known(counted), reason=closed.stop_reason or StopReason.OTHER)
    if SessionFlag.ESTIMATED in closed.flags:
        return told
    ended_at = max(told.ended_at or counted.asked_at, closed.ended_at or counted.asked_at)
    return replace(told, ended_at=ended_at, flags=told.flags - {SessionFlag.ESTIMATED})


def misses_readings(session: ChargingSession, readings: Iterable[Reading] = ()) -> bool:
    """X2: its charger ended it, and a reading of before its end that comes after its stop tells what the stop did not:
    the stop bore no register, or no time, that can be read; the register of its start could not be read, or fell, or
    leapt; only intervals tell the energy; or it was read after its vehicle left (T4)."""
    if session.status is not SessionStatus.ENDED or was_closed_by_us(session):
        return False
    told_in_part = session.stop_register_wh is None or not session.stop_has_stamp or session.leapt_to_wh is not None
    is_by_intervals = session.register_source is None or session.register_source >= FIRST_INTERVAL
    readings = tuple(readings)
    return (
        told_in_part
        or SessionFlag.METER_START_ESTIMATED in session.flags
        or SessionFlag.METER_RESET in session.flags
        or (is_by_intervals and any(one.interval_wh is not None for one in readings))
        or (session.ev_gone_at is not None and any(one.at > session.ev_gone_at for one in readings))
    )


def tells_otherwise(
    ended: ChargingSession, reading: Reading, earlier_wh: WattHours | None, later_wh: WattHours | None
) -> bool:
    """X2, M2: a reading of before the end of a session that its charger ended does not lie in line between the
    registers around it, or comes from a better source or in a finer step than any other: what was counted may change,
    though the stop told the last register. `earlier_wh`, `later_wh`: the registers that were read just before and after
    it, null where the session's start and stop are next to it."""
    ended_at = transaction_ended_at(ended)
    if reading.register_wh is None or ended_at is None or reading.at > ended_at:
        return False
    if ended.register_source is not None and reading.source < ended.register_source:
        return True
    if ended.register_step_wh is not None and reading.step_wh < ended.register_step_wh:
        return True
    low_wh = ended.meter_start_wh if earlier_wh is None else earlier_wh
    high_wh = ended.stop_register_wh if later_wh is None else later_wh
    return reading.register_wh < low_wh or (high_wh is not None and reading.register_wh > high_wh)


def end_completed(ended: ChargingSession, counted: ChargingSession, *, supply: Supply | None) -> ChargingSession:
    """X2: such a session, with readings of before its end that came after it, as if its stop had come after them.
    `counted`: as running, counted anew with all readings up to its end."""
    if ended.ended_at is None:
        return ended
    at = transaction_ended_at(ended) if ended.stop_has_stamp else counted.last_meter_at
    at = at or ended.ended_at
    told = transaction_stopped(
        counted,
        meter_stop_wh=ended.stop_register_wh,
        at=at,
        reason=ended.stop_reason or StopReason.OTHER,
        supply=supply,
        clock_replaced=not ended.stop_has_stamp,
    )
    is_same = (told.energy_wh, told.ended_at) == (ended.energy_wh, ended.ended_at)
    return ended if is_same else told


def transaction_ended_at(session: ChargingSession) -> datetime | None:
    """When the transaction of a session ended: where the session ended when its vehicle left (T4), when its stop says,
    else at its last reading, or when its port was charging again, as far as is known. Null while it runs."""
    ended_at = session.ended_at
    if ended_at is None or SessionFlag.AFTER_UNPLUG not in session.flags:
        return ended_at
    known = max(ended_at, session.last_meter_at or ended_at)
    if session.stop_stamp is None or not session.stop_was_stamped:
        again_at = session.charging_again_at if not was_closed_by_us(session) else None
        return max(known, again_at or known)
    # B7: whether the clock was put right meanwhile is not on record.
    stamps = (session.stop_stamp, corrected_stamp(session, session.stop_stamp))
    return min((one for one in stamps if one is not None and one >= known), default=known)


def reopened(closed: ChargingSession, counted: ChargingSession, readings: Iterable[Reading]) -> ChargingSession | None:
    """T7: a session that we had closed runs on: a reading of after that shows more energy. It is open again, and its
    charger is asked to stop it. `counted`: as of `readings_told`. Null where the readings do not say so."""
    if counted.energy_wh <= closed.energy_wh or not may_be_reopened(closed, readings):
        return None
    return replace(
        counted,
        flags=counted.flags - {SessionFlag.ESTIMATED},
        available_since=None,
        free_at=None,
        must_stop=True,
        stop_asked_at=None,
    )


def may_be_reopened(
    closed: ChargingSession, readings: Iterable[Reading], next_start_wh: WattHours | None = None
) -> bool:
    """T7: readings of a session that we had closed are of after that. `next_start_wh`: the register at which the next
    session began at its port, None if none did: where the port's meter runs on between sessions, what it counts since
    then is that session's."""
    if SessionFlag.ESTIMATED not in closed.flags or not was_closed_by_us(closed) or closed.closed_at is None:
        return False
    if next_start_wh is not None and next_start_wh >= closed.base_register_wh:
        return False
    return any(one.at > _known_to_run_until(closed, closed.closed_at, one.received_at) for one in readings)


def _known_to_run_until(closed: ChargingSession, closed_at: datetime, received_at: datetime | None) -> datetime:
    """B7: when our clock ran ahead as it closed the session, nobody knows when that was, but after its last reading."""
    if not is_ahead(closed_at, received_at):
        return closed_at
    return closed.last_meter_at or closed.started_at or closed_at


def known_until(session: ChargingSession) -> datetime | None:
    """X2: until when readings of a session that EVGraph had closed, though they show no more energy, tell that it still
    ran. Null where they tell no such thing: a meter that stands still is read for ever."""
    if not was_closed_by_us(session) or session.available_since is not None:
        return None
    return session.closed_at


def may_hold(session: ChargingSession, readings: Iterable[Reading]) -> bool:
    """M3, T7: readings without a usable transactionId are of a session that was closed as forgotten only where they
    were taken before its end; later ones may be of a transaction whose start is still under way. Where its port was
    free, it ended then; else it ran until EVGraph closed it, for all that anyone knows (T12)."""
    if SessionFlag.ESTIMATED not in session.flags or session.started_at is None or session.ended_at is None:
        return False
    until = session.ended_at
    if session.available_since is None and session.closed_at is not None:
        until = max(until, session.closed_at)
    readings = list(readings)
    return bool(readings) and all(session.started_at <= one.at <= until for one in readings)


def may_move(session: ChargingSession, readings: Iterable[Reading]) -> bool:
    """X2, T7: whether readings of an ended session may correct it: those that came late, or that tell more than was
    counted. To count a session anew is dear, and a meter that stands still is read for ever."""
    newest, counted_wh = session.last_meter_at, session.base_register_wh
    by = transaction_ended_at(session)
    # X2: told late, it shows that the session still ran when it was read.
    still_ran_by = known_until(session)
    return any(
        newest is None
        or one.at <= newest
        or one.interval_wh is not None
        or bool(one.samples)
        or (still_ran_by is not None and one.at <= still_ran_by)
        # T4: it may show that another vehicle's energy flowed.
        or (session.ev_gone_at is not None and session.ev_gone_at < one.at <= (by or one.at))
        or (one.register_wh is not None and one.register_wh > counted_wh)
        for one in readings
    )


def unnamed_told(session: ChargingSession, readings: Iterable[Reading]) -> tuple[Reading, ...]:
    """M4, T7: those of such readings that move the session: a register of before its newest reading changes nothing;
    only one that bears the session's transactionId corrects it."""
    newest = session.last_meter_at
    return tuple(one for one in readings if newest is None or one.at >= newest or one.register_wh is None)


def deadline(session: ChargingSession, last_seen: datetime | None, free_for: timedelta) -> datetime | None:
    """T7: when a running session is to be given up, if nothing more is heard: its connector reported free for so
    long, or its charge point silent for a day. `last_seen`: when the charge point last gave any sign, null where it
    never did. Null for one that does not run."""
    if session.status is not SessionStatus.CHARGING or session.started_at is None:
        return None
    silent = max(session.started_at, session.last_meter_at or session.started_at, last_seen or session.started_at)
    if session.available_since is None:
        return silent + SILENT_FOR
    return min(silent + SILENT_FOR, session.available_since + free_for)


def lost_deadline(
    session: ChargingSession,
    *,
    booted_at: datetime | None,
    read_at: datetime | None,
    interval: timedelta | None,
    now: datetime | None = None,
) -> datetime | None:
    """T7: when a running session whose RemoteStop was rejected is to be closed as lost, if no reading of it comes: its
    charge point had booted at least two minutes before the rejection, and a minute passed since; or nothing was read
    for five minutes, or for three intervals where readings are rare. Null where nothing was rejected. `booted_at`: the
    last accepted boot; `read_at`: when the last reading came, `interval` how far the last two were apart. A rejection
    later than `now` was stamped while our clock ran ahead: it was some time ago (B7)."""
    rejected_at = session.stop_rejected_at
    if rejected_at is not None and is_ahead(rejected_at, now):
        rejected_at = session.started_at
    if session.status is not SessionStatus.CHARGING or rejected_at is None or session.started_at is None:
        return None
    if interval is None:
        patience = _NEVER_READ_FOR if read_at is None else NO_READING_FOR_LONG
    else:
        patience = NO_READING_FOR_LONG if interval <= _FREQUENT else interval * _INTERVALS
    quiet_since = max(read_at or session.started_at, session.started_at)
    quiet = max(quiet_since + patience, rejected_at)
    booted_since = booted_at is not None and booted_at > session.started_at
    if not booted_since or booted_at is None or rejected_at < booted_at + BOOTED_FOR:
        return quiet
    if read_at is not None and read_at > rejected_at:
        return quiet
    return min(quiet, rejected_at + NO_READING_FOR)


def was_cut_off(session: ChargingSession) -> bool:
    """T8: the charger ended it by losing power or rebooting, or never told its end."""
    return session.status is SessionStatus.ENDED and (session.stop_reason in INTERRUPTED or was_closed_by_us(session))


def why_in_vain(session: ChargingSession) -> str | None:
    """T7: why a session that delivered nothing was cut off, in an attendant's words; null for one that delivered, or
    that ended otherwise."""
    if session.energy_wh >= SMALLEST_CHARGED_WH or not was_cut_off(session):
        return None
    if SessionFlag.SUPERSEDED in session.flags:
        return "Another session began at the port before any energy was delivered. Start again."
    if SessionFlag.ESTIMATED in session.flags:
        return "The charger lost the session before any energy was delivered. Start again."
    return "The charger restarted or lost power before any energy was delivered. Start again."


def last_register_wh(session: ChargingSession) -> WattHours:
    """T11: where an ended session left the port's meter. What S7 billed of it up to the next start is left out by no
    one."""
    if SessionFlag.SUPERSEDED not in session.flags:
        return session.base_register_wh
    return session.base_register_wh + session.energy_wh - session.carried_wh

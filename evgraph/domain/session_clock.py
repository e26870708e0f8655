"""Which instants a session goes by: its charger's stamps, put right where the charger's clock was wrong (B7)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from evgraph.domain.charging_session import ChargingSession, SessionFlag
from evgraph.domain.energy import Reading
from evgraph.domain.own_clock import is_ahead
from evgraph.domain.transactions import TransactionStart, TransactionStop

START_GRACE = timedelta(minutes=1)
FARTHEST_AHEAD = timedelta(minutes=5)
JUST_NOW = timedelta(minutes=5)
_MICROSECOND = timedelta(microseconds=1)


class StartTime(NamedTuple):
    """`clock_error_us`: the microseconds to add to the charger's stamps; null where they are right, or unreadable."""

    at: datetime
    is_replaced: bool
    clock_error_us: int | None


class SessionTime(NamedTuple):
    """An instant within a session. `is_replaced`: it is not as the charger wrote it. `is_own`: it is the charger's
    stamp nevertheless, as it is or put right, and can be compared with others of the session."""

    at: datetime
    is_replaced: bool
    is_own: bool


def start_time(start: TransactionStart, *, asked_at: datetime | None, connected_since: datetime | None) -> StartTime:
    """B7: when a session began. One that was asked for (`asked_at`) does not begin before that. A stamp that cannot be
    right is replaced by the time of receipt where the charge point was connected since it was asked (`connected_since`,
    null where that is not known), else by the time when it was asked; the difference is the clock's error."""
    received_at = start.received_at or start.at
    # A bound that our own clock made, and that lies in our future, says nothing.
    bound = asked_at if asked_at is not None and asked_at <= received_at else None
    stamp = start.own_stamp
    if is_own_stamp(start) and (bound is None or start.at >= bound - START_GRACE):
        # One that runs ahead counts as its receipt; by more than a little, that is its error.
        error = (start.at - stamp) // _MICROSECOND if start.clock_replaced and stamp is not None else None
        return StartTime(start.at, is_replaced=start.clock_replaced, clock_error_us=error)
    if connected_since is not None and is_ahead(connected_since, received_at):
        connected_since = None
    was_connected = bound is None or connected_since is None or connected_since <= bound
    at = received_at if was_connected or bound is None else bound
    return StartTime(at, is_replaced=True, clock_error_us=None if stamp is None else (at - stamp) // _MICROSECOND)


def time_within(
    session: ChargingSession,
    stamp: datetime | None,
    received_at: datetime,
    *,
    fallback: datetime | None = None,
    is_still_wrong: bool = False,
) -> SessionTime:
    """B7: the instant of something that a charger stamped within a session: the stamp with the session's clock error,
    else the stamp itself, where it lies between the start and the receipt; else the receipt. If both lie there, and the
    stamp itself is within five minutes of the receipt and nearer to it, the clock was set right meanwhile; unless
    `is_still_wrong` says that it was not. A stamp that cannot be read (null) is `fallback`, or the receipt."""
    started_at = session.started_at or received_at
    if stamp is None:
        return SessionTime(max(fallback or received_at, started_at), is_replaced=True, is_own=False)
    corrected = corrected_stamp(session, stamp)
    was_set_right = corrected is not None and max(corrected, received_at - JUST_NOW) <= stamp <= received_at
    if corrected is not None and started_at <= corrected <= received_at and (is_still_wrong or not was_set_right):
        return SessionTime(corrected, is_replaced=True, is_own=True)
    if started_at <= stamp <= received_at:
        return SessionTime(stamp, is_replaced=False, is_own=True)
    return SessionTime(max(received_at, started_at), is_replaced=True, is_own=False)


def time_of_next_start(session: ChargingSession, start: TransactionStart, time: StartTime | None) -> SessionTime:
    """S7, B7: when another start ended the session on its connector. `time`: that start's, where it was asked for; null
    where nobody asked for it: then the session's clock is all that tells. Never before the session's own start."""
    received_at = start.received_at or start.at
    if time is None:
        stamp = start.own_stamp
        if stamp is not None and is_own_stamp(start) and session.clock_error_us is None:
            # A stamp that runs a little ahead counts as receipt already.
            stamp = start.at
        return time_within(session, stamp, max(received_at, start.at))
    started_at = session.started_at or time.at
    return SessionTime(max(time.at, started_at), is_replaced=time.is_replaced, is_own=not time.is_replaced)


def is_own_stamp(message: TransactionStart | TransactionStop) -> bool:
    """B7: the charger's own stamp can be believed, be it up to five minutes ahead of its receipt."""
    stamp, received_at = message.own_stamp, message.received_at
    if not message.clock_replaced:
        return True
    return stamp is not None and received_at is not None and received_at < stamp <= received_at + FARTHEST_AHEAD


def end_time(session: ChargingSession, stop: TransactionStop) -> SessionTime:
    """B7: when a stop ended the session: never before its start, nor after we heard of it. A stamp that cannot be read
    is the time of the last reading, if there is one; those of its transactionData count."""
    received_at = stop.received_at or stop.at
    stamp = stop.own_stamp
    if stamp is not None and is_own_stamp(stop) and session.clock_error_us is None:
        # A stamp that runs a little ahead counts as receipt already.
        stamp = stop.at
    fallback = _last_reading_at(session, stop, received_at) if stamp is None else None
    return time_within(session, stamp, max(received_at, stop.at), fallback=fallback)


def _last_reading_at(session: ChargingSession, stop: TransactionStop, received_at: datetime) -> datetime | None:
    told = readings_within(session, stop.readings)
    own = [one.at for one in told if not one.clock_replaced and one.at <= received_at]
    return max([*own, *([session.last_meter_at] if session.last_meter_at is not None else [])], default=None)


def is_clock_still_wrong(session: ChargingSession, stop: TransactionStop) -> bool:
    """B7: by the stop's own stamp its charger's clock was not set right since the session's start, so that what the
    stop tells of before is by that clock too."""
    if session.clock_error_us is None or stop.own_stamp is None:
        return False
    time = end_time(session, stop)
    return (time.is_own and time.is_replaced) or stop.own_stamp > (stop.received_at or stop.at)


def readings_within(
    session: ChargingSession, readings: Iterable[Reading], *, are_named: bool = False, is_still_wrong: bool = False
) -> tuple[Reading, ...]:
    """B7: the readings by the session's time, where its charger's clock is wrong; in the order of their time.
    `are_named`: they bear the session's transactionId, and cannot be from before its start, whatever they say.
    `is_still_wrong`: that clock was not set right since."""
    if session.clock_error_us is not None:
        readings = [_reading_within(session, one, is_still_wrong=is_still_wrong) for one in readings]
    elif are_named and session.started_at is not None:
        readings = tuple(readings)
        earliest = session.started_at - START_GRACE
        readings = [_reading_within(session, one) if one.at < earliest else one for one in readings]
    return tuple(sorted(readings, key=lambda one: one.at))


def began_ahead(session: ChargingSession, received_at: datetime | None) -> bool:
    """B7: our own clock ran ahead when the session began, and has been put right by this receipt: what the start says
    of time bounds nothing. Not so for a stop that waited in quarantine for its start."""
    if session.started_at is None:
        return False
    return is_ahead(session.started_at, received_at) and is_ahead(session.asked_at, received_at)


def is_since_start(session: ChargingSession, reading: Reading) -> bool:
    """M3: whether the time fits. A start that our own clock put ahead of the reading's receipt excludes nothing."""
    if session.started_at is None:
        return False
    return reading.at >= session.started_at or began_ahead(session, reading.received_at)


def put_right(readings: Sequence[Reading], heard_at: datetime | None = None) -> Sequence[Reading]:
    """B7, M4: readings in the order of their arrival, with what was stamped while our own clock ran ahead moved to
    before what arrived next. That it ran ahead shows where something arrived earlier than what had arrived before it.
    `heard_at`: when the message arrived that they are counted for. Readings of a clock that never ran ahead are
    returned as they are."""
    if not _runs_back(readings, heard_at):
        return readings
    found: list[Reading] = []
    bound, place, lead = heard_at, heard_at, timedelta()
    for one in reversed(readings):
        received_at = one.received_at
        if received_at is None:
            found.append(one)
            continue
        if bound is None or not is_ahead(received_at, bound):
            found.append(one)
            bound = received_at if bound is None else min(bound, received_at)
            place = one.at if bound - one.at <= JUST_NOW else received_at
            lead = timedelta()
            continue
        if not lead:
            # All that was written before the clock was put right is ahead by as much.
            lead = received_at - min(bound, place or bound) + _MICROSECOND
        found.append(replace(one, at=one.at - lead))
    found.reverse()
    return found


def _runs_back(readings: Sequence[Reading], heard_at: datetime | None) -> bool:
    latest: datetime | None = None
    for one in readings:
        if one.received_at is None:
            continue
        if latest is not None and is_ahead(latest, one.received_at):
            return True
        latest = one.received_at if latest is None else max(latest, one.received_at)
    return latest is not None and heard_at is not None and is_ahead(latest, heard_at)


def lies_before_start(session: ChargingSession, stop: TransactionStop) -> bool:
    """T3: by the charger's own stamps the stop was before the session began: it is another's, that waited in the queue.
    Where a stamp is not the charger's own, nobody can tell."""
    stamp = stop.own_stamp
    if stamp is None or session.started_at is None:
        return False
    corrected = corrected_stamp(session, stamp)
    if corrected is not None:
        return max(corrected, stamp) < session.started_at
    if not is_own_stamp(stop) or SessionFlag.CLOCK_REPLACED in session.flags:
        return False
    return stop.at < session.started_at


def corrected_stamp(session: ChargingSession, stamp: datetime) -> datetime | None:
    """The stamp with the session's clock error; null where the clock is right, or nobody knows by how much it is
    not."""
    if session.clock_error_us is None:
        return None
    try:
        return stamp + session.clock_error_us * _MICROSECOND
    except OverflowError:
        return None


def as_first_told(readings: Iterable[Reading], told: Iterable[Reading]) -> tuple[Reading, ...]:
    """M4, B7: of `readings`, those that were told before, by their stamps, are of the time that they were of then,
    though the charger's clock was set right meanwhile and the stamp would mean another one now. `told`: earlier
    ones."""
    before = {one.reported_at: one for one in told if one.reported_at is not None}
    held = ((one, before.get(one.reported_at) if one.reported_at is not None else None) for one in readings)
    moved = (
        replace(one, at=first.at, clock_replaced=first.clock_replaced) if first is not None else one
        for one, first in held
    )
    return tuple(sorted(moved, key=lambda one: one.at))


def _reading_within(session: ChargingSession, reading: Reading, *, is_still_wrong: bool = False) -> Reading:
    if began_ahead(session, reading.received_at):
        return reading
    stamp = reading.reported_at if reading.clock_replaced else reading.reported_at or reading.at
    time = time_within(session, stamp, reading.received_at or reading.at, is_still_wrong=is_still_wrong)
    return replace(reading, at=time.at, clock_replaced=not time.is_own)

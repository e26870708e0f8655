"""How a session ends: by its charger's word, or by ours; and the charger's word that comes after ours."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from evgraph.domain.charging_session import (
    INTERRUPTED,
    ChargingSession,
    SessionFlag,
    SessionStatus,
    StopReason,
    flagged,
)
from evgraph.domain.energy import Reading, WattHours
from evgraph.domain.refusals import IllegalMove
from evgraph.domain.session_metering import is_beyond, last_register_seen, readings_taken
from evgraph.domain.supply import Supply
from evgraph.domain.transactions import TransactionStop, is_one_time, tag

SILENT_FOR = timedelta(hours=24)
PENDING_FOR = timedelta(days=7)


def _is_close_by_us(flag: SessionFlag) -> bool:
    match flag:
        case SessionFlag.SUPERSEDED | SessionFlag.ESTIMATED:
            return True
        case (
            SessionFlag.CLOCK_REPLACED
            | SessionFlag.METER_RESET
            | SessionFlag.METER_GAP
            | SessionFlag.METER_LEAP
            | SessionFlag.UNCONFIRMED
            | SessionFlag.AFTER_CHECKOUT
            | SessionFlag.OTHER_ID_TAG
            | SessionFlag.METER_START_ESTIMATED
            | SessionFlag.AFTER_UNPLUG
        ):
            return False
        case _:
            assert_never(flag)


# The charger did not report the end of a session with one of these flags: its truth may still come (T5).
CLOSED_BY_US = frozenset(flag for flag in SessionFlag if _is_close_by_us(flag))


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
    """T1, M5: ended at its last register. T2: one that has ended stays as it is. T6: energy never falls. `supply`: the
    port's, null where nobody knows it."""
    if session.status is SessionStatus.ENDED:
        return session
    if session.status is not SessionStatus.CHARGING or session.started_at is None:
        raise IllegalMove("transaction stopped", expected=SessionStatus.CHARGING, got=session.status)
    session = readings_taken(session, readings, supply=supply)
    if meter_stop_wh is not None:
        session = last_register_seen(session, meter_stop_wh, None if clock_replaced else at, supply)
    return replace(
        session,
        status=SessionStatus.ENDED,
        flags=flagged(session, SessionFlag.CLOCK_REPLACED, clock_replaced) - {SessionFlag.UNCONFIRMED},
        ended_at=max(at, session.started_at or at),
        stop_reason=reason,
        power_w=None,
    )


def may_end_at(session: ChargingSession, at: datetime, *, clock_replaced: bool) -> bool:
    """T3: a stop without a usable transactionId that lies before the session's start is of an earlier one, and waited
    in the charger's queue. Where a stamp of either is our own, the two cannot be compared."""
    if clock_replaced or SessionFlag.CLOCK_REPLACED in session.flags:
        return True
    return session.started_at is not None and at >= session.started_at


def was_ended_by(session: ChargingSession, stop: TransactionStop, *, is_alone: bool) -> bool:
    """X2: a stop that came before its session began is its end: by its idTag, or where it names none as all that runs
    at the charge point. An idTag of ours can bear no other session; else the stamps of both must tell, and the first
    stop is the one."""
    if is_one_time(session.id_tag) and stop.id_tag and tag(stop.id_tag) == session.id_tag:
        return may_end_at(session, stop.at, clock_replaced=stop.clock_replaced)
    if stop.clock_replaced or SessionFlag.CLOCK_REPLACED in session.flags:
        return False
    if session.status is SessionStatus.ENDED and stop.at != session.ended_at:
        return False
    is_same = tag(stop.id_tag) == session.id_tag if stop.id_tag else is_alone
    return is_same and may_end_at(session, stop.at, clock_replaced=False)


def given_up_before(stop: TransactionStop, latest: Iterable[ChargingSession]) -> ChargingSession | None:
    """T3, T7: the session of which a stop without a usable transactionId is the late truth, where nothing runs any
    more. `latest`: of each connector the last one that had begun by then. An idTag must be its own; a stop that bears
    none must leave no choice."""
    if stop.clock_replaced:
        return None
    id_tag = tag(stop.id_tag) if stop.id_tag else None
    candidates = [
        session
        for session in latest
        if SessionFlag.ESTIMATED in session.flags
        and SessionFlag.CLOCK_REPLACED not in session.flags
        and id_tag in (None, tag(session.id_tag))
        and may_end_at(session, stop.at, clock_replaced=False)
    ]
    return candidates[0] if len(candidates) == 1 else None


def superseded(
    session: ChargingSession,
    meter_start_wh: WattHours,
    at: datetime,
    *,
    supply: Supply | None,
    clock_replaced: bool = False,
) -> ChargingSession:
    """S7: another transaction began on its connector; it ends at its last register, or at that start, if higher and
    within reach (M5). One that has ended stays as it is."""
    if session.status is SessionStatus.ENDED:
        return session
    ended = transaction_stopped(session, meter_stop_wh=None, at=at, reason=StopReason.OTHER, supply=supply)
    ended = replace(ended, flags=ended.flags | {SessionFlag.SUPERSEDED})
    # That start is a guess at this one's end: the registers that were read stand, to tell the truth from (T5).
    guess_wh = session.carried_wh + meter_start_wh - session.base_register_wh
    if guess_wh <= ended.energy_wh:
        return ended
    confirms_leap = session.leapt_to_wh is not None and meter_start_wh >= session.leapt_to_wh
    if not confirms_leap and is_beyond(session, meter_start_wh, None if clock_replaced else at, supply):
        return replace(ended, flags=ended.flags | {SessionFlag.METER_LEAP})
    return replace(ended, energy_wh=guess_wh)


def truth_told(
    session: ChargingSession,
    *,
    meter_stop_wh: WattHours | None,
    at: datetime,
    reason: StopReason,
    supply: Supply | None,
    readings: Iterable[Reading] = (),
    clock_replaced: bool = False,
) -> ChargingSession:
    """T5, T7: the charger's own end of a session that we had closed with what we knew. Its energy becomes what it
    would have been, had this stop come in time: down to the last reading at most (M2). An end whose time cannot be
    believed leaves ours. A stop that tells no register changes nothing."""
    if session.status is not SessionStatus.ENDED or not session.flags & CLOSED_BY_US:
        return session
    readings = sorted(readings, key=lambda one: one.at)
    if meter_stop_wh is None:
        told_wh = [one.register_wh for one in readings if one.register_wh is not None]
        if not told_wh:
            return session
        meter_stop_wh = told_wh[-1]
    session = readings_told(session, readings, supply=supply)
    if SessionFlag.SUPERSEDED in session.flags:
        session = replace(session, energy_wh=session.carried_wh)
    told = last_register_seen(session, meter_stop_wh, None if clock_replaced else at, supply)
    return replace(
        told,
        ended_at=session.ended_at if clock_replaced else max(at, session.started_at or at),
        stop_reason=reason,
        flags=flagged(told, SessionFlag.CLOCK_REPLACED, clock_replaced) - {SessionFlag.ESTIMATED},
    )


def given_up(
    session: ChargingSession,
    at: datetime,
    *,
    closed_at: datetime | None = None,
    reason: StopReason = StopReason.OTHER,
) -> ChargingSession:
    """T7: closed with its last reading, marked estimated. The truth, if it still comes, is a correction. One that
    has ended stays as it is. `closed_at`: when EVGraph closed it; None keeps what the session says."""
    if session.status is SessionStatus.ENDED:
        return session
    ended = transaction_stopped(session, meter_stop_wh=None, at=at, reason=reason, supply=None)
    return replace(ended, flags=ended.flags | {SessionFlag.ESTIMATED}, closed_at=closed_at or session.closed_at)


def ended_by_person(session: ChargingSession, now: datetime) -> ChargingSession:
    """T7, T12: a person ends a session whose charger does not: at its last reading, or at its start where there is
    none, marked ESTIMATED. The reason is Remote, by which `was_ended_by_person` knows it. A session that has ended
    stays as it is."""
    last_reading_at = session.last_meter_at or session.started_at or session.asked_at
    return given_up(session, last_reading_at, closed_at=now, reason=StopReason.REMOTE)


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


def has_pending_charges(sessions: Iterable[ChargingSession], now: datetime) -> bool:
    """T12: the charger may still report the end of one of these sessions; it is waited for PENDING_FOR after EVGraph
    closed the session."""
    return any(
        is_closed_without_stop(session) and session.closed_at is not None and now - session.closed_at <= PENDING_FOR
        for session in sessions
    )


def last_known(session: ChargingSession) -> datetime:
    """T7: the instant at which a session that is given up ended, as far as anyone knows."""
    return session.available_since or session.last_meter_at or session.started_at or session.asked_at


def readings_told(
    session: ChargingSession,
    readings: Iterable[Reading],
    *,
    supply: Supply | None,
    next_start_at: datetime | None = None,
) -> ChargingSession:
    """T5, T7: readings that were still under way when we closed the session as forgotten. It becomes what it would
    have been, had they come in time, and stays estimated. From `next_start_at` on the port's meter counts for another;
    null where none began after it."""
    if session.status is not SessionStatus.ENDED or SessionFlag.ESTIMATED not in session.flags:
        return session
    in_time = [one for one in readings if next_start_at is None or one.at < next_start_at]
    running = replace(session, status=SessionStatus.CHARGING, ended_at=None, stop_reason=None)
    told = readings_taken(running, in_time, supply=supply)
    if told is running:
        return session
    return given_up(told, last_known(told), reason=session.stop_reason or StopReason.OTHER)


def may_hold(session: ChargingSession, readings: Iterable[Reading]) -> bool:
    """M3, T7: readings without a usable transactionId are of a session that was closed as forgotten only where they
    were taken before its end; later ones may be of a transaction whose start is still under way."""
    if SessionFlag.ESTIMATED not in session.flags or session.started_at is None or session.ended_at is None:
        return False
    readings = list(readings)
    return bool(readings) and all(session.started_at <= one.at <= session.ended_at for one in readings)


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


def was_cut_off(session: ChargingSession) -> bool:
    """T8: the charger ended it by losing power or rebooting, or never told its end."""
    return session.status is SessionStatus.ENDED and (
        session.stop_reason in INTERRUPTED or bool(session.flags & CLOSED_BY_US)
    )


def last_register_wh(session: ChargingSession) -> WattHours:
    """T11: where an ended session left the port's meter. What S7 billed of it up to the next start is left out by no
    one."""
    if SessionFlag.SUPERSEDED not in session.flags:
        return session.base_register_wh
    return session.base_register_wh + session.energy_wh - session.carried_wh

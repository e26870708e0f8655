"""How a session ends: by its charger's word, or by ours; and the charger's word that comes after ours."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

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

CLOSED_BY_US = frozenset({SessionFlag.SUPERSEDED, SessionFlag.ESTIMATED})


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
    if meter_stop_wh is None:
        told_wh = [one.register_wh for one in sorted(readings, key=lambda one: one.at) if one.register_wh is not None]
        if not told_wh:
            return session
        meter_stop_wh = told_wh[-1]
    if SessionFlag.SUPERSEDED in session.flags:
        session = replace(session, energy_wh=session.carried_wh)
    told = last_register_seen(session, meter_stop_wh, None if clock_replaced else at, supply)
    return replace(
        told,
        ended_at=session.ended_at if clock_replaced else max(at, session.started_at or at),
        stop_reason=reason,
        flags=flagged(told, SessionFlag.CLOCK_REPLACED, clock_replaced) - {SessionFlag.ESTIMATED},
    )


def given_up(session: ChargingSession, at: datetime) -> ChargingSession:
    """T7: closed with its last reading, marked estimated. The truth, if it still comes, is a correction. One that
    has ended stays as it is."""
    if session.status is SessionStatus.ENDED:
        return session
    ended = transaction_stopped(session, meter_stop_wh=None, at=at, reason=StopReason.OTHER, supply=None)
    return replace(ended, flags=ended.flags | {SessionFlag.ESTIMATED})


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

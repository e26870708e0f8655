"""What a StopTransaction makes of the session that it ends: its time, and the readings that count by then (T1, B7)."""

from collections.abc import Iterable
from dataclasses import replace

from evgraph.domain import session_end
from evgraph.domain.charging_session import ChargingSession, SessionFlag
from evgraph.domain.energy import Reading
from evgraph.domain.session_clock import SessionTime, is_clock_still_wrong, readings_within
from evgraph.domain.session_flags import OF_REGISTERS
from evgraph.domain.stop_matching import bears, names
from evgraph.domain.supply import Supply
from evgraph.domain.transactions import TransactionStop, tag

# What was counted may depend on what came first.
_DEPENDS_ON_ORDER = OF_REGISTERS | {SessionFlag.METER_START_ESTIMATED}


def readings_of(session: ChargingSession, stop: TransactionStop, time: SessionTime) -> tuple[Reading, ...]:
    """T1: the readings of its transactionData; those dated after the charger's own stop are not the session's."""
    readings = readings_within(session, stop.readings, is_still_wrong=is_clock_still_wrong(session, stop))
    if not time.is_own:
        return readings
    # One that bears no time of its own was read by then.
    by_then = (replace(one, at=min(one.at, time.at)) if one.clock_replaced else one for one in readings)
    return tuple(one for one in by_then if one.at <= time.at)


def depends_on_order(session: ChargingSession, *, has_unmoved: bool) -> bool:
    """X2: what was counted so far of the running session may depend on what came first, whoever ends it: on a reading
    that came after a newer one and moved nothing (M4), on when its vehicle was said to have left (T4), or on which
    register was the first one (S6).
    `has_unmoved`: there is such a reading."""
    return has_unmoved or session.ev_gone_at is not None or SessionFlag.METER_START_ESTIMATED in session.flags


def must_recount(
    session: ChargingSession, readings: Iterable[Reading], time: SessionTime, *, has_unmoved: bool
) -> bool:
    """X2: the running session must be counted anew at its stop where what was counted so far depends on what came
    first: as of `depends_on_order`, readings after its end, before its newest one, registers that fell or leapt, or a
    start at the first register."""
    if depends_on_order(session, has_unmoved=has_unmoved):
        return True
    newest = session.last_meter_at
    if newest is not None and time.is_own and newest > time.at:
        return True
    if newest is not None and any(one.at <= newest for one in readings):
        return True
    return bool(session.flags & _DEPENDS_ON_ORDER)


def ended(
    session: ChargingSession,
    stop: TransactionStop,
    time: SessionTime,
    *,
    readings: Iterable[Reading] = (),
    supply: Supply | None,
) -> ChargingSession:
    """T1: the running session ends by this stop at that time. `readings`: of its transactionData, that are not counted
    yet."""
    stopped = session_end.transaction_stopped(
        session,
        meter_stop_wh=stop.meter_stop_wh,
        at=time.at,
        reason=stop.reason,
        supply=supply,
        readings=readings,
        clock_replaced=not time.is_own,
    )
    foreign = tag(stop.id_tag) if stop.id_tag and not bears(session, stop.id_tag) else None
    stopped = replace(
        stopped,
        stop_was_named=names(session, stop),
        stop_has_stamp=stop.own_stamp is not None,
        stop_was_stamped=time.is_own,
        stop_stamp=stop.own_stamp,
        stop_id_tag=foreign,
    )
    return session_end.flagged_by_time(stopped, time.is_replaced)

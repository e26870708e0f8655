"""How sessions end: by their chargers' StopTransaction (T1 to T6), or closed by us (T7, T12)."""

from dataclasses import replace

from evgraph.domain import session_end, stopping
from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.session_clock import end_time
from evgraph.domain.session_registers import leap_confirmed
from evgraph.domain.session_unplug import parted
from evgraph.domain.stop_matching import differs
from evgraph.domain.supply import Supply
from evgraph.domain.transactions import TransactionStop
from evgraph.services import recount, stop_lookup
from evgraph.services.books import Change
from evgraph.services.settling import correct, correct_in_parts, save_rest, settle, settle_in_parts


async def end_by(
    change: Change, session: ChargingSession, stop: TransactionStop, supply: Supply | None
) -> ChargingSession:
    """T1: the session ends and is billed. T5, T7: one that we had closed, or that its charger ended by another stop, is
    corrected. T2: else nothing. The same whatever came first: what was counted from readings that are dated after the
    charger's own stop is taken back."""
    is_running = session.status is SessionStatus.CHARGING
    was_closed_by_us = session_end.was_closed_by_us(session)
    if not is_running and not was_closed_by_us and not differs(session, stop):
        return session
    time = end_time(session, stop)
    usable = tuple(await recount.usable(session.charge_point_id, stop.readings))
    readings = stopping.readings_of(session, replace(stop, readings=usable), time)
    readings = tuple(await recount.as_first_told(session, readings))
    # Before these readings are stored: they move nothing by themselves.
    has_unmoved = is_running and await recount.has_unmoved(session.id)
    await recount.store(change, session, readings)
    if is_running and not stopping.must_recount(session, readings, time, has_unmoved=has_unmoved):
        ended = stopping.ended(session, stop, time, readings=readings, supply=supply)
    else:
        until = time.at if time.is_own else None
        counted = await recount.recounted(session, supply, until=until, also=readings, heard_at=stop.received_at)
        counted = await stop_lookup.with_start(counted)
        ended = stopping.ended(counted, stop, time, supply=supply)
    if ended.leapt_to_wh is not None:
        ended = leap_confirmed(ended, await stop_lookup.next_register_wh(session))
    ended, rest = parted(ended, stop.meter_stop_wh, change.now)
    if is_running:
        ended = await settle(change, ended)
    else:
        ended = await correct(change, session_end.truth_told(session, ended, is_own_time=time.is_own))
    await save_rest(change, ended, rest, before=session)
    return ended


async def end_without_charger(change: Change, session: ChargingSession, supply: Supply | None) -> ChargingSession:
    """T7, T12: a person ends a session whose charger does not: at its last reading, billed in this change. One that has
    ended meanwhile stays as it is."""
    if session.status is not SessionStatus.CHARGING:
        return session
    session = await recount.settled(session, supply, heard_at=change.now)
    return await settle_in_parts(change, session_end.ended_by_person(session, change.now), by_person=True)


async def close(change: Change, session: ChargingSession, supply: Supply | None) -> ChargingSession:
    """T7: the running session is over, at its last reading, estimated, and billed."""
    session = await recount.settled(session, supply, heard_at=change.now)
    ended = session_end.given_up(session, session_end.last_known(session, change.now), closed_at=change.now)
    return await settle_in_parts(change, ended)


async def part_anew(
    change: Change, before: ChargingSession, told: ChargingSession, supply: Supply | None
) -> ChargingSession:
    """T4, T5, X2: a session that ended before its port was heard to say that the vehicle had left, or was charging
    again: its bill, and the rest, are what they would be had that come in time. `told`: as that leaves it."""
    if SessionFlag.SUPERSEDED in told.flags and session_end.was_closed_by_us(told):
        # Up to where the next start was told, nobody read its meter: its own stop will say.
        return await change.save_session(told)
    if session_end.was_closed_by_us(told):
        ended = session_end.readings_told(told, await recount.recounted(told, supply))
    else:
        until = session_end.transaction_ended_at(told) if told.stop_has_stamp else None
        ended = session_end.end_completed(told, await recount.recounted(told, supply, until=until), supply=supply)
    if ended is told:
        return await change.save_session(told)
    if ended.leapt_to_wh is not None:
        ended = leap_confirmed(ended, await stop_lookup.next_register_wh(before))
    return await correct_in_parts(change, before, ended)

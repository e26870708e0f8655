"""Late readings: those of a session that has ended by its charger's stop (T5), or by our word (T7).

Within the change that is open. What they correct is corrected and billed in it; most of them correct nothing, since a
meter that stands still is read for ever, and then no session is counted anew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from evgraph.domain import session_end
from evgraph.domain.charging_session import ChargingSession, SessionFlag
from evgraph.domain.energy import Reading
from evgraph.domain.session_clock import readings_within
from evgraph.domain.session_registers import leap_confirmed
from evgraph.domain.supply import Supply
from evgraph.models.meter_samples import registers_around
from evgraph.services import recount
from evgraph.services.batch import Message
from evgraph.services.books import Change
from evgraph.services.placing import place_beside
from evgraph.services.settling import correct_in_parts, open_again
from evgraph.services.stop_lookup import next_register_wh, next_start_at
from evgraph.services.supplies import Supplies

_SMALLEST = timedelta(microseconds=1)


async def late_readings_applied(
    change: Change, supplies: Supplies, session: ChargingSession, message: Message
) -> ChargingSession:
    """T5, T7: what we had closed while these readings were under way is corrected; where they show that it runs on,
    it is open again, beside its port if another session holds that. Else it stays as it is."""
    was_closed_by_us = session_end.was_closed_by_us(session)
    misses_readings = session_end.misses_readings(session, message.readings)
    is_named = message.transaction_id == session.id
    if (
        (was_closed_by_us or misses_readings)
        and not session_end.may_move(session, readings_within(session, message.readings, are_named=is_named))
        and not await _still_ran(session, message)
    ):
        return session
    supply = await supplies.of_port(session.port_id)
    usable = await recount.usable(message.charge_point_id, message.readings)
    readings = tuple(await recount.as_first_told(session, readings_within(session, usable, are_named=is_named)))
    if not is_named:
        readings = session_end.unnamed_told(session, readings)
        if not readings:
            return session
    if not was_closed_by_us and not misses_readings:
        misses_readings = await _tell_otherwise(session, readings)
        if not misses_readings:
            return session
    if misses_readings:
        until = session_end.transaction_ended_at(session) if session.stop_has_stamp else None
        counted = await recount.recounted(session, supply, until=until, also=readings)
        told = session_end.end_completed(session, counted, supply=supply)
        if told.leapt_to_wh is not None:
            told = leap_confirmed(told, await next_register_wh(session))
        return await _corrected(change, session, told)
    again = await _reopened(change, session, readings, supply) if is_named else None
    if again is not None:
        return again
    following = await next_start_at(session)
    # What the port counted for the next vehicle is in neither.
    until = following - _SMALLEST if following is not None else None
    counted = await recount.recounted(session, supply, until=until, also=readings)
    return await _corrected(change, session, session_end.readings_told(session, counted))


async def _reopened(
    change: Change, session: ChargingSession, readings: Sequence[Reading], supply: Supply | None
) -> ChargingSession | None:
    """T7: the session that we had closed, open again where these readings of its own show that it runs on; beside
    its port, where another session holds that. Null where they do not show it."""
    if not session_end.may_be_reopened(session, readings, await next_register_wh(session)):
        return None
    counted = await recount.recounted(session, supply, also=readings)
    again = session_end.reopened(session, counted, readings)
    if again is None:
        return None
    if await change.holder(session.port_id) is not None:
        place = await place_beside(change, session.garage_id, session.charge_point_id)
        again = replace(again, port_id=place.id)
    return await open_again(change, again)


async def _still_ran(session: ChargingSession, message: Message) -> bool:
    """S7, X2: readings of its own of before the start that ended it tell when it was last heard of."""
    if SessionFlag.SUPERSEDED not in session.flags or message.transaction_id != session.id:
        return False
    following = await next_start_at(session)
    read = readings_within(session, message.readings, are_named=True)
    return following is not None and any(one.at < following for one in read)


async def _tell_otherwise(session: ChargingSession, readings: Iterable[Reading]) -> bool:
    """X2: to count a session anew is dear: only where one of them does not lie in line with those around it."""
    for one in readings:
        if session_end.tells_otherwise(session, one, *await registers_around(session.id, one.at)):
            return True
    return False


async def _corrected(change: Change, session: ChargingSession, told: ChargingSession) -> ChargingSession:
    """T4, T5: the ended session as late readings leave it."""
    return session if told is session else await correct_in_parts(change, session, told)

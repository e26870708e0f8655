"""What ends a session, whoever ended it: the bill, the ticket, the request, all in the change that ended it (T1)."""

from dataclasses import replace

from evgraph.domain import billing, charging_request, session_start
from evgraph.domain.billing import LineItemUnit, is_flat_fee
from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.refusals import ErrorCode
from evgraph.domain.session_end import ended_by_person, was_cut_off
from evgraph.domain.stay import StayStatus
from evgraph.models import LineItemRow
from evgraph.services.books import Change

_FLAT_FEES = tuple(unit for unit in LineItemUnit if is_flat_fee(unit))


async def settle(change: Change, session: ChargingSession) -> ChargingSession:
    """Saves a session that has just ended and bills it. T5: also when its ticket is checked out, marked so."""
    stay = await change.stay(session.stay_id) if session.stay_id is not None else None
    if stay is None:
        return await change.save_session(session)
    item = billing.line_item(session, await change.rate(session.rate_id), stay, change.now)
    if stay.status is StayStatus.CLOSED:
        session = replace(session, flags=session.flags | {SessionFlag.AFTER_CHECKOUT})
    session = await change.save_session(session)
    if item is not None:
        await change.add_line_item(item)
    request = await change.request(session.request_id) if session.request_id is not None else None
    if request is not None:
        await change.save_request(charging_request.charged(request, session.id))
    return session


async def end_without_charger(change: Change, session: ChargingSession) -> ChargingSession:
    """T7, T12: a person ends a session whose charger does not: at its last reading, billed in this change. One that has
    ended meanwhile stays as it is."""
    if session.status is not SessionStatus.CHARGING:
        return session
    return await settle(change, ended_by_person(session, change.now))


async def correct(change: Change, session: ChargingSession) -> ChargingSession:
    """Saves a session whose truth came after its bill; the difference is a further line item (T5)."""
    stay = await change.stay(session.stay_id) if session.stay_id is not None else None
    if stay is None:
        return await change.save_session(session)
    billed = [row.value() for row in await LineItemRow.filter(session_id=session.id).order_by("sequence")]
    item = billing.correction(session, await change.rate(session.rate_id), stay, billed, change.now)
    if stay.status is StayStatus.CLOSED:
        session = replace(session, flags=session.flags | {SessionFlag.AFTER_CHECKOUT})
    session = await change.save_session(session)
    if item is not None:
        await change.add_line_item(item)
    return session


async def flat_fee_paid(session: ChargingSession) -> bool:
    """T8: another session of the request, cut off by the charger, bore the flat fee."""
    if session.request_id is None:
        return False
    fees = LineItemRow.filter(session__request_id=session.request_id, unit__in=_FLAT_FEES)
    others = await fees.exclude(session_id=session.id).select_related("session")
    return any(was_cut_off(fee.session.value()) for fee in others)  # type: ignore[attr-defined]


async def give_up_start(change: Change, session: ChargingSession, code: ErrorCode, why: str) -> ChargingSession:
    """S4: a start that came to nothing; the request waits again and says why, the port is open again."""
    failed = session_start.start_failed(session, code, why, change.now)
    if failed is session:
        return session
    failed = await change.save_session(failed)
    request = await change.request(failed.request_id) if failed.request_id is not None else None
    if request is not None:
        await change.save_request(charging_request.start_failed(request, failed.id, why))
    return failed

"""What ends a session, whoever ended it: the bill, the ticket, the request, all in the change that ended it (T1)."""

from dataclasses import replace

from evgraph.domain import billing, charging_request, session_start
from evgraph.domain.billing import LineItem
from evgraph.domain.charging_request import ChargingRequest
from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.energy import SMALLEST_CHARGED_WH
from evgraph.domain.flat_fee import flat_fees_paid
from evgraph.domain.rate import Rate, is_charged_once
from evgraph.domain.refusals import ErrorCode
from evgraph.domain.session_end import why_in_vain
from evgraph.domain.session_unplug import is_rest_of, parted, rest_corrected, rest_emptied
from evgraph.domain.stay import Stay, StayStatus
from evgraph.models import LineItemRow, SessionRow, StayRow
from evgraph.models.plain import select_values
from evgraph.services.books import Change

_BEGUN_FOR = "request_id = ? AND id <> ? AND started_at IS NOT NULL ORDER BY id"


async def settle(change: Change, session: ChargingSession, *, by_person: bool = False) -> ChargingSession:
    """Saves a session that has just ended and bills it, on its ticket whether or not that is checked out (T5). What it
    was billed before it was open again stands, and the rest is a correction (T7). `by_person`: somebody ended it, so
    that its vehicle does not wait again, however little it drew."""
    stay = await change.stay(session.stay_id) if session.stay_id is not None else None
    if stay is None:
        return await change.save_session(session)
    session = await _billed(change, session, stay)
    request = await change.request(session.request_id) if session.request_id is not None else None
    if request is not None:
        await _save_if_moved(change, request, _after_end(request, session, stay, by_person=by_person))
    return session


async def settle_in_parts(change: Change, session: ChargingSession, *, by_person: bool = False) -> ChargingSession:
    """T4: settles a session that ended without its charger's StopTransaction; what flowed after its vehicle left is
    saved as an unassigned session."""
    session, rest = parted(session, None, change.now)
    session = await settle(change, session, by_person=by_person)
    await save_rest(change, session, rest)
    return session


async def save_rest(
    change: Change,
    session: ChargingSession,
    rest: ChargingSession | None,
    *,
    before: ChargingSession | None = None,
    keeps_end: bool = False,
) -> None:
    """T4: saves what flowed after the vehicle of `session` left. Reported again, it is the same session, corrected.
    `before`: the session as it was billed before, null where this is its first end; `keeps_end`: readings correct it,
    and no end."""
    held = await _rest_of(before) if before is not None else None
    if held is None:
        if rest is not None:
            await change.save_session(rest)
        return
    corrected = rest_corrected(held, rest, keeps_end=keeps_end) if rest is not None else rest_emptied(held)
    if corrected != held:
        await correct(change, corrected)


async def correct(change: Change, session: ChargingSession) -> ChargingSession:
    """Saves a session whose truth came after its bill; the difference is a further line item (T5)."""
    stay = await change.stay(session.stay_id) if session.stay_id is not None else None
    if stay is None:
        return await change.save_session(session)
    session = await _billed(change, session, stay)
    request = await change.request(session.request_id) if session.request_id is not None else None
    if request is not None and session.energy_wh >= SMALLEST_CHARGED_WH:
        await _save_if_moved(change, request, charging_request.charged_after_all(request, session.id))
    return session


async def correct_in_parts(change: Change, before: ChargingSession, told: ChargingSession) -> ChargingSession:
    """T4, T5: corrects an ended session, `before`, by what came late and was no end: `told` is how that leaves it; what
    flowed after its vehicle left is saved or corrected as well."""
    told, rest = parted(told, told.stop_register_wh, change.now)
    told = await correct(change, told)
    await save_rest(change, told, rest, before=before, keeps_end=True)
    return told


async def open_again(change: Change, session: ChargingSession) -> ChargingSession:
    """T7: saves a session that we had closed and that runs on; its request is charging again. What it was billed stands
    until it ends."""
    session = await change.save_session(session)
    stay = await change.stay(session.stay_id) if session.stay_id is not None else None
    request = await change.request(session.request_id) if session.request_id is not None else None
    if stay is not None and stay.status is StayStatus.OPEN and request is not None:
        await _save_if_moved(change, request, charging_request.charging_again(request, session.id))
    return session


async def take_back(change: Change, session: ChargingSession) -> None:
    """S2: what a session was billed that turns out to be nobody's is given back to the tickets that it stands on.
    `session`: as it is now, without a ticket."""
    billed = await _line_items(session)
    stays = [row.value() for row in await StayRow.filter(id__in=list({item.stay_id for item in billed}))]
    for item in billing.moved(session, None, billed, {stay.id: stay for stay in stays}, change.now):
        await change.add_line_item(item)


async def flat_fee_paid(change: Change, session: ChargingSession) -> bool:
    """T8: an earlier session of the request, cut off by its charger, bears the flat fee. `session`: as it is to be
    saved; one that is not saved yet is the request's further session."""
    if session.request_id is None:
        return False
    return (await _flat_fees_paid(change, [session, *await _others(session.request_id, session.id)]))[0]


async def share_flat_fee(change: Change, request_id: int) -> None:
    """T8, T5: what has become of one session of the request decides whether others owe its flat fee: their bills are
    corrected, up or down."""
    sessions = await _others(request_id, 0)
    for session, is_paid in zip(sessions, await _flat_fees_paid(change, sessions), strict=True):
        if session.flat_fee_paid == is_paid:
            continue
        session = replace(session, flat_fee_paid=is_paid)
        stay = await change.stay(session.stay_id) if session.stay_id is not None else None
        if stay is None or session.status is not SessionStatus.ENDED:
            await change.save_session(session)
        else:
            await _billed_alone(change, session, await change.rate(session.rate_id), stay)


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


async def _billed(change: Change, session: ChargingSession, stay: Stay) -> ChargingSession:
    """Saved and billed; a flat fee is shared with the other sessions of its request."""
    rate, request_id = await change.rate(session.rate_id), session.request_id
    if rate is None or not is_charged_once(rate.kind) or request_id is None:
        return await _billed_alone(change, session, rate, stay)
    session = replace(session, flat_fee_paid=await flat_fee_paid(change, session))
    session = await _billed_alone(change, session, rate, stay)
    await share_flat_fee(change, request_id)
    return session


async def _billed_alone(change: Change, session: ChargingSession, rate: Rate | None, stay: Stay) -> ChargingSession:
    item = billing.correction(session, rate, stay, await _line_items(session), change.now)
    if stay.status is StayStatus.CLOSED:
        session = replace(session, flags=session.flags | {SessionFlag.AFTER_CHECKOUT})
    session = await change.save_session(session)
    if item is not None:
        await change.add_line_item(item)
    return session


async def _rest_of(session: ChargingSession) -> ChargingSession | None:
    if session.held_back_from_wh is None:
        return None
    rows = SessionRow.filter(
        charge_point_id=session.charge_point_id,
        id_tag="",
        meter_start_wh=session.held_back_from_wh,
        id__gt=session.id,
    )
    return next((one for one in [row.value() for row in await rows] if is_rest_of(one, session)), None)


async def _others(request_id: int, session_id: int) -> list[ChargingSession]:
    """The sessions of the request that have begun, without this one."""
    return await select_values(SessionRow, ChargingSession, _BEGUN_FOR, request_id, session_id)


async def _flat_fees_paid(change: Change, sessions: list[ChargingSession]) -> list[bool]:
    rates = {rate_id: await change.rate(rate_id) for rate_id in {session.rate_id for session in sessions}}
    return flat_fees_paid([(session, rates[session.rate_id]) for session in sessions])


async def _line_items(session: ChargingSession) -> list[LineItem]:
    return await select_values(LineItemRow, LineItem, "session_id = ? ORDER BY sequence", session.id)


def _after_end(request: ChargingRequest, session: ChargingSession, stay: Stay, *, by_person: bool) -> ChargingRequest:
    """T7, T12: charged; or cut off before any energy flowed, and waiting again, while the vehicle is on the lot."""
    why = why_in_vain(session)
    if why is None or by_person or stay.status is not StayStatus.OPEN or session.status is not SessionStatus.ENDED:
        return charging_request.charged(request, session.id)
    return charging_request.charged_in_vain(request, session.id, why)


async def _save_if_moved(change: Change, before: ChargingRequest, after: ChargingRequest) -> None:
    if after != before:
        await change.save_request(after)

"""Sessions get the ticket that they belong to: those that nobody asked for (S6), and those at the wrong plug."""

from collections.abc import Sequence
from dataclasses import replace

from evgraph.domain import assigning, billing, charging_request, session_owner
from evgraph.domain.billing import LineItem
from evgraph.domain.charging_request import ChargingRequest
from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.people import Right, Viewer
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.stay import Channel, Stay, StayStatus, refuse_closed
from evgraph.models import LineItemRow, SessionMoveRow, SessionRow, StayRow
from evgraph.services import finding
from evgraph.services.books import Books, Change
from evgraph.services.permissions import missing
from evgraph.services.settling import flat_fee_paid, share_flat_fee

_LONGEST_NAME = 100


class Assigning:
    def __init__(self, books: Books) -> None:
        self._books = books

    async def assign(self, viewer: Viewer, session_id: int, stay_id: int) -> ChargingSession:
        """S6: billed from its start by the rate that was in force then; at once if it has ended. Given to the same stay
        again, it stays as it is. Raises Refusal SESSION_ASSIGNED, SESSION_NOT_ACTIVE, STAY_CLOSED or
        REQUEST_NOT_WAITING."""
        garage_id = await finding.session_garage(viewer, Right.CHARGE, session_id)
        async with self._books.change(garage_id) as change:
            session, stay = await _session_and_stay(change, viewer, session_id, stay_id)
            if session.stay_id == stay.id:
                return session
            if session.stay_id is not None:
                raise Refusal(
                    ErrorCode.SESSION_ASSIGNED,
                    "This session is on another ticket already. Move it, if it is this vehicle's.",
                    ("input", "sessionId"),
                )
            refuse_closed(stay)
            return await _give(change, viewer, session, stay)

    async def reassign(self, viewer: Viewer, session_id: int, stay_id: int, *, swap: bool = False) -> ChargingSession:
        """A wrong plug: the session goes to another stay, whole, and its bill with it (T5). The vehicle that it was
        taken from waits again. `swap`: where that stay is charging too, the two change places. Raises Refusal
        SESSION_NOT_ACTIVE, REQUEST_NOT_WAITING, or STAY_CLOSED for a running session."""
        garage_id = await finding.session_garage(viewer, Right.CHARGE, session_id)
        async with self._books.change(garage_id) as change:
            session, stay = await _session_and_stay(change, viewer, session_id, stay_id)
            if session.stay_id == stay.id:
                return session
            assigning.refuse_running_without_ticket(session, stay)
            other = await _running_at(stay) if swap and session.status is SessionStatus.CHARGING else None
            before = await change.stay(session.stay_id) if session.stay_id is not None else None
            if other is not None and before is not None:
                assigning.refuse_running_without_ticket(other, before)
                # Both are taken before either is given: each finds the other's vehicle waiting.
                await _take(change, session)
                await _take(change, other)
                await _give(change, viewer, other, before)
            else:
                request = await change.request_on_board(stay.id)
                if session.status is SessionStatus.CHARGING and request is not None:
                    assigning.refuse_at_another_port(request)
                await _take(change, session)
            return await _give(change, viewer, session, stay)


async def _session_and_stay(
    change: Change, viewer: Viewer, session_id: int, stay_id: int
) -> tuple[ChargingSession, Stay]:
    """Of one garage. Raises Refusal NOT_FOUND, or INVALID for those of two."""
    session = await change.session(session_id)
    if session is None:
        raise missing("session", "input", "sessionId")
    stay = finding.fitting(
        viewer,
        await change.stay(stay_id),
        lambda stay: stay.garage_id == session.garage_id,
        "The session and the ticket are in different garages.",
        what="ticket",
        field="stayId",
    )
    return session, stay


async def _running_at(stay: Stay) -> ChargingSession | None:
    row = await SessionRow.get_or_none(stay_id=stay.id, status=SessionStatus.CHARGING)
    return row.value() if row is not None else None


async def _take(change: Change, session: ChargingSession) -> None:
    """The request that had the session is without it."""
    request = await change.request(session.request_id) if session.request_id is not None else None
    stay = await change.stay(session.stay_id) if session.stay_id is not None else None
    if request is None or stay is None:
        return
    rest = SessionRow.filter(request_id=request.id).exclude(id=session.id)
    latest = await rest.order_by("-id").first()
    await change.save_request(assigning.taken(request, session.id, stay, left=latest.id if latest else None))


async def _give(change: Change, viewer: Viewer, session: ChargingSession, stay: Stay) -> ChargingSession:
    """The session is the stay's, with its bill; who did it is kept."""
    request = await _request(change, stay)
    after = assigning.given(request, session)
    move = session_owner.assigned if session.stay_id is None else session_owner.moved_to
    moved = move(session, request.id, stay.id)
    moved = replace(moved, flat_fee_paid=await flat_fee_paid(change, moved))
    items = await _bill(change, moved, stay)
    if any(item.after_checkout for item in items) or stay.status is StayStatus.CLOSED:
        moved = replace(moved, flags=moved.flags | {SessionFlag.AFTER_CHECKOUT})
    moved = await change.save_session(moved)
    for item in items:
        await change.add_line_item(item)
    # T8: those that it leaves behind may owe the flat fee now, and those that it comes to no longer.
    for request_id in (session.request_id, request.id):
        if request_id is not None:
            await share_flat_fee(change, request_id)
    if after != request:
        await change.save_request(after)
    await SessionMoveRow.create(
        session_id=session.id,
        from_stay_id=session.stay_id,
        to_stay_id=stay.id,
        moved_by=viewer.name[:_LONGEST_NAME],
        moved_at=change.now,
    )
    return moved


async def _request(change: Change, stay: Stay) -> ChargingRequest:
    """The stay's request on the board, or one that is made for it."""
    return await change.request_on_board(stay.id) or await change.save_request(
        charging_request.new_request(
            garage_id=stay.garage_id,
            stay_id=stay.id,
            channel=Channel.API,
            estimated_checkout_at=stay.estimated_checkout_at,
            now=change.now,
        )
    )


async def _bill(change: Change, session: ChargingSession, stay: Stay) -> Sequence[LineItem]:
    billed = [row.value() for row in await LineItemRow.filter(session_id=session.id).order_by("sequence")]
    others = await StayRow.filter(id__in=list({item.stay_id for item in billed} - {stay.id}))
    stays = {stay.id: stay} | {row.id: row.value() for row in others}
    return billing.moved(session, await change.rate(session.rate_id), billed, stays, change.now)

"""Which request a session fills: one that is given to a ticket, and one that was taken from another (a wrong plug)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from evgraph.domain.charging_request import ChargingRequest, RequestStatus
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.stay import Stay, StayStatus, refuse_closed

_FIELD = ("input", "stayId")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionMove:
    """Who gave a session to a stay; `from_stay_id` is null where it was unassigned."""

    id: int
    session_id: int
    from_stay_id: int | None
    to_stay_id: int | None
    moved_by: str | None
    moved_at: datetime


def given(request: ChargingRequest, session: ChargingSession) -> ChargingRequest:
    """The request with the session: CHARGING while it runs, CHARGED once it has ended. One that has ended is billed
    beside whatever the vehicle is at now. Raises Refusal REQUEST_NOT_WAITING for a vehicle that is at another port."""
    if session.status is SessionStatus.CHARGING:
        refuse_at_another_port(request)
        return replace(request, status=RequestStatus.CHARGING, session_id=session.id, last_start_failure=None)
    match request.status:
        case RequestStatus.NEEDS_CHARGING:
            return replace(request, status=RequestStatus.CHARGED, session_id=session.id, last_start_failure=None)
        case RequestStatus.CHARGED:
            return replace(request, session_id=max(session.id, request.session_id or 0))
        case RequestStatus.STARTING | RequestStatus.CHARGING | RequestStatus.CANCELED:
            return request
        case _:
            assert_never(request.status)


def taken(request: ChargingRequest, session_id: int, stay: Stay, *, left: int | None) -> ChargingRequest:
    """The request without the session, which was another vehicle's: it waits again, unless it has moved on to another
    one. `left` is the latest of the sessions that it keeps. Off the lot nobody waits."""
    if request.session_id != session_id:
        return request
    match request.status:
        case RequestStatus.CHARGING | RequestStatus.CHARGED:
            if stay.status is StayStatus.OPEN:
                status = RequestStatus.NEEDS_CHARGING
            else:
                status = RequestStatus.CANCELED if left is None else RequestStatus.CHARGED
        case RequestStatus.NEEDS_CHARGING | RequestStatus.STARTING | RequestStatus.CANCELED:
            status = request.status
        case _:
            assert_never(request.status)
    return replace(request, status=status, session_id=left)


def refuse_at_another_port(request: ChargingRequest) -> None:
    """Raises Refusal REQUEST_NOT_WAITING."""
    match request.status:
        case RequestStatus.STARTING:
            why = "This vehicle is starting at another port. Stop that start first."
        case RequestStatus.CHARGING:
            why = (
                "This vehicle is charging at another port already. "
                "If two vehicles are plugged into each other's ports, swap them."
            )
        case RequestStatus.NEEDS_CHARGING | RequestStatus.CHARGED | RequestStatus.CANCELED:
            return
        case _:
            assert_never(request.status)
    raise Refusal(ErrorCode.REQUEST_NOT_WAITING, why, _FIELD)


def refuse_running_without_ticket(session: ChargingSession, stay: Stay) -> None:
    """Raises Refusal STAY_CLOSED: what runs belongs to an open ticket. One that has ended may still be billed to one
    that is checked out (T5)."""
    if session.status is SessionStatus.CHARGING:
        refuse_closed(stay)

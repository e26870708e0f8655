"""A vehicle's place in the EV queue."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.stay import Channel


class RequestStatus(StrEnum):
    NEEDS_CHARGING = "NEEDS_CHARGING"
    STARTING = "STARTING"
    CHARGING = "CHARGING"
    CHARGED = "CHARGED"
    CANCELED = "CANCELED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingRequest:
    """`session_id` is the latest session made for it."""

    id: int
    garage_id: int
    stay_id: int
    status: RequestStatus
    channel: Channel
    requested_at: datetime
    estimated_checkout_at: datetime | None
    session_id: int | None
    last_start_failure: str | None


def new_request(
    *,
    garage_id: int,
    stay_id: int,
    channel: Channel,
    estimated_checkout_at: datetime | None,
    now: datetime,
) -> ChargingRequest:
    return ChargingRequest(
        id=0,
        garage_id=garage_id,
        stay_id=stay_id,
        status=RequestStatus.NEEDS_CHARGING,
        channel=channel,
        requested_at=now,
        estimated_checkout_at=estimated_checkout_at,
        session_id=None,
        last_start_failure=None,
    )


def asked_again(
    request: ChargingRequest, *, channel: Channel, estimated_checkout_at: datetime | None, now: datetime
) -> ChargingRequest:
    """A charged vehicle goes back to the queue: the same request, so that a flat fee is not asked twice (T8)."""
    if request.status is not RequestStatus.CHARGED:
        raise Refusal(ErrorCode.REQUEST_EXISTS, "This vehicle is on the EV queue already.", ("input", "stayId"))
    return replace(
        request,
        status=RequestStatus.NEEDS_CHARGING,
        channel=channel,
        requested_at=now,
        estimated_checkout_at=estimated_checkout_at or request.estimated_checkout_at,
        last_start_failure=None,
    )


def start_asked(request: ChargingRequest, session_id: int) -> ChargingRequest:
    if request.status is not RequestStatus.NEEDS_CHARGING:
        raise Refusal(ErrorCode.REQUEST_NOT_WAITING, _not_waiting(request.status), ("input", "requestId"))
    return replace(request, status=RequestStatus.STARTING, session_id=session_id, last_start_failure=None)


def start_failed(request: ChargingRequest, session_id: int, why: str) -> ChargingRequest:
    """S4: it waits again, and says why. A request that has moved on to another session is left alone."""
    if request.status is not RequestStatus.STARTING or request.session_id != session_id:
        return request
    return replace(request, status=RequestStatus.NEEDS_CHARGING, last_start_failure=why)


def charging_began(request: ChargingRequest, session_id: int) -> ChargingRequest:
    """S2, S5: also out of NEEDS_CHARGING, when the start had been given up."""
    return replace(request, status=RequestStatus.CHARGING, session_id=session_id, last_start_failure=None)


def can_be_revived(request: ChargingRequest, session_id: int) -> bool:
    """S5: a start that was given up may still begin, if the request has no other session by now."""
    return request.status is RequestStatus.NEEDS_CHARGING and request.session_id == session_id


def can_be_continued(request: ChargingRequest, session_id: int) -> bool:
    """T8: the charger that was cut off may go on with the same vehicle, if nothing else became of its request."""
    match request.status:
        case RequestStatus.NEEDS_CHARGING | RequestStatus.CHARGING | RequestStatus.CHARGED:
            return request.session_id == session_id
        case RequestStatus.STARTING | RequestStatus.CANCELED:
            return False
        case _:
            assert_never(request.status)


def can_begin_after_all(request: ChargingRequest, session_id: int) -> bool:
    """S2: the start that was asked for may still come with its own idTag, if the request waits, or has only the session
    that was taken for it."""
    return request.status is RequestStatus.NEEDS_CHARGING or can_be_continued(request, session_id)


def charged(request: ChargingRequest, session_id: int) -> ChargingRequest:
    if request.session_id != session_id or request.status is RequestStatus.CANCELED:
        return request
    return replace(request, status=RequestStatus.CHARGED)


def charged_in_vain(request: ChargingRequest, session_id: int, why: str) -> ChargingRequest:
    """T7: its session was cut off before any energy flowed: it waits again, and says why."""
    if request.session_id != session_id or request.status is not RequestStatus.CHARGING:
        return request
    return replace(request, status=RequestStatus.NEEDS_CHARGING, last_start_failure=why)


def charged_after_all(request: ChargingRequest, session_id: int) -> ChargingRequest:
    """T5, T7: the session that had been cut off in vain has delivered energy, as its charger tells now."""
    waits_in_vain = request.status is RequestStatus.NEEDS_CHARGING and request.last_start_failure is not None
    if request.session_id != session_id or not waits_in_vain:
        return request
    return replace(request, status=RequestStatus.CHARGED, last_start_failure=None)


def charging_again(request: ChargingRequest, session_id: int) -> ChargingRequest:
    """T7: a session that we had closed runs on. A request that has moved on is left alone."""
    if request.session_id != session_id:
        return request
    match request.status:
        case RequestStatus.CHARGED | RequestStatus.NEEDS_CHARGING:
            return replace(request, status=RequestStatus.CHARGING, last_start_failure=None)
        case RequestStatus.STARTING | RequestStatus.CHARGING | RequestStatus.CANCELED:
            return request
        case _:
            assert_never(request.status)


def canceled(request: ChargingRequest) -> ChargingRequest:
    """Only a waiting request can be canceled; canceling twice changes nothing."""
    match request.status:
        case RequestStatus.CANCELED:
            return request
        case RequestStatus.NEEDS_CHARGING:
            return replace(request, status=RequestStatus.CANCELED)
        case RequestStatus.STARTING:
            why = "This vehicle is starting. Stop the session to give up the start, then cancel the request."
        case RequestStatus.CHARGING:
            why = "This vehicle is charging. Stop the session or unplug the vehicle instead of canceling."
        case RequestStatus.CHARGED:
            why = "This vehicle has been charged already. The request leaves the board at check-out."
        case _:
            assert_never(request.status)
    raise Refusal(ErrorCode.REQUEST_NOT_WAITING, why, ("input", "requestId"))


def _not_waiting(status: RequestStatus) -> str:
    match status:
        case RequestStatus.NEEDS_CHARGING:
            return "This vehicle is waiting."
        case RequestStatus.STARTING:
            return "This vehicle is starting already. Plug it in."
        case RequestStatus.CHARGING:
            return "This vehicle is charging already."
        case RequestStatus.CHARGED:
            return "This vehicle has been charged already. Make a new request first."
        case RequestStatus.CANCELED:
            return "This request was canceled. Make a new request first."
        case _:
            assert_never(status)

"""Whose session it is: one that nobody asked for is given to a ticket, one at the wrong plug to another."""

from dataclasses import replace

from evgraph.domain.charging_session import ChargingSession
from evgraph.domain.refusals import ErrorCode, Refusal

_FIELD = ("input", "sessionId")


def assigned(
    session: ChargingSession, request_id: int, stay_id: int, *, flat_fee_paid: bool = False
) -> ChargingSession:
    """S6: an unassigned session, running or ended, becomes a request's: billed from its start, by the rate it began
    with. Raises Refusal INVALID for one that is a ticket's already, or that never began."""
    _refuse_unless_begun(session)
    if session.stay_id is not None or session.request_id is not None:
        raise Refusal(ErrorCode.INVALID, "This session is on a ticket already. Move it instead.", _FIELD)
    return replace(session, request_id=request_id, stay_id=stay_id, flat_fee_paid=flat_fee_paid)


def moved_to(
    session: ChargingSession, request_id: int, stay_id: int, *, flat_fee_paid: bool = False
) -> ChargingSession:
    """A wrong plug: a session that runs or has ended, whole, to another stay. `flat_fee_paid` is the new request's
    (T8). Raises Refusal INVALID for one that is on no ticket, on that one, or that never began."""
    _refuse_unless_begun(session)
    if session.stay_id is None:
        raise Refusal(ErrorCode.INVALID, "This session is on no ticket yet. Assign it instead.", _FIELD)
    if session.stay_id == stay_id:
        raise Refusal(ErrorCode.INVALID, "This session is on that ticket already.", ("input", "stayId"))
    return replace(session, request_id=request_id, stay_id=stay_id, flat_fee_paid=flat_fee_paid)


def _refuse_unless_begun(session: ChargingSession) -> None:
    if not session.status.has_begun:
        raise Refusal(ErrorCode.SESSION_NOT_ACTIVE, "This session never began to charge.", _FIELD)

"""What a command names, found for a viewer: by id, or by garage and ticket number."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from tortoise.models import Model

from evgraph.domain.charge_point import ChargePoint
from evgraph.domain.people import Right, Viewer
from evgraph.domain.port import Port
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.stay import StayStatus, refuse_contradiction, refuse_incomplete, same_ticket
from evgraph.models import ChargePointRow, PortRow, RequestRow, SessionRow, StayRow
from evgraph.models.looks import by_itself
from evgraph.models.reads import note_anything
from evgraph.services import reading
from evgraph.services.permissions import missing, require


class _InGarage(Protocol):
    @property
    def garage_id(self) -> int: ...


G = TypeVar("G", bound=_InGarage)


async def stay(
    viewer: Viewer, right: Right, *, stay_id: int | None, garage_id: int | None, ticket_number: str | None
) -> StayRow:
    """The stay of this id; else the open stay of a ticket number, else its latest. Raises Refusal NOT_FOUND, INVALID
    where the identifiers are too few or contradict each other, or Forbidden."""
    ticket_number = same_ticket(ticket_number or "") or None
    refuse_incomplete(stay_id=stay_id, garage_id=garage_id, ticket_number=ticket_number)
    if stay_id is not None:
        row = await StayRow.get_or_none(id=stay_id)
        field = "stayId"
    else:
        same = StayRow.filter(garage_id=garage_id, ticket_number=ticket_number)
        row = await same.filter(status=StayStatus.OPEN).first() or await same.order_by("-id").first()
        field = "ticketNumber"
    if row is None:
        raise missing("ticket", "input", field)
    require(viewer, right, row.garage_id, "ticket", "input", field)
    refuse_contradiction(row.value(), garage_id=garage_id, ticket_number=ticket_number)
    return row


def fitting(viewer: Viewer, found: G | None, fits: Callable[[G], bool], why: str, *, what: str, field: str) -> G:
    """What a second identifier names, where it fits the first one: a ticket of the same garage, a session of the same
    charge point. `why`: the contradiction, as a sentence. Raises Refusal NOT_FOUND for what is not there or the viewer
    does not see, INVALID for what contradicts the first identifier."""
    if found is None or not viewer.sees(found.garage_id):
        raise missing(what, "input", field)
    if not fits(found):
        raise Refusal(ErrorCode.INVALID, why, ("input", field))
    return found


async def request_garage(viewer: Viewer, right: Right, request_id: int) -> int:
    return await _garage_of(viewer, right, RequestRow, request_id, "request", "requestId")


async def session_garage(viewer: Viewer, right: Right, session_id: int) -> int:
    return await _garage_of(viewer, right, SessionRow, session_id, "session", "sessionId")


async def port_garage(viewer: Viewer, right: Right, port_id: int) -> int:
    return await _garage_of(viewer, right, PortRow, port_id, "port", "portId")


async def charge_point(viewer: Viewer, right: Right, charge_point_id: int) -> ChargePoint:
    row = await ChargePointRow.get_or_none(id=charge_point_id)
    if row is None:
        raise missing("charge point", "input", "chargePointId")
    require(viewer, right, row.garage_id, "charge point", "input", "chargePointId")
    return row.value()


async def port(viewer: Viewer, right: Right, port_id: int) -> tuple[Port, ChargePoint]:
    """The port with its charge point."""
    await port_garage(viewer, right, port_id)
    (found,) = await reading.ports(id=port_id)
    return found, (await ChargePointRow.get(id=found.charge_point_id)).value()


async def place(
    viewer: Viewer, right: Right, charge_point_id: int | None, port_id: int | None
) -> tuple[ChargePoint, Port | None]:
    """A port with its charge point, or a charge point with all its connectors. Raises Refusal NOT_FOUND, or INVALID
    when neither is named, or both are."""
    if port_id is not None and charge_point_id is None:
        found, its = await port(viewer, right, port_id)
        return its, found
    if charge_point_id is not None and port_id is None:
        return await charge_point(viewer, right, charge_point_id), None
    raise Refusal(ErrorCode.INVALID, "Provide either portId or chargePointId.", ("input", "portId"))


async def _garage_of(viewer: Viewer, right: Right, row_type: type[Model], id_: int, what: str, field: str) -> int:
    """The garage of a row that the viewer has the right for. Raises Refusal NOT_FOUND, or Forbidden."""
    note_anything()
    rows = await by_itself().rows(f"SELECT garage_id FROM {row_type._meta.db_table} WHERE id = ?", id_)  # noqa: S608
    if not rows:
        raise missing(what, "input", field)
    ((garage_id,),) = rows
    require(viewer, right, garage_id, what, "input", field)
    return int(garage_id)

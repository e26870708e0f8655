"""A connector is held for an idTag, until it is used, cancelled or past its end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tortoise.expressions import Q

from evgraph.domain import reservation as reservations
from evgraph.domain.asks import CancelReservation, ReserveNow
from evgraph.domain.charge_point import ChargePoint, ReservationState
from evgraph.domain.people import Right, Viewer
from evgraph.domain.port import Port, PortStatus, refuse_unless_open
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.reservation import ANY_CONNECTOR, Reservation
from evgraph.domain.transactions import tag
from evgraph.models import CardRow, ChargePointRow, PortRow, SessionRow
from evgraph.models.operating import ReservationRow
from evgraph.models.records import to_columns, to_value
from evgraph.services import finding, reading
from evgraph.services.asking import ask, refuse_unless
from evgraph.services.books import Books
from evgraph.services.cards import card_of
from evgraph.services.interfaces import ChargePointGateway
from evgraph.services.once import Once
from evgraph.services.permissions import missing, require

SHOWN_FOR = timedelta(days=30)
_RESERVATION = ("input", "reservationId")
_NOT_RESERVED = {
    "Faulted": "The connector has a fault.",
    "Occupied": "The connector is in use, or reserved already.",
    "Rejected": "It takes no such reservation.",
    "Unavailable": "The connector is out of service.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveConnector:
    """Of a port, or of any connector of a charge point. `parent_id_tag`: whoever shares it may charge as well; that of
    the registered card when it is left out."""

    charge_point_id: int | None
    port_id: int | None
    id_tag: str
    parent_id_tag: str | None
    expires_at: datetime


class Reservations:
    def __init__(self, books: Books, once: Once, gateway: ChargePointGateway) -> None:
        self._books = books
        self._once = once
        self._gateway = gateway

    async def reserve(self, viewer: Viewer, command: ReserveConnector) -> Reservation:
        """Raises Refusal INVALID, PORT_IN_USE, PORT_NOT_OPEN, CHARGER_OFFLINE, CHARGER_BUSY, CHARGER_REJECTED or
        CHARGER_TIMEOUT; after the last it is kept, since the charge point may hold it."""
        charge_point, port = await finding.place(viewer, Right.OPERATE, command.charge_point_id, command.port_id)
        return await self._once.to_the_end(self._reserve(charge_point, port, command, viewer.name))

    async def cancel(self, viewer: Viewer, reservation_id: int) -> Reservation:
        """Raises Refusal INVALID for one that is over, CHARGER_OFFLINE, CHARGER_BUSY, CHARGER_REJECTED or
        CHARGER_TIMEOUT."""
        row = await ReservationRow.get_or_none(id=reservation_id).select_related("charge_point")
        if row is None:
            raise missing("reservation", *_RESERVATION)
        held_by: ChargePointRow = row.charge_point
        require(viewer, Right.OPERATE, held_by.garage_id, "reservation", *_RESERVATION)
        (reservation,) = await self._look(held_by.garage_id, [_value(row)])
        reservations.canceled(reservation)
        return await self._once.to_the_end(self._cancel(held_by.value(), reservation))

    async def of_charge_points(
        self, charge_point_ids: list[int], db: reading.Database = None
    ) -> list[list[Reservation]]:
        """By charge point, newest first: those that are held, and those of the last thirty days."""
        now = self._books.now()
        recent = Q(state=ReservationState.ACTIVE) | Q(made_at__gte=now - SHOWN_FOR)
        rows = ReservationRow.filter(recent, charge_point_id__in=charge_point_ids).using_db(db).order_by("-id")
        found: dict[int, list[Reservation]] = {id_: [] for id_ in charge_point_ids}
        for row in await rows:
            found[row.charge_point_id].append(reservations.seen(_value(row), is_used=False, now=now))
        return [found[id_] for id_ in charge_point_ids]

    async def settle(self) -> int:
        """What became of those that are held: USED or EXPIRED; tells how many."""
        by_garage: dict[int, list[Reservation]] = {}
        rows = ReservationRow.filter(state=ReservationState.ACTIVE).select_related("charge_point")
        for row in await rows:
            held_by: ChargePointRow = row.charge_point
            by_garage.setdefault(held_by.garage_id, []).append(_value(row))
        settled = 0
        for garage_id, held in by_garage.items():
            over = [r for r in await self._look(garage_id, held) if r.state is not ReservationState.ACTIVE]
            for reservation in over:
                await _save(reservation)
            settled += len(over)
        return settled

    async def _reserve(
        self, charge_point: ChargePoint, port: Port | None, command: ReserveConnector, made_by: str
    ) -> Reservation:
        async with self._books.change(charge_point.garage_id) as change:
            present = await change.port(port.id) if port else None
            if present is not None:
                refuse_unless_open(present, ("input", "portId"))
            wanted = reservations.wanted(
                charge_point_id=charge_point.id,
                connector_id=present.connector_id if present else ANY_CONNECTOR,
                id_tag=command.id_tag,
                parent_id_tag=command.parent_id_tag,
                expires_at=command.expires_at,
                made_by=made_by,
                now=change.now,
            )
            card = await card_of(charge_point.garage_id, wanted.id_tag)
            if wanted.parent_id_tag is None and card is not None:
                wanted = replace(wanted, parent_id_tag=card.parent_id_tag)
            reservation = _value(await ReservationRow.create(**to_columns(wanted)))
        field = ("input", "portId" if port else "chargePointId")
        try:
            status = await ask(
                self._gateway,
                charge_point,
                ReserveNow(
                    reservation_id=reservation.id,
                    connector_id=reservation.connector_id,
                    id_tag=reservation.id_tag,
                    expires_at=reservation.expires_at,
                    parent_id_tag=reservation.parent_id_tag,
                ),
                field,
            )
            refuse_unless(charge_point, status, "Accepted", meaning=_NOT_RESERVED, field=field)
        except Refusal as refusal:
            if refusal.code is not ErrorCode.CHARGER_TIMEOUT:
                await ReservationRow.filter(id=reservation.id).delete()
            raise
        return reservation

    async def _cancel(self, charge_point: ChargePoint, reservation: Reservation) -> Reservation:
        status = await ask(self._gateway, charge_point, CancelReservation(reservation.id), _RESERVATION)
        # Rejected: it holds none of that number (section 5.1), unless its connector still says so.
        if await _is_reserved(reservation):
            still = {"Rejected": "Its connector is still reserved: cancel it there."}
            refuse_unless(charge_point, status, "Accepted", meaning=still, field=_RESERVATION)
        canceled = reservations.canceled(reservation)
        await _save(canceled)
        return canceled

    async def _look(self, garage_id: int, held: Sequence[Reservation]) -> list[Reservation]:
        """Each as it is now, by the transactions that began since it was made (two queries, whatever their number)."""
        has_parents = any(r.parent_id_tag for r in held)
        grouped = CardRow.filter(garage_id=garage_id, parent_id_tag__isnull=False)
        cards = [(tag(card.parent_id_tag or ""), tag(card.id_tag)) for card in await grouped] if has_parents else []
        begun = await SessionRow.filter(
            charge_point_id__in={r.charge_point_id for r in held},
            started_at__gte=min(r.made_at for r in held),
        ).values_list("charge_point_id", "connector_id", "id_tag", "started_at")
        now = self._books.now()

        def is_used(r: Reservation) -> bool:
            parent = tag(r.parent_id_tag) if r.parent_id_tag else None
            tags = {tag(r.id_tag), *(id_tag for group, id_tag in cards if group == parent)}
            return any(
                charge_point_id == r.charge_point_id
                and r.connector_id in (ANY_CONNECTOR, connector_id)
                and id_tag in tags
                and r.made_at <= started_at < r.expires_at
                for charge_point_id, connector_id, id_tag, started_at in begun
            )

        return [reservations.seen(r, is_used=is_used(r), now=now) for r in held]


def _value(row: ReservationRow) -> Reservation:
    return to_value(row, Reservation)


async def _is_reserved(reservation: Reservation) -> bool:
    """By what its connectors report."""
    ports = PortRow.filter(charge_point_id=reservation.charge_point_id, reported_status=PortStatus.RESERVED)
    if reservation.connector_id != ANY_CONNECTOR:
        ports = ports.filter(connector_id=reservation.connector_id)
    return await ports.exists()


async def _save(reservation: Reservation) -> None:
    """Unless it was settled meanwhile."""
    await ReservationRow.filter(id=reservation.id, state=ReservationState.ACTIVE).update(state=reservation.state)

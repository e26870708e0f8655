"""Ports go out of order and come back. The board holds it whatever the charge point answers; it is told, and told again
when it forgot."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from evgraph.domain.asks import ChangeAvailability
from evgraph.domain.charge_point import ChargePoint
from evgraph.domain.own_clock import has_elapsed
from evgraph.domain.people import Right, Viewer
from evgraph.domain.port import STARTABLE, Port, put_in_order, put_out_of_order
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.models import ChargePointRow, PortRow
from evgraph.services import finding, reading
from evgraph.services.asking import ask
from evgraph.services.books import Books
from evgraph.services.interfaces import CallFailed, ChargePointGateway
from evgraph.services.once import Once

WHOLE_CHARGE_POINT = 0
REMIND_EVERY = timedelta(minutes=10)

log = structlog.get_logger("evgraph.availability")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """`answer` is the charge point's: Accepted, Scheduled or Rejected; null where it gave none. `warning` says what an
    operator should know of that, in a sentence."""

    charge_point: ChargePoint
    ports: tuple[Port, ...]
    answer: str | None
    warning: str | None


class Availability:
    def __init__(self, books: Books, once: Once, gateway: ChargePointGateway) -> None:
        self._books = books
        self._once = once
        self._gateway = gateway
        self._reminded: dict[int, datetime] = {}
        self._reminding: set[asyncio.Task[None]] = set()

    async def change(
        self, viewer: Viewer, *, charge_point_id: int | None, port_id: int | None, is_available: bool
    ) -> Changed:
        """One port, or all of a charge point. A session that runs goes on. Raises Refusal NOT_FOUND or INVALID."""
        charge_point, port = await finding.place(viewer, Right.OPERATE, charge_point_id, port_id)
        return await self._once.to_the_end(self._change(charge_point, port, is_available=is_available))

    async def remind(self) -> int:
        """Tells charge points anew that report a port free which is out of order: they were offline at the time, or
        forgot. Each port at most every ten minutes; tells how many."""
        now = self._books.now()
        free = PortRow.filter(is_out_of_order=True, reported_status__in=STARTABLE, charge_point__is_online=True)
        due = [
            row
            for row in await free.select_related("charge_point")
            if row.id not in self._reminded or has_elapsed(self._reminded[row.id], REMIND_EVERY, now)
        ]
        for row in due:
            self._reminded[row.id] = now
            charge_point: ChargePointRow = row.charge_point
            task = asyncio.create_task(self._remind(charge_point.identity, row.connector_id))
            self._reminding.add(task)
            task.add_done_callback(self._reminding.discard)
        return len(due)

    async def close(self) -> None:
        """Waits for what is being asked."""
        await asyncio.gather(*self._reminding, return_exceptions=True)

    async def _change(self, charge_point: ChargePoint, port: Port | None, *, is_available: bool) -> Changed:
        async with self._books.change(charge_point.garage_id) as change:
            its = await reading.ports(charge_point_id=charge_point.id, is_reported=True)
            meant = [found for found in its if port is None or found.id == port.id]
            ports = []
            for before in sorted(meant, key=lambda found: found.connector_id):
                after = put_in_order(before, change.now) if is_available else put_out_of_order(before, change.now)
                ports.append(after if after is before else await change.save_port(after))
        connector_id = port.connector_id if port else WHOLE_CHARGE_POINT
        for held in ports:
            # It has just been told.
            self._reminded[held.id] = change.now
        try:
            answer: str | None = await ask(
                self._gateway, charge_point, ChangeAvailability(connector_id, is_operative=is_available)
            )
            warning = None if answer in ("Accepted", "Scheduled") else f"{charge_point.identity} answered {answer}."
        except Refusal as refusal:
            if refusal.code in (ErrorCode.CHARGER_OFFLINE, ErrorCode.CHARGER_BUSY):
                self._forget(ports)
            answer, warning = None, refusal.message
        return Changed(charge_point=charge_point, ports=tuple(ports), answer=answer, warning=warning)

    def _forget(self, ports: list[Port]) -> None:
        """It heard nothing: it is to be told as soon as it is back."""
        for port in ports:
            self._reminded.pop(port.id, None)

    async def _remind(self, identity: str, connector_id: int) -> None:
        told = log.bind(charge_point=identity, connector=connector_id)
        try:
            answer = await self._gateway.ask(identity, ChangeAvailability(connector_id, is_operative=False))
        except CallFailed as failure:
            told.info("could not be told again that it is out of order", why=str(failure))
        else:
            told.info("told again that it is out of order", answer=answer)

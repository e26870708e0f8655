"""Who is connected, as the database and the boards have it."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tortoise.exceptions import DoesNotExist

from evgraph.domain.charging_session import SessionStatus
from evgraph.domain.refusals import ErrorCode
from evgraph.models import ChargePointRow, PortRow, SessionRow
from evgraph.models.plain import execute_many
from evgraph.services.books import Books, Change
from evgraph.services.settling import give_up_start
from evgraph.services.together import Together

_LOST_CONNECTION = "The charger lost its connection before charging began. Choose another port."
_SAVE = "UPDATE charge_point SET is_online = ?, last_seen_at = ? WHERE id = ?"


@dataclass(frozen=True, slots=True)
class _Move:
    charge_point_id: int
    is_online: bool


class Presence:
    """Those who come and go at the same time are saved together, across garages: after a restart all come at once."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._moves: Together[_Move, None] = Together(self._save)

    async def came(self, charge_point_id: int) -> None:
        await self._moves.add(_Move(charge_point_id, is_online=True))

    async def went(self, charge_point_id: int) -> None:
        """C4: its ports are OFFLINE. S4: a start that waited for it is given up; what runs stays running. While the
        database is out of reach it is tried again, before whatever comes later, until it is saved."""
        await self._moves.insist(_Move(charge_point_id, is_online=False))

    async def nobody_is(self) -> None:
        """At our own start: who was connected to the process before is not connected to this one (X1). A start that
        waits for its vehicle keeps its window: its charger will be back in seconds."""
        by_garage: defaultdict[int, list[int]] = defaultdict(list)
        for id_, garage_id in await ChargePointRow.filter(is_online=True).values_list("id", "garage_id"):
            by_garage[garage_id].append(id_)
        for garage_id, ids in by_garage.items():
            async with self._books.change(garage_id) as change:
                await ChargePointRow.filter(id__in=ids).update(is_online=False)
                await touch_ports(change, ids)

    async def close(self) -> None:
        await self._moves.close()

    async def _save(self, moves: Sequence[_Move]) -> Sequence[None]:
        # The last word of each counts; in the order of their coming.
        latest = {move.charge_point_id: move.is_online for move in moves}
        garage_ids = await _garages_of(latest)
        async with self._books.change(*garage_ids) as change:
            await execute_many(_SAVE, [(is_online, change.now, id_) for id_, is_online in latest.items()])
            await touch_ports(change, latest)
            # Also of one that is back already: its start is lost with the connection that it was sent over.
            gone = [move.charge_point_id for move in moves if not move.is_online]
            if gone:
                await give_up_starts(change, gone, ErrorCode.CHARGER_OFFLINE, _LOST_CONNECTION)
        return [None] * len(moves)


async def _garages_of(charge_point_ids: Collection[int]) -> set[int]:
    """Raises DoesNotExist when there is none of that id."""
    found = dict(await ChargePointRow.filter(id__in=list(charge_point_ids)).values_list("id", "garage_id"))
    if len(found) < len(charge_point_ids):
        raise DoesNotExist("ChargePointRow")
    return set(found.values())


async def touch_ports(change: Change, charge_point_ids: Collection[int]) -> None:
    """All ports of these charge points show something else."""
    ports = PortRow.filter(charge_point_id__in=list(charge_point_ids))
    for id_, garage_id in await ports.values_list("id", "garage_id"):
        change.touch_port(garage_id, id_)


async def give_up_starts(change: Change, charge_point_ids: Collection[int], code: ErrorCode, why: str) -> None:
    """S4: of what waits for its vehicle at these charge points nothing can begin."""
    waiting = SessionRow.filter(charge_point_id__in=list(charge_point_ids), status=SessionStatus.STARTING)
    for row in await waiting.order_by("id"):
        await give_up_start(change, row.value(), code, why)

"""Who was connected when, from where, and why it ended (C1)."""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from tortoise.transactions import in_transaction

from evgraph.models import ConnectionRow
from evgraph.models.database import WRITER
from evgraph.models.plain import execute_many, select
from evgraph.services.interfaces import Clock
from evgraph.services.together import Together

RESTARTED = "The server was restarted."
_LONGEST_REMOTE = 100
_LONGEST_SUBPROTOCOL = 40
_LONGEST_REASON = 200
_SAVE_OPENED = (
    "INSERT INTO charge_point_connection (charge_point_id, remote, subprotocol, security_profile, connected_at)"
    " VALUES {} RETURNING id, charge_point_id"
)
_SAVE_CLOSED = (
    "UPDATE charge_point_connection SET disconnected_at = ?, close_code = ?, close_reason = ?"
    " WHERE id = ? AND disconnected_at IS NULL"
)


class _Opened(NamedTuple):
    charge_point_id: int
    remote: str
    subprotocol: str | None
    security_profile: int
    at: datetime


class _Closed(NamedTuple):
    at: datetime
    code: int | None
    reason: str | None
    id: int


class Connections:
    """Those that open and close at the same time are kept together."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._opened: Together[_Opened, int] = Together(_keep_opened)
        self._closed: Together[_Closed, None] = Together(_keep_closed)

    async def opened(self, charge_point_id: int, *, remote: str, subprotocol: str | None, security_profile: int) -> int:
        """The connection's id, to close it by."""
        return await self._opened.add(
            _Opened(
                charge_point_id=charge_point_id,
                remote=remote[:_LONGEST_REMOTE],
                subprotocol=subprotocol[:_LONGEST_SUBPROTOCOL] if subprotocol is not None else None,
                security_profile=security_profile,
                at=self._clock.now(),
            )
        )

    async def closed(self, connection_id: int, *, code: int | None, reason: str | None) -> None:
        """`code`: of the WebSocket close (RFC 6455 section 7.4). What was closed stays as it was told first.
        While the database is out of reach it is tried again until it is saved."""
        told = reason[:_LONGEST_REASON].replace("\x00", "") if reason else None
        await self._closed.insist(_Closed(at=self._clock.now(), code=code, reason=told, id=connection_id))

    async def forget(self) -> None:
        """At our own start: what a process that was killed left open ended with it (X1)."""
        await ConnectionRow.filter(disconnected_at__isnull=True).update(
            disconnected_at=self._clock.now(), close_reason=RESTARTED
        )

    async def close(self) -> None:
        """Waits for what is being kept."""
        await self._opened.close()
        await self._closed.close()


async def _keep_opened(opened: Sequence[_Opened]) -> Sequence[int]:
    rows: list[tuple[Any, ...]] = []
    async with in_transaction(WRITER):
        for some in _by_powers_of_two(opened):
            rows += await select(_opened_statement(len(some)), *chain.from_iterable(some))
    # In whatever order they come back: ids of one charge point rise in the order of its connections.
    ids: defaultdict[int, deque[int]] = defaultdict(deque)
    for id_, charge_point_id in sorted(rows):
        ids[charge_point_id].append(id_)
    return [ids[one.charge_point_id].popleft() for one in opened]


@cache
def _opened_statement(count: int) -> str:
    one = f"({', '.join('?' * len(_Opened._fields))})"
    return _SAVE_OPENED.format(", ".join([one] * count))


def _by_powers_of_two(opened: Sequence[_Opened]) -> Iterator[Sequence[_Opened]]:
    """So that there are few statements, each prepared once."""
    first = 0
    while rest := len(opened) - first:
        count = 1 << (rest.bit_length() - 1)
        yield opened[first : first + count]
        first += count


async def _keep_closed(closed: Sequence[_Closed]) -> Sequence[None]:
    async with in_transaction(WRITER):
        await execute_many(_SAVE_CLOSED, closed)
    return [None] * len(closed)

"""Ports and rates, as values; a fixed number of queries each, whatever the garage holds."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.port import Port
from evgraph.domain.rate import Rate
from evgraph.domain.session_unplug import is_rest
from evgraph.models import PortRow, RateRow, SessionRow
from evgraph.models.charging import IS_ACTIVE
from evgraph.models.plain import select_values

ACTIVE = tuple(status for status in SessionStatus if status.is_active)
Database = BaseDBAsyncClient | None
# A status that is told late is of one of the latest sessions.
_MOST_LATELY = 4


async def ports(db: Database = None, **where: Any) -> list[Port]:
    """In no order. `where` are Tortoise filters over PortRow."""
    rows = await PortRow.filter(**where).using_db(db).select_related("charge_point")
    holders = await _holders(db, [row.id for row in rows])
    return [_port(row, holders.get(row.id)) for row in rows]


async def rates(db: Database, ids: Iterable[int | None]) -> dict[int, Rate]:
    wanted = {id_ for id_ in ids if id_ is not None}
    if not wanted:
        return {}
    return {row.id: row.value() for row in await RateRow.filter(id__in=list(wanted)).using_db(db)}


async def rate_in_force(db: Database, garage_id: int, at: datetime | None = None) -> Rate | None:
    """Now, or at an instant that has passed (T10)."""
    rows = RateRow.filter(garage_id=garage_id).using_db(db).order_by("-id")
    row = await (rows if at is None else rows.filter(effective_from__lte=at)).first()
    return row.value() if row else None


async def ended_lately(port_id: int) -> list[ChargingSession]:
    """The port's latest sessions that have ended, the latest first; what flowed after the vehicle of one left is of the
    same transaction (T4)."""
    ended = SessionRow.filter(port_id=port_id, status=SessionStatus.ENDED, started_at__isnull=False)
    sessions = [row.value() for row in await ended.order_by("-started_at", "-id").limit(_MOST_LATELY)]
    return [one for one in sessions if not is_rest(one)]


async def _holders(db: Database, port_ids: list[int]) -> dict[int, ChargingSession]:
    """By port, the session that holds it."""
    if not port_ids:
        return {}
    held = await select_values(SessionRow, ChargingSession, f"port_id IN (?) AND {IS_ACTIVE}", port_ids, db=db)
    return {session.port_id: session for session in held}


def _port(row: PortRow, holder: ChargingSession | None) -> Port:
    return row.value(row.charge_point.value(), active_session_id=holder.id if holder else None)

"""From rows to the values that boards and events show; a fixed number of queries each, whatever the garage holds."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from evgraph.domain.billing import LineItem
from evgraph.domain.board import Card, PortView
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.port import Port
from evgraph.domain.rate import Rate
from evgraph.models import LineItemRow, PortRow, RateRow, RequestRow, SessionRow

ACTIVE = (SessionStatus.STARTING, SessionStatus.CHARGING)
Database = BaseDBAsyncClient | None


async def ports(db: Database = None, **where: Any) -> list[Port]:
    """In no order. `where` are Tortoise filters over PortRow."""
    rows = await PortRow.filter(**where).using_db(db).select_related("charge_point")
    holders = await _holders(db, [row.id for row in rows])
    return [_port(row, holders.get(row.id)) for row in rows]


async def port_views(db: Database = None, **where: Any) -> list[PortView]:
    rows = await PortRow.filter(**where).using_db(db).select_related("charge_point")
    holders = await _holders(db, [row.id for row in rows])
    prices = await rates(db, (session.rate_id for session in holders.values()))
    return [
        PortView(
            port=_port(row, session),
            session=session,
            rate=prices.get(session.rate_id) if session and session.rate_id else None,
        )
        for row in rows
        for session in (holders.get(row.id),)
    ]


async def cards(db: Database = None, **where: Any) -> list[Card]:
    """`where` are Tortoise filters over RequestRow."""
    rows = await RequestRow.filter(**where).using_db(db).select_related("stay")
    found = await sessions(db, [row.session_id for row in rows if row.session_id is not None])
    prices = await rates(db, (session.rate_id for session in found.values()))
    items = await line_items(db, found)
    return [
        Card(
            request=row.value(),
            stay=row.stay.value(),  # type: ignore[attr-defined]
            session=session,
            rate=prices.get(session.rate_id) if session and session.rate_id else None,
            line_items=tuple(items[session.id]) if session else (),
        )
        for row in rows
        for session in (found.get(row.session_id or 0),)
    ]


async def sessions(db: Database, ids: Collection[int]) -> dict[int, ChargingSession]:
    if not ids:
        return {}
    return {row.id: row.value() for row in await SessionRow.filter(id__in=list(ids)).using_db(db)}


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


async def line_items(db: Database, session_ids: Collection[int]) -> defaultdict[int, list[LineItem]]:
    """By session, oldest first."""
    found: defaultdict[int, list[LineItem]] = defaultdict(list)
    if session_ids:
        for row in await LineItemRow.filter(session_id__in=list(session_ids)).using_db(db).order_by("id"):
            found[row.session_id].append(row.value())
    return found


async def _holders(db: Database, port_ids: list[int]) -> dict[int, ChargingSession]:
    """By port, the session that holds it."""
    if not port_ids:
        return {}
    rows = await SessionRow.filter(port_id__in=port_ids, status__in=ACTIVE).using_db(db)
    return {row.port_id: row.value() for row in rows}


def _port(row: PortRow, holder: ChargingSession | None) -> Port:
    return row.value(
        identity=row.charge_point.identity,
        is_online=row.charge_point.is_online,
        active_session_id=holder.id if holder else None,
    )

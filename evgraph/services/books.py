"""The unit of work: one transaction, one writer a garage, and the news once it is committed.

A change first takes the rows of its garages, which no other change can take until it ends, in this process or in
another. So within a garage everything happens one after the other, on SQLite and on PostgreSQL alike, and what a
change has read stays true until it is saved.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from itertools import chain
from typing import TypeVar

from tortoise.models import Model
from tortoise.transactions import in_transaction

from evgraph.bus import EventBus
from evgraph.domain.billing import LineItem
from evgraph.domain.board import Card, PortView
from evgraph.domain.charging_request import ChargingRequest, RequestStatus
from evgraph.domain.charging_session import ChargingSession
from evgraph.domain.events import BoardChanged, Event, LineItemAdded, SessionChanged
from evgraph.domain.port import Port
from evgraph.domain.rate import Rate
from evgraph.domain.stay import Stay
from evgraph.models import LineItemRow, PortRow, RateRow, RequestRow, SessionRow, StayRow, boards
from evgraph.models.at_once import Version, save_at_once, taken
from evgraph.models.bulk import Save
from evgraph.models.charging import IS_ACTIVE
from evgraph.models.database import WRITER
from evgraph.models.failures import DatabaseUnavailable
from evgraph.models.looks import within
from evgraph.models.plain import select, select_values
from evgraph.models.saving import insert, update
from evgraph.services.frames import FrameLog
from evgraph.services.interfaces import Clock
from evgraph.services.write_health import WriteHealth

V = TypeVar("V")
S = TypeVar("S", ChargingSession, ChargingRequest)
_PORT_ELSEWHERE = boards.PORT_ELSEWHERE
_ON_BOARD = "stay_id = ? AND status <> ? ORDER BY id DESC LIMIT 1"
_COUNT_UP = "UPDATE garage SET revision = revision + 1 WHERE id IN (?) RETURNING id, revision"


class Change:
    """What is saved through it stands on the boards' news. `now` is one instant for all of it;
    `versions` are those of its garages with this change."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.versions: Mapping[int, Version] = {}
        self._ports: defaultdict[int, set[int]] = defaultdict(set)
        self._requests: defaultdict[int, set[int]] = defaultdict(set)
        self._rates: dict[int, Rate] = {}
        self._sessions: dict[int, ChargingSession] = {}
        self._line_items: list[LineItem] = []
        self._told: list[Event] = []

    # Loading, within the transaction. None where there is no such row.

    async def port(self, port_id: int) -> Port | None:
        views, _ = await boards.touched(within(), port_ids=[port_id])
        return views[0].port if views else None

    async def session(self, session_id: int) -> ChargingSession | None:
        return await _one(SessionRow, ChargingSession, session_id)

    async def holder(self, port_id: int) -> ChargingSession | None:
        """The session that holds the port."""
        found = await select_values(SessionRow, ChargingSession, f"port_id = ? AND {IS_ACTIVE}", port_id)
        return found[0] if found else None

    async def request(self, request_id: int) -> ChargingRequest | None:
        return await _one(RequestRow, ChargingRequest, request_id)

    async def stay(self, stay_id: int) -> Stay | None:
        return await _one(StayRow, Stay, stay_id)

    async def rate(self, rate_id: int | None) -> Rate | None:
        return await _one(RateRow, Rate, rate_id) if rate_id is not None else None

    async def request_on_board(self, stay_id: int) -> ChargingRequest | None:
        found = await select_values(RequestRow, ChargingRequest, _ON_BOARD, stay_id, RequestStatus.CANCELED.value)
        return found[0] if found else None

    # Saving. A value with the id 0 is new; what comes back bears its id.

    async def save_port(self, port: Port) -> Port:
        if port.id:
            await update(PortRow, port, *_PORT_ELSEWHERE)
        else:
            made = await insert(PortRow, port, *_PORT_ELSEWHERE)
            ((view,), _) = await boards.touched(within(), port_ids=[made.id])
            port = view.port
        self.touch_port(port.garage_id, port.id)
        return port

    async def save_session(self, session: ChargingSession) -> ChargingSession:
        session = await self.save_session_quietly(session)
        self.touch_session(session)
        return session

    async def save_session_quietly(self, session: ChargingSession) -> ChargingSession:
        """A session of which nothing has changed that a board shows: no event tells of it."""
        return await _saved(SessionRow, session)

    async def save_request(self, request: ChargingRequest) -> ChargingRequest:
        request = await _saved(RequestRow, request)
        self._requests[request.garage_id].add(request.id)
        return request

    async def save_stay(self, stay: Stay) -> Stay:
        if stay.id == 0:
            return await insert(StayRow, stay)
        await update(StayRow, stay)
        shown = await self.request_on_board(stay.id)
        if shown is not None:
            self._requests[stay.garage_id].add(shown.id)
        return stay

    async def add_rate(self, rate: Rate) -> Rate:
        rate = await insert(RateRow, rate)
        self._rates[rate.garage_id] = rate
        return rate

    async def add_line_item(self, item: LineItem) -> LineItem:
        item = await insert(LineItemRow, item)
        self._line_items.append(item)
        return item

    def tell(self, event: Event) -> None:
        """Something else that is news once it is committed."""
        self._told.append(event)

    def touch_port(self, garage_id: int, port_id: int) -> None:
        """Something that the port shows was saved elsewhere."""
        self._ports[garage_id].add(port_id)

    def touch_session(self, session: ChargingSession) -> None:
        """The session was saved, and its port and its request show it."""
        self._sessions[session.id] = session
        self._ports[session.garage_id].add(session.port_id)
        if session.request_id is not None:
            self._requests[session.garage_id].add(session.request_id)

    async def news(self) -> list[Event]:
        """The events of all that was saved, each garage's revision counted up; called last in the transaction."""
        news: list[Event] = []
        touched = sorted({*self._ports, *self._requests, *self._rates})
        if touched:
            news += await self._of_boards(touched)
        news += [SessionChanged(garage_id=s.garage_id, session=s) for s in self._sessions.values()]
        news += [LineItemAdded(garage_id=item.garage_id, line_item=item) for item in self._line_items]
        return news + self._told

    async def _of_boards(self, garage_ids: list[int]) -> list[Event]:
        """A fixed number of queries, however many garages there are."""
        revisions = dict(await select(_COUNT_UP, garage_ids))
        views, shown = await boards.touched(
            within(), [*chain.from_iterable(self._ports.values())], [*chain.from_iterable(self._requests.values())]
        )
        ports: defaultdict[int, list[PortView]] = defaultdict(list)
        for view in views:
            if view.port.is_reported:
                ports[view.port.garage_id].append(view)
        cards: defaultdict[int, list[Card]] = defaultdict(list)
        for card in shown:
            cards[card.request.garage_id].append(card)
        return [
            BoardChanged(
                garage_id=garage_id,
                revision=revisions[garage_id],
                rate=self._rates.get(garage_id),
                ports=tuple(ports[garage_id]),
                cards=tuple(card for card in cards[garage_id] if card.is_on_board),
                removed_request_ids=tuple(card.request.id for card in cards[garage_id] if not card.is_on_board),
            )
            for garage_id in garage_ids
        ]


class Books:
    """Opens changes, and tells what they brought once they are committed. Each writes the frames that wait in its
    garages, so that none is booked without the frame that told it (C10)."""

    def __init__(self, bus: EventBus, clock: Clock, frames: FrameLog, writes: WriteHealth | None = None) -> None:
        self._bus = bus
        self._writes = writes or WriteHealth()
        self._clock = clock
        self._frames = frames

    def now(self) -> datetime:
        return self._clock.now()

    @asynccontextmanager
    async def change(self, *garage_ids: int) -> AsyncIterator[Change]:
        """One transaction over these garages; an exception undoes all of it and nothing is told.

        Within it there is nothing but the database: every other writer of these garages waits.
        """
        change = Change(self._clock.now())
        with self._noted(), self._frames.taken() as frames:
            async with in_transaction(WRITER):
                change.versions = await taken(garage_ids)
                yield change
                news = await change.news()
                await frames.write(set(garage_ids))
        for event in news:
            self._bus.publish(event)

    async def save_at_once(self, versions: Mapping[int, Version], saves: Sequence[Save]) -> bool:
        """Saves what was worked out from the sessions and ports of these garages as they were at these versions; false,
        and nothing is saved, where one of them is at another by now. It touches nothing that a board shows."""
        with self._noted(), self._frames.taken() as frames:
            is_saved = await save_at_once(versions, [*saves, frames.take(versions)])
            if not is_saved:
                frames.give_up()
        return is_saved

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Whether the database could be written to."""
        try:
            yield
        except DatabaseUnavailable as failure:
            self._writes.failed(failure)
            raise
        self._writes.saved()


async def _one(row_type: type[Model], value_type: type[V], id_: int) -> V | None:
    found = await select_values(row_type, value_type, "id = ?", id_)
    return found[0] if found else None


async def _saved(row_type: type[Model], value: S) -> S:
    if value.id == 0:
        return await insert(row_type, value)
    await update(row_type, value)
    return value

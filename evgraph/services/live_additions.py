"""What is added to a garage's books, each once: what a watcher was too slow for is read from the books."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Generic, Protocol, TypeVar

from evgraph.bus import EventBus, Feed
from evgraph.domain.billing import LineItem
from evgraph.domain.events import Event, LineItemAdded, MessageQuarantined
from evgraph.domain.quarantine import QuarantinedMessage
from evgraph.models import LineItemRow, QuarantinedMessageRow
from evgraph.models.database import reader
from evgraph.services.live import Opening


class _Added(Protocol):
    @property
    def id(self) -> int: ...


A = TypeVar("A", bound=_Added)
B = TypeVar("B", bound=_Added, covariant=True)


class _Book(Protocol[B]):
    def rows(self, garage_id: int) -> Any: ...

    def added(self, event: Event) -> B | None: ...


class LiveAdditions(Generic[A]):
    """A watcher's place is the id of the last that they were told."""

    def __init__(self, book: _Book[A], bus: EventBus, garage_id: int, start: int) -> None:
        self.start = start
        self._book = book
        self._bus = bus
        self._garage_id = garage_id

    @classmethod
    async def from_now_on(cls, book: _Book[A], bus: EventBus, garage_id: int) -> "LiveAdditions[A]":
        newest = await book.rows(garage_id).using_db(reader()).order_by("-id").first()
        return cls(book, bus, garage_id, newest.id if newest else 0)

    def feed(self) -> AbstractContextManager[Feed]:
        return self._bus.subscribe(self._garage_id)

    async def opening(self, since: Any) -> Opening[A]:
        rows = await self._book.rows(self._garage_id).filter(id__gt=since).using_db(reader()).order_by("id")
        news = [row.value() for row in rows]
        return Opening(news, news[-1].id if news else since)

    def following(self, place: int) -> "_Each[A]":
        return _Each(self._book, place)

    def since(self, place: int) -> int:
        return place

    def is_news(self, news: A, place: int) -> bool:
        return news.id > place


class _Each(Generic[A]):
    due = None

    def __init__(self, book: _Book[A], last_id: int) -> None:
        self.place = last_id
        self._book = book

    def take(self, event: Event, now: float) -> Iterable[A]:
        added = self._book.added(event)
        if added is not None and added.id > self.place:
            self.place = added.id
            yield added

    def ripe(self, now: float) -> Iterable[A]:
        return ()

    def has_reached(self, place: int) -> bool:
        return self.place >= place


class LineItems:
    def rows(self, garage_id: int) -> Any:
        return LineItemRow.filter(garage_id=garage_id)

    def added(self, event: Event) -> LineItem | None:
        return event.line_item if isinstance(event, LineItemAdded) else None


class Quarantine:
    def rows(self, garage_id: int) -> Any:
        return QuarantinedMessageRow.filter(garage_id=garage_id)

    def added(self, event: Event) -> QuarantinedMessage | None:
        return event.message if isinstance(event, MessageQuarantined) else None

"""A garage's board: first the whole of it, then each change, every revision after the one before."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Final

from evgraph.bus import EventBus, Feed
from evgraph.domain.board import Board
from evgraph.domain.events import BoardChanged, Event
from evgraph.services.boards import Boards
from evgraph.services.live import Lost, Opening

# Changes of one garage may arrive in the wrong order; a gap that lasts this long is a change that was lost.
_LONGEST_GAP_S: Final = 1.0


class LiveBoard:
    """A Board is a snapshot; so is what a watcher who lagged is told."""

    start = None

    def __init__(self, boards: Boards, bus: EventBus, garage_id: int) -> None:
        self._boards = boards
        self._bus = bus
        self._garage_id = garage_id

    def feed(self) -> AbstractContextManager[Feed]:
        return self._bus.subscribe(self._garage_id)

    async def opening(self, since: object) -> Opening[Board | BoardChanged]:
        board = await self._boards.read(self._garage_id)
        return Opening([board], board.revision)

    def following(self, place: int) -> "InTurn":
        return InTurn(place)

    def since(self, place: object) -> None:
        return None

    def is_news(self, news: Board | BoardChanged, place: int) -> bool:
        return news.revision > place


class InTurn:
    """The changes after a revision, each the next of the one before."""

    def __init__(self, revision: int) -> None:
        self.place = revision
        self.due: float | None = None
        self._early: dict[int, BoardChanged] = {}

    def take(self, event: Event, now: float) -> Iterable[BoardChanged]:
        if not isinstance(event, BoardChanged) or event.revision <= self.place:
            return
        self._early[event.revision] = event
        has_moved = False
        while (following := self._early.pop(self.place + 1, None)) is not None:
            self.place += 1
            has_moved = True
            yield following
        if has_moved or self.due is None:
            self.due = now + _LONGEST_GAP_S if self._early else None

    def ripe(self, now: float) -> Iterable[BoardChanged]:
        raise Lost

    def has_reached(self, place: int) -> bool:
        return self.place >= place

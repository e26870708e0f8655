"""How a garage's events become news for who watches, alone or many together: an opening tells what is, and from its
place on a following tells what comes, in order, without a gap and nothing twice. Times are the event loop's.
"""

import asyncio
from collections.abc import AsyncIterator, Hashable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from evgraph.bus import Feed, Lagged
from evgraph.domain.events import Event

N = TypeVar("N")
M = TypeVar("M", covariant=True)
# How far somebody has been told; only its own subject can read it.
Place = Any
_MOST_AT_ONCE: Final = 64


class Lost(Exception):
    """Events are missing: an opening must follow."""


@dataclass(frozen=True, slots=True)
class Opening(Generic[N]):
    """What a watcher is told first, and the place where that leaves them."""

    news: Sequence[N]
    place: Place


class Following(Protocol[M]):
    """From a place on: which events are news, and when."""

    @property
    def place(self) -> Place: ...

    @property
    def due(self) -> float | None:
        """When to ask `ripe`."""

    def take(self, event: Event, now: float) -> Iterable[M]: ...

    def ripe(self, now: float) -> Iterable[M]:
        """What had to wait and need not any longer. Raises Lost."""

    def has_reached(self, place: Place) -> bool:
        """Nothing that comes from now on was told to who stands at that place."""


class Subject(Protocol[N]):
    """What can be watched. `start`: where who has been told nothing stands."""

    @property
    def start(self) -> Place: ...

    def feed(self) -> AbstractContextManager[Feed]: ...

    async def opening(self, since: Hashable) -> Opening[N]: ...

    def following(self, place: Place) -> Following[N]: ...

    def since(self, place: Place) -> Hashable:
        """What an opening must know of who stands at this place. Those for whom it is equal may share one."""

    def is_news(self, news: N, place: Place) -> bool: ...


async def alone(subject: Subject[N]) -> AsyncIterator[N]:
    """What one watcher is told. Joins the bus first, then reads: nothing falls between the two."""
    now = asyncio.get_running_loop().time
    with subject.feed() as feed:
        place = subject.start
        while True:
            opening = await subject.opening(subject.since(place))
            for one in opening.news:
                yield one
            following = subject.following(opening.place)
            try:
                while True:
                    for one in take(feed, following, now()):
                        yield one
                    await feed.changed(following.due)
            except Lost:
                place = following.place


def take(feed: Feed, following: Following[N], now: float) -> Iterable[N]:
    """The news among what waits in the feed, or among so much of it that others have their turn; then `changed` returns
    at once. Each is made when the one before was told: take them all. Raises Lost."""
    for _ in range(_MOST_AT_ONCE):
        event = feed.take()
        if event is None:
            break
        if isinstance(event, Lagged):
            raise Lost
        yield from following.take(event, now)
    else:
        feed.wake()
    if following.due is not None and following.due <= now:
        yield from following.ripe(now)

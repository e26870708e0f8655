"""The event bus of one process. Publishing never waits: a reader that lags loses its events and is told so."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from evgraph.domain.events import Event


class Lagged:
    """Stands in a feed for the events that its reader was too slow for: read the present state anew."""


class Feed:
    """One reader's events, in the order of their publishing; at most `bound` of them wait.

    Read it as an iterator; or wait until it `changed`, and `take` what waits.
    """

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._waiting: deque[Event | Lagged] = deque()
        self._news = asyncio.Event()

    def put(self, event: Event) -> None:
        if len(self._waiting) >= self._bound:
            self._waiting.clear()
            self._waiting.append(Lagged())
        self._waiting.append(event)
        self._news.set()

    def wake(self) -> None:
        """Whoever waits until it `changed` looks again."""
        self._news.set()

    async def changed(self, until: float | None = None) -> None:
        """Returns when something was put since the last time, or at this time of the event loop."""
        if until is None:
            await self._news.wait()
        elif not self._news.is_set():
            timer = asyncio.get_running_loop().call_at(until, self._news.set)
            try:
                await self._news.wait()
            finally:
                timer.cancel()
        self._news.clear()

    def take(self) -> Event | Lagged | None:
        """The oldest that waits."""
        return self._waiting.popleft() if self._waiting else None

    def __aiter__(self) -> AsyncIterator[Event | Lagged]:
        return self

    async def __anext__(self) -> Event | Lagged:
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()


class EventBus:
    """Bound: how many events may wait for one reader before it is told that it lags."""

    def __init__(self, bound: int = 1000) -> None:
        self._bound = bound
        self._feeds: defaultdict[int, set[Feed]] = defaultdict(set)

    def publish(self, event: Event) -> None:
        """Only what is committed is news."""
        for feed in self._feeds.get(event.garage_id, ()):
            feed.put(event)

    @contextmanager
    def subscribe(self, garage_id: int) -> Iterator[Feed]:
        """A feed of the garage's events from this moment on; it ends with the block."""
        feed = Feed(self._bound)
        self._feeds[garage_id].add(feed)
        try:
            yield feed
        finally:
            readers = self._feeds[garage_id]
            readers.discard(feed)
            if not readers:
                del self._feeds[garage_id]

    @property
    def reader_count(self) -> int:
        return sum(len(feeds) for feeds in self._feeds.values())

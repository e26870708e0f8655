"""Writes the frames that no change follows: heartbeats, answers, what could not be read (C10)."""

import asyncio

import structlog

from evgraph.models.failures import DatabaseUnavailable
from evgraph.services.books import Books
from evgraph.services.frames import FrameLog

EVERY_S = 1.0
# So few garages wait for one another's locks at a time.
MOST_GARAGES = 50

log = structlog.get_logger("evgraph.frames")


class FrameWriter:
    """Its `run` is a task that the app owns; `write` once more when no frame can come any longer."""

    def __init__(self, books: Books, frames: FrameLog) -> None:
        self._books = books
        self._frames = frames
        self._caught_up_at: float | None = None

    @property
    def behind_s(self) -> float:
        """Seconds since all that waited was written; 0 before the first time."""
        return asyncio.get_running_loop().time() - self._caught_up_at if self._caught_up_at is not None else 0.0

    async def run(self) -> None:
        """Until cancelled: about once a second, and at once for who watches."""
        if self._caught_up_at is None:
            self._caught_up_at = asyncio.get_running_loop().time()
        while True:
            await self._frames.wanted(EVERY_S)
            await self.write()

    async def write(self) -> None:
        """All that waits. A failure is logged, and what was not written waits on."""
        garage_ids = self._frames.waiting_garages()
        for first in range(0, len(garage_ids), MOST_GARAGES):
            try:
                # Nothing but its frames: under the garage's lock, so that no change commits before a frame of its own.
                async with self._books.change(*garage_ids[first : first + MOST_GARAGES]):
                    pass
            except DatabaseUnavailable as failure:
                log.warning("frames not written", waiting=self._frames.count, error=repr(failure))
                return
        self._caught_up_at = asyncio.get_running_loop().time()

"""What comes while the last commit runs goes together into the next: many small changes at the price of one.

No timer: the linger is the commit before. Each caller returns after the commit that holds its own change.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from evgraph.models.failures import DatabaseUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

# So that neither a transaction nor the loop's other tasks wait for long.
MOST_TOGETHER = 100
# Between two attempts at what must be done, while the database is out of reach.
AGAIN_S = 1.0

log = structlog.get_logger("evgraph.together")


@dataclass(frozen=True, slots=True)
class _Entry(Generic[Item, Result]):
    item: Item
    done: "asyncio.Future[Result]"
    must_be_done: bool


class Together(Generic[Item, Result]):
    """`do` takes what came, in its order, and returns as many results. When it fails, each is done by itself, so that
    one does not take the others with it; a database that is out of reach is so for all of them.

    `pause_s`: at least so long from one commit to the next, where who waits can wait. The task that does it lives while
    there is something to do, and is this object's.
    """

    def __init__(
        self,
        do: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        most: int = MOST_TOGETHER,
        pause_s: float = 0.0,
        again_s: float = AGAIN_S,
    ) -> None:
        self._do = do
        self._most = most
        self._pause_s = pause_s
        self._again_s = again_s
        self._waiting: deque[_Entry[Item, Result]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False
        self._is_behind = False

    async def add(self, item: Item) -> Result:
        """Raises what doing it raised."""
        return await self._enter(item, must_be_done=False)

    async def insist(self, item: Item) -> Result:
        """As `add`; but while the database is out of reach it is tried again, before all that came later, until it is
        done: also if the caller goes. It may be done twice. Raises DatabaseUnavailable only when `close` is waited
        for."""
        return await self._enter(item, must_be_done=True)

    async def close(self) -> None:
        """Waits for what is under way; what must be done has one attempt more."""
        self._is_closing = True
        try:
            if self._task is not None:
                await self._task
        finally:
            self._is_closing = False

    async def _enter(self, item: Item, *, must_be_done: bool) -> Result:
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Entry(item, done, must_be_done))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await done

    async def _run(self) -> None:
        try:
            while self._waiting:
                most = min(len(self._waiting), self._most)
                left = await self._do_each([self._waiting.popleft() for _ in range(most)])
                self._waiting.extendleft(reversed(left))
                self._tell(left)
                if pause_s := max(self._pause_s, self._again_s if left else 0.0):
                    await asyncio.sleep(pause_s)
        finally:
            self._task = None
            # Only when this task was cancelled: its loop is closing.
            for entry in self._waiting:
                entry.done.cancel()
            self._waiting.clear()

    async def _do_each(self, batch: Sequence[_Entry[Item, Result]]) -> list[_Entry[Item, Result]]:
        """Those that must be tried again."""
        try:
            results = await self._do([entry.item for entry in batch])
            for entry, result in zip(batch, results, strict=True):
                if not entry.done.done():
                    entry.done.set_result(result)
        except Exception as failure:
            if len(batch) > 1 and not isinstance(failure, DatabaseUnavailable):
                return [left for entry in batch for left in await self._do_each([entry])]
            is_late = isinstance(failure, DatabaseUnavailable) and not self._is_closing
            left = [entry for entry in batch if entry.must_be_done and is_late]
            for entry in batch:
                if entry not in left and not entry.done.done():
                    entry.done.set_exception(failure)
            if self._is_closing and isinstance(failure, DatabaseUnavailable):
                self._give_up(failure)
            if left and not self._is_behind:
                log.warning("not saved, and tried again until it is", entries=len(left), error=repr(failure))
            return left
        except BaseException:
            for entry in batch:
                entry.done.cancel()
            raise
        return []

    def _give_up(self, failure: DatabaseUnavailable) -> None:
        """So it is for all that wait: who ends cannot try for each of them."""
        while self._waiting:
            entry = self._waiting.popleft()
            if not entry.done.done():
                entry.done.set_exception(failure)

    def _tell(self, left: Sequence[_Entry[Item, Result]]) -> None:
        if self._is_behind and not left and not self._is_closing:
            log.info("saved after all")
        self._is_behind = bool(left)

"""What comes while the last commit runs goes together into the next: many small changes at the price of one.

No timer: the linger is the commit before. Each caller returns after the commit that holds its own change.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from tortoise.exceptions import DBConnectionError, IntegrityError, NotExistOrMultiple, OperationalError

Item = TypeVar("Item")
Result = TypeVar("Result")

# So that neither a transaction nor the loop's other tasks wait for long.
MOST_TOGETHER = 100

# A database that is locked or gone is so for all of them. Tortoise's word for what one of them did wrong is a kind of
# OperationalError too.
_OUT_OF_REACH = (OperationalError, DBConnectionError, OSError)
_OF_ONE = (IntegrityError, NotExistOrMultiple)


class Together(Generic[Item, Result]):
    """`do` takes what came, in its order, and returns as many results. When it fails, each is done by itself, so that
    one does not take the others with it.

    `pause_s`: at least so long from one commit to the next, where who waits can wait. The task that does it lives while
    there is something to do, and is this object's.
    """

    def __init__(
        self,
        do: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        most: int = MOST_TOGETHER,
        pause_s: float = 0.0,
    ) -> None:
        self._do = do
        self._most = most
        self._pause_s = pause_s
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """Raises what doing it raised."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await done

    async def close(self) -> None:
        """Waits for what is under way."""
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        try:
            while self._waiting:
                most = min(len(self._waiting), self._most)
                await self._do_each([self._waiting.popleft() for _ in range(most)])
                if self._pause_s:
                    await asyncio.sleep(self._pause_s)
        finally:
            self._task = None
            # Only when this task was cancelled: its loop is closing.
            for _, done in self._waiting:
                done.cancel()
            self._waiting.clear()

    async def _do_each(self, batch: Sequence[tuple[Item, "asyncio.Future[Result]"]]) -> None:
        try:
            results = await self._do([item for item, _ in batch])
        except Exception as failure:
            if len(batch) > 1 and (isinstance(failure, _OF_ONE) or not isinstance(failure, _OUT_OF_REACH)):
                for one in batch:
                    await self._do_each([one])
                return
            for _, done in batch:
                if not done.done():
                    done.set_exception(failure)
        except BaseException:
            for _, done in batch:
                done.cancel()
            raise
        else:
            for (_, done), result in zip(batch, results, strict=True):
                if not done.done():
                    done.set_result(result)

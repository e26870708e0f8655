"""The supervisor of the tasks that live as long as the server: it logs why one ended, starts it again after a pause,
and says which of them run."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import structlog

from evgraph.models.failures import in_log

# Between an end and the next start: longer each time, until the task has lasted for a while.
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
LASTS_S = 60.0

log = structlog.get_logger("evgraph.supervision")


class Supervisor:
    """Each task runs until `stop`, in the order of which they are stopped."""

    def __init__(self, *, first_pause_s: float = FIRST_PAUSE_S, longest_pause_s: float = LONGEST_PAUSE_S) -> None:
        self._first_pause_s = first_pause_s
        self._longest_pause_s = longest_pause_s
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[str, str] = {}

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """`run` has no end of its own: one is a failure like any exception."""
        self._tasks[name] = asyncio.create_task(self._supervise(name, run), name=name)

    async def stop(self) -> None:
        """The tasks are cancelled and waited for, one after the other, the latest first."""
        while self._tasks:
            _, task = self._tasks.popitem()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    @property
    def down(self) -> Mapping[str, str]:
        """By the names of the tasks that do not run now, why they ended."""
        lost = {name: "Its supervisor ended." for name, task in self._tasks.items() if task.done()}
        return self._failures | lost

    async def _supervise(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        pause_s = self._first_pause_s
        while True:
            began_at = loop.time()
            why = await self._ended(name, run)
            if loop.time() - began_at >= LASTS_S:
                pause_s = self._first_pause_s
            self._failures[name] = why
            await asyncio.sleep(pause_s)
            del self._failures[name]
            pause_s = min(2 * pause_s, self._longest_pause_s)

    async def _ended(self, name: str, run: Callable[[], Awaitable[None]]) -> str:
        try:
            await run()
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
            # Something that it waited for was cancelled, and not the task.
            log.error("task was cancelled by what it waited for, and starts again", task=name)
            return "It was cancelled."
        except Exception as failure:
            log.error("task failed, and starts again", task=name, **in_log(failure))
            return f"It failed ({type(failure).__name__})."
        log.error("task ended, and starts again", task=name)
        return "It ended."

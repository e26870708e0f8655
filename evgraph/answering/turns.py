"""Who asks the same at the same time is answered by one run, which began after all of them had asked."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Turns(Generic[Result]):
    """One run at a time. Who asks while one is under way takes what the next gives.

    A run is somebody's own, and not a task by itself: where nobody else asks, it costs nothing. When its owner is
    cancelled, the next of those who wait makes another.
    """

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        # Null while no run is under way.
        self._waiting: _Waiting[Result] | None = None

    async def of(self, run: Callable[[], Awaitable[Result]]) -> Result:
        """Raises what the run raised."""
        if self._waiting is None:
            self._waiting = deque()
            return await self._lead(run, deque())
        mine: asyncio.Future[_Told[Result]] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            told = await mine
        except asyncio.CancelledError:
            # It may have been told in the same moment.
            if mine.done() and not mine.cancelled() and mine.exception() is None:
                told = mine.result()
                if isinstance(told, _Turn):
                    self._pass_on(told.sharing)
            raise
        return await self._lead(run, told.sharing) if isinstance(told, _Turn) else told.result

    async def _lead(self, run: Callable[[], Awaitable[Result]], sharing: "_Waiting[Result]") -> Result:
        try:
            result = await run()
        except Exception as failure:
            for one in sharing:
                if not one.done():
                    one.set_exception(failure)
            self._pass_on(deque())
            raise
        except BaseException:
            self._pass_on(sharing)
            raise
        for one in sharing:
            if not one.done():
                one.set_result(_Given(result))
        self._pass_on(deque())
        return result

    def _pass_on(self, left: "_Waiting[Result]") -> None:
        """To the first who waits. `left`: who has waited longest, and has been told nothing."""
        sharing = deque([*left, *(self._waiting or ())])
        while sharing:
            following = sharing.popleft()
            if not following.done():
                self._waiting = deque()
                following.set_result(_Turn(sharing))
                return
        self._waiting = None


@dataclass(slots=True)
class _Turn(Generic[Result]):
    """Theirs is the next run, and of those who share it."""

    sharing: "_Waiting[Result]"


@dataclass(slots=True)
class _Given(Generic[Result]):
    result: Result


_Told = _Turn[Result] | _Given[Result]
_Waiting = deque[asyncio.Future[_Told[Result]]]

"""Coroutines driven by hand: what has all it needs ends at once, and what waits for loaders waits in common, so that
what they ask for goes in one batch. No task, and no turn of the event loop, but for what really takes time.

A coroutine that waits for a loader yields WAITING. Whoever drives it drives others meanwhile, until nothing else can be
done, and yields WAITING itself; the outermost loads what is wanted, and all go on. Anything else that is yielded is an
asyncio future's, and goes up to the task that runs it all.
"""

from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from typing import Any, Final

WAITING: Final = object()


class Slot:
    """What a loader will give; waited for by any number of coroutines of one run."""

    __slots__ = ("_failure", "_is_full", "_value")

    def __init__(self) -> None:
        self._is_full = False
        self._value: Any = None
        self._failure: Exception | None = None

    def fill(self, value: Any) -> None:
        self._value, self._is_full = value, True

    def fail(self, failure: Exception) -> None:
        self._failure, self._is_full = failure, True

    def __await__(self) -> Generator[Any, Any, Any]:
        while not self._is_full:
            yield WAITING
        if self._failure is not None:
            raise self._failure
        return self._value


async def all_of(coroutines: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
    """What each returns, in their order. All have ended when this does; of several errors the first is raised.

    One that waits for anything but a loader is finished before the next goes on: a lock, a timeout, a transaction
    belong to the task that runs this.
    """
    results: list[Any] = [None] * len(coroutines)
    failures: list[Exception] = []
    going: Sequence[tuple[int, Coroutine[Any, Any, Any]]] = list(enumerate(coroutines))
    try:
        while True:
            waiting = []
            took_time = False
            for place, coroutine in going:
                try:
                    yielded = coroutine.send(None)
                    if yielded is WAITING:
                        waiting.append((place, coroutine))
                    else:
                        took_time = True
                        results[place] = await rest_of(coroutine, yielded)
                except StopIteration as stop:
                    results[place] = stop.value
                except Exception as failure:
                    failures.append(failure)
            if not waiting:
                break
            if not took_time:
                await _WAIT
            # Else what the others wait for may have been loaded meanwhile.
            going = waiting
    except BaseException:
        # Cancelled: nothing of it may go on.
        for coroutine in coroutines:
            coroutine.close()
        raise
    if failures:
        raise failures[0]
    return results


async def driven(coroutine: Coroutine[Any, Any, Any], load: Callable[[], Awaitable[None]]) -> Any:
    """What the outermost returns. `load` is called whenever all that goes on in it waits for loaders."""
    try:
        while True:
            try:
                yielded = coroutine.send(None)
            except StopIteration as stop:
                return stop.value
            while yielded is not WAITING:
                # The future of something that takes time.
                yielded = await _Step(coroutine, yielded)
                if type(yielded) is _Ended:
                    return yielded.value
            await load()
    except BaseException:
        coroutine.close()
        raise


async def rest_of(coroutine: Coroutine[Any, Any, Any], yielded: Any) -> Any:
    """What a coroutine that was begun by hand returns, from where it yielded this. What it yields goes up."""
    while True:
        yielded = await _Step(coroutine, yielded)
        if type(yielded) is _Ended:
            return yielded.value


class _Ended:
    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class _Step:
    """Yields upwards what a coroutine yielded, hands it what comes back, and gives what it yields next, or its end."""

    __slots__ = ("_coroutine", "_yielded")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], yielded: Any) -> None:
        self._coroutine = coroutine
        self._yielded = yielded

    def __await__(self) -> Generator[Any, Any, Any]:
        move: Callable[[Any], Any] = self._coroutine.send
        given: Any
        try:
            given = yield self._yielded
        except GeneratorExit:
            self._coroutine.close()
            raise
        except BaseException as failure:
            move, given = self._coroutine.throw, failure
        try:
            return move(given)
        except StopIteration as stop:
            return _Ended(stop.value)


class _Wait:
    def __await__(self) -> Generator[Any, Any, None]:
        yield WAITING


_WAIT: Final = _Wait()

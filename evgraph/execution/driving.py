"""Coroutines begun at once: one that has all it needs ends without a task and without a turn of the loop."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Generator, Sequence
from typing import Any


class Loading(asyncio.Future[Any]):
    """What a loader's value will be. A coroutine that waits for it may go on in a task of its own: unlike a lock, a
    timeout or a transaction, a loader does not care who waits."""


async def all_of(coroutines: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
    """What each returns, in their order. All have ended when this does; of several errors the first is raised.

    Those that wait for a loader do so together, so that what they ask for goes in one batch. One that waits for
    anything else is finished before the next begins.
    """
    results: list[Any] = [None] * len(coroutines)
    waiting: dict[int, asyncio.Task[Any]] = {}
    failures: list[Exception] = []
    begun = 0
    try:
        for place, coroutine in enumerate(coroutines):
            begun = place + 1
            try:
                waits_for = begin(coroutine)
                if isinstance(waits_for, Loading):
                    waiting[place] = asyncio.create_task(go_on(coroutine, waits_for))
                else:
                    results[place] = await go_on(coroutine, waits_for)
            except StopIteration as stop:
                results[place] = stop.value
            except Exception as failure:
                failures.append(failure)
        if waiting:
            await _end_of(waiting.values())
    finally:
        # Cancelled meanwhile: nothing of it may go on.
        for coroutine in coroutines[begun:]:
            coroutine.close()
        unfinished = [task for task in waiting.values() if not task.done()]
        for task in unfinished:
            task.cancel()
        if unfinished:
            await asyncio.gather(*unfinished, return_exceptions=True)
    for place, task in waiting.items():
        try:
            results[place] = task.result()
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise failures[0]
    return results


def _end_of(tasks: Collection[asyncio.Task[Any]]) -> Loading:
    """Whoever waits for those that wait for loaders waits for a loader."""
    end = Loading(loop=asyncio.get_running_loop())
    running = len(tasks)

    def one_ended(_: asyncio.Task[Any]) -> None:
        nonlocal running
        running -= 1
        if not running and not end.done():
            end.set_result(None)

    for task in tasks:
        task.add_done_callback(one_ended)
    return end


def begin(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What it waits for first, for `go_on`. Raises StopIteration with what it returns, or what it raised."""
    waits_for = coroutine.send(None)
    if asyncio.isfuture(waits_for):
        # A future notes that it is being yielded to a task; it is not yet, and several may wait for one.
        waits_for._asyncio_future_blocking = False
    return waits_for


async def go_on(coroutine: Coroutine[Any, Any, Any], waits_for: Any) -> Any:
    """The rest of a coroutine that waits for this since `begin`."""
    return await _Begun(coroutine, waits_for)


class _Begun:
    """A coroutine that waits for something already, from there on."""

    __slots__ = ("_coroutine", "_waits_for")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, Any]:
        coroutine, waits_for = self._coroutine, self._waits_for
        move: Callable[[Any], Any]
        given: Any
        if asyncio.isfuture(waits_for):
            waits_for._asyncio_future_blocking = True
        while True:
            try:
                sent = yield waits_for
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as failure:
                move, given = coroutine.throw, failure
            else:
                move, given = coroutine.send, sent
            try:
                waits_for = move(given)
            except StopIteration as stop:
                return stop.value

"""Coroutines that are driven by hand end as they would in tasks, also where they fail, wait or are cancelled."""

import asyncio
from typing import Any

import pytest

from evgraph.execution.driving import all_of, driven
from evgraph.execution.loader import Loader, Loads
from tests.patience import PATIENCE_S


class Batches:
    """A loader's database: keeps what was asked of it at once."""

    def __init__(self, *, slow: bool = False) -> None:
        self.asked: list[list[int]] = []
        self._slow = slow

    async def load(self, keys: list[int]) -> list[int | Exception]:
        self.asked.append(keys)
        if self._slow:
            await asyncio.sleep(0.001)
        return [KeyError(key) if key < 0 else key * 10 for key in keys]


@pytest.fixture(params=[False, True], ids=["at once", "after a while"])
def batches(request) -> Batches:
    return Batches(slow=request.param)


@pytest.fixture
def loads() -> Loads:
    made = Loads()
    made.is_planned = True
    return made


async def test_who_waits_for_a_loader_waits_in_common(batches, loads):
    loader = Loader(batches.load, loads)

    async def twice(key: int) -> int:
        return await loader.load(await loader.load(key))

    assert await driven(all_of([twice(1), twice(2), twice(3)]), loads.load) == [100, 200, 300]
    assert batches.asked == [[1, 2, 3], [10, 20, 30]]


async def test_who_waits_for_the_clock_holds_up_nobody_for_ever(batches, loads):
    loader = Loader(batches.load, loads)

    async def slowly(key: int) -> int:
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.sleep(0.001)
        return await loader.load(key)

    async def quickly(key: int) -> int:
        return await loader.load(key)

    given = [quickly(1), slowly(2), all_of([quickly(3), slowly(4)]), quickly(1)]
    assert await driven(all_of(given), loads.load) == [10, 20, [30, 40], 10]


async def test_of_several_errors_the_first_is_raised_when_all_have_ended(batches, loads):
    loader = Loader(batches.load, loads)
    ended: list[int] = []

    async def one(key: int) -> None:
        try:
            await loader.load(key)
        finally:
            ended.append(key)

    with pytest.raises(KeyError, match="-1"):
        await driven(all_of([one(1), one(-1), one(-2), one(2)]), loads.load)
    assert sorted(ended) == [-2, -1, 1, 2]


async def test_a_database_that_fails_is_told_to_each_who_waited(loads):
    async def load(keys: list[int]) -> list[int]:
        raise OSError("gone")

    loader = Loader(load, loads)

    async def one(key: int) -> Any:
        try:
            return await loader.load(key)
        except OSError as failure:
            return str(failure)

    assert await driven(all_of([one(1), one(2)]), loads.load) == ["gone", "gone"]


async def test_who_is_cancelled_lets_nothing_go_on(loads):
    begun, ended = asyncio.Event(), []

    async def load(keys: list[int]) -> list[int]:
        begun.set()
        await asyncio.Event().wait()
        return keys

    loader = Loader(load, loads)

    async def one(key: int) -> None:
        try:
            await loader.load(key)
        finally:
            ended.append(key)

    task = asyncio.create_task(driven(all_of([one(1), one(2)]), loads.load))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [1, 2]


async def test_a_loader_outside_a_plan_gives_each_a_future_of_its_own():
    batches = Batches(slow=True)
    loader: Loader[int, Any] = Loader(batches.load, Loads())
    first, second = (asyncio.ensure_future(loader.load(1)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 10
    assert await loader.load(1) == 10
    assert batches.asked == [[1]]

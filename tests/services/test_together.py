"""What comes at once is saved at once; each is answered for itself."""

import asyncio
from collections.abc import Sequence

import pytest
from tortoise.exceptions import IntegrityError

from evgraph.models.failures import DatabaseTimeout
from evgraph.services.together import Together


class Keeper:
    """Takes numbers; negative ones cannot be kept."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_save = asyncio.Event()
        self.may_save.set()
        self.is_locked = False

    async def save(self, numbers: Sequence[int]) -> Sequence[str]:
        await self.may_save.wait()
        if self.is_locked:
            raise DatabaseTimeout("database is locked")
        if any(number < 0 for number in numbers):
            raise IntegrityError("no such thing")
        self.batches.append(list(numbers))
        return [f"kept {number}" for number in numbers]


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


async def test_what_comes_while_one_is_saved_is_saved_together_in_its_order(keeper: Keeper) -> None:
    together = Together(keeper.save, most=3)
    keeper.may_save.clear()
    first = asyncio.create_task(together.add(1))
    await asyncio.sleep(0)
    rest = [asyncio.create_task(together.add(number)) for number in (2, 3, 4, 5)]
    await asyncio.sleep(0)
    keeper.may_save.set()
    assert await asyncio.gather(first, *rest) == ["kept 1", "kept 2", "kept 3", "kept 4", "kept 5"]
    assert keeper.batches == [[1], [2, 3, 4], [5]]


async def test_one_that_fails_takes_no_other_with_it(keeper: Keeper) -> None:
    together = Together(keeper.save)
    kept, failed, also_kept = await asyncio.gather(
        together.add(1), together.add(-2), together.add(3), return_exceptions=True
    )
    assert (kept, also_kept) == ("kept 1", "kept 3")
    assert isinstance(failed, IntegrityError)
    assert keeper.batches == [[1], [3]]


async def test_a_database_that_is_locked_is_so_for_all_and_asked_once(keeper: Keeper) -> None:
    together = Together(keeper.save)
    keeper.is_locked = True
    failures = await asyncio.gather(together.add(1), together.add(2), return_exceptions=True)
    assert [type(failure) for failure in failures] == [DatabaseTimeout, DatabaseTimeout]
    keeper.is_locked = False
    assert await together.add(3) == "kept 3"


async def test_one_that_goes_while_it_waits_stops_nobody(keeper: Keeper) -> None:
    together = Together(keeper.save)
    keeper.may_save.clear()
    gone, stays = asyncio.create_task(together.add(1)), asyncio.create_task(together.add(2))
    await asyncio.sleep(0.01)
    gone.cancel()
    keeper.may_save.set()
    assert await stays == "kept 2"
    assert gone.cancelled() or await asyncio.gather(gone, return_exceptions=True)


async def test_with_a_pause_what_comes_meanwhile_waits_for_its_end(keeper: Keeper) -> None:
    together = Together(keeper.save, pause_s=0.05)
    await together.add(1)
    await asyncio.gather(together.add(2), together.add(3), together.add(4))
    assert keeper.batches == [[1], [2, 3, 4]]


async def test_closing_waits_for_what_is_under_way_and_leaves_no_task(keeper: Keeper) -> None:
    together = Together(keeper.save)
    keeper.may_save.clear()
    adding = asyncio.create_task(together.add(1))
    await asyncio.sleep(0)
    closing = asyncio.create_task(together.close())
    await asyncio.sleep(0.01)
    assert not closing.done()
    keeper.may_save.set()
    await closing
    assert await adding == "kept 1"
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_x1_closing_tries_once_for_all_that_must_be_done_while_the_database_is_gone(keeper: Keeper) -> None:
    """Ten thousand that wait must not each take a time-out before the process may end."""
    attempts = 0

    async def save(numbers: Sequence[int]) -> Sequence[str]:
        nonlocal attempts
        attempts += 1
        return await keeper.save(numbers)

    together = Together(save, most=10, again_s=0.01)
    keeper.is_locked = True
    left = [asyncio.create_task(together.insist(number)) for number in range(1000)]
    await asyncio.sleep(0.05)
    attempts = 0
    await together.close()
    assert attempts <= 2
    assert all(isinstance(one, DatabaseTimeout) for one in await asyncio.gather(*left, return_exceptions=True))
    assert keeper.batches == []

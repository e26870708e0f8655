"""C10, X1: a frame leaves its queue only after the commit that wrote it, whatever becomes of the transactions that wait
for the garage meanwhile; and it is written once."""

import asyncio
from contextlib import suppress
from contextvars import copy_context

import pytest

from evgraph.domain.charge_point import FrameDirection, FrameKind
from evgraph.domain.events import FrameLogged
from evgraph.models import FrameRow, GarageRow
from evgraph.models.at_once import Version
from tests.patience import PATIENCE_S


class Failed(Exception):
    pass


@pytest.fixture
def books(garage):
    return garage.house.metering._books


def _add(garage, text, garage_id=None):
    garage.house.frames.add(
        garage_id or garage.id,
        garage.charge_point_id,
        garage.clock.now(),
        FrameDirection.RECEIVED,
        FrameKind.CALL,
        "m1",
        "StopTransaction",
        text,
    )


async def _kept() -> list[str]:
    return [row.frame for row in await FrameRow.all().order_by("id")]


async def _version(garage) -> dict[int, Version]:
    return {garage.id: (await GarageRow.get(id=garage.id)).locked}


async def _settles() -> None:
    """Whoever can go on has gone as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)
    await asyncio.sleep(0.1)


async def _batch_behind_a_change(garage, books):
    """A change holds the garage and hears a frame; a batch of readings waits behind it, and has seen that frame."""
    outside, versions = copy_context(), await _version(garage)
    async with books.change(garage.id):
        _add(garage, "[stop]")
        batch = asyncio.create_task(books.save_at_once(versions, []), context=outside)
        await _settles()
        assert not batch.done()
    return batch


async def test_x1_a_change_writes_its_frame_though_a_batch_that_waits_behind_it_has_seen_it(garage, books):
    batch = await _batch_behind_a_change(garage, books)
    # Killed now, all that was booked would have its frame.
    assert await _kept() == ["[stop]"]
    assert not await batch
    await garage.house.frame_writer.write()
    assert await _kept() == ["[stop]"]
    assert garage.house.frames.count == 0


async def test_x1_a_batch_that_is_cancelled_while_it_waits_takes_no_frame_with_it(garage, books):
    outside, versions = copy_context(), await _version(garage)
    async with books.change(garage.id):
        _add(garage, "[1]")
        batch = asyncio.create_task(books.save_at_once(versions, []), context=outside)
        await _settles()
        batch.cancel()
    await asyncio.wait({batch})
    assert await _kept() == ["[1]"]
    assert garage.house.frames.count == 0


async def test_x1_a_frame_is_in_its_queue_until_the_commit(garage, books):
    _add(garage, "[1]")
    async with books.change(garage.id):
        assert garage.house.frames.count == 1
    assert garage.house.frames.count == 0
    assert await books.save_at_once(await _version(garage), [])
    _add(garage, "[2]")
    assert await books.save_at_once(await _version(garage), [])
    assert (await _kept(), garage.house.frames.count) == (["[1]", "[2]"], 0)


async def test_c10_frames_whose_commit_has_an_unknown_end_are_written_once(garage, books):
    """The connection breaks after the database has committed, and before it says so."""
    _add(garage, "[1]")
    with suppress(Failed), garage.house.frames.taken() as taken:
        async with _transaction():
            await taken.write([garage.id])
        raise Failed
    assert garage.house.frames.count == 1
    _add(garage, "[2]")
    await garage.house.frame_writer.write()
    assert (await _kept(), garage.house.frames.count) == (["[1]", "[2]"], 0)


async def test_c10_a_frame_that_comes_during_the_commit_waits_for_the_next(garage, books):
    _add(garage, "[1]")
    with garage.house.frames.taken() as taken:
        async with _transaction():
            await taken.write([garage.id])
            _add(garage, "[2]")
    assert [frame.frame for frame in garage.house.frames.waiting()] == ["[2]"]
    await garage.house.frame_writer.write()
    assert await _kept() == ["[1]", "[2]"]


async def test_c10_of_two_garages_only_those_of_the_changed_one_leave(garage, books):
    other = await garage.house.registration.add_garage(organization="Midtown", location_id="NYC-035", name="35th")
    _add(garage, "[1]")
    _add(garage, "[2]", garage_id=other.id)
    async with books.change(garage.id):
        pass
    assert [frame.frame for frame in garage.house.frames.waiting()] == ["[2]"]
    async with books.change(garage.id, other.id):
        pass
    assert await _kept() == ["[1]", "[2]"]


async def test_c10_who_watches_is_told_of_each_frame_once(garage, books):
    with garage.house.frames.watch(garage.id, garage.charge_point_id) as feed:
        batch = await _batch_behind_a_change(garage, books)
        assert not await batch
        await garage.house.frame_writer.write()
        await garage.house.frame_writer.write()
        assert [one.frame.frame for one in feed._waiting if isinstance(one, FrameLogged)] == ["[stop]"]


async def test_x1_changes_that_are_cancelled_at_whatever_moment_lose_no_frame_and_write_none_twice(garage, books):
    told = []
    for moment in range(60):
        told.append(f"[{moment}]")
        _add(garage, told[-1])
        work = _change(books, garage.id) if moment % 2 else books.save_at_once(await _version(garage), [])
        working = asyncio.create_task(work)
        await asyncio.wait({working}, timeout=moment / 20_000)
        working.cancel()
        await asyncio.wait({working})
    async with asyncio.timeout(PATIENCE_S):
        await garage.house.frame_writer.write()
    assert (await _kept(), garage.house.frames.count) == (told, 0)


async def _change(books, garage_id):
    async with books.change(garage_id):
        pass


def _transaction():
    from tortoise.transactions import in_transaction

    return in_transaction("default")

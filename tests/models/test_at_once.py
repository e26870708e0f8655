"""A transaction that is handed over whole: saved where nothing else was saved meanwhile, else not at all."""

import asyncio
from collections.abc import AsyncIterator
from contextvars import copy_context
from datetime import UTC, datetime

import pytest
from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

from evgraph.models import GarageRow, MeterSampleRow, OrganizationRow, database
from evgraph.models.at_once import Version, following, save_at_once, taken
from evgraph.models.bulk import Bulk, Save, insert, update
from tests.conftest import POSTGRES
from tests.patience import PATIENCE_S

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SAMPLES = insert(MeterSampleRow, "charge_point_id", "connector_id", "session_id", "at", "received_at", "energy_wh")
NAMES = update(OrganizationRow, "name")


@pytest.fixture
async def garages(database_url: str) -> AsyncIterator[list[int]]:
    await database.open_database(database_url)
    try:
        owner = await OrganizationRow.create(name="Midtown Parking")
        rows = [
            await GarageRow.create(
                organization=owner, location_id=f"NYC-{n}", name="A garage", time_zone="UTC", currency="USD"
            )
            for n in range(3)
        ]
        yield [row.id for row in rows]
    finally:
        await database.close_database()


def _sample(energy_wh: int, session_id: int | None = 7) -> tuple[object, ...]:
    return (1, 1, session_id, NOON, NOON, energy_wh)


async def _versions(garage_ids: list[int]) -> dict[int, Version]:
    return {row.id: row.locked for row in await GarageRow.filter(id__in=garage_ids)}


async def test_a_batch_is_saved_and_counted(garages: list[int]) -> None:
    versions = await _versions(garages[:2])
    rows = [_sample(10), _sample(20), _sample(30, session_id=None)]
    owner = await OrganizationRow.get()
    assert await save_at_once(versions, [Save(SAMPLES, rows), Save(NAMES, []), Save(NAMES, [("New", owner.id)])])
    # M4: of two readings of one moment the first is kept.
    assert {(row.session_id, row.energy_wh) for row in await MeterSampleRow.all()} == {(7, 10), (None, 30)}
    assert (await OrganizationRow.get()).name == "New"
    assert await _versions(garages[:2]) == {id_: following(version) for id_, version in versions.items()}
    assert (await MeterSampleRow.filter(at=NOON, received_at=NOON).count()) == 2


async def test_nothing_is_saved_where_one_garage_is_at_another_version(garages: list[int]) -> None:
    versions = await _versions(garages)
    await GarageRow.filter(id=garages[1]).update(locked=1)
    then = await _versions(garages)
    assert not await save_at_once(versions, [Save(SAMPLES, [_sample(10)])])
    assert await MeterSampleRow.all().count() == 0
    assert await _versions(garages) == then
    assert await save_at_once(then, [Save(SAMPLES, [_sample(10)])])


async def test_a_batch_that_fails_leaves_nothing_behind(garages: list[int]) -> None:
    versions = await _versions(garages)
    ids = Bulk(
        sqlite="INSERT INTO organization (id, name) VALUES (?, ?)",
        pattern="INSERT INTO organization (id, name) SELECT * FROM {given} WHERE {only_if}",
        types=("INT", "TEXT"),
        instants=(),
    )
    with pytest.raises(Exception, match=r"(?i)unique"):
        await save_at_once(versions, [Save(SAMPLES, [_sample(10)]), Save(ids, [(1, "Midtown Parking")])])
    assert await MeterSampleRow.all().count() == 0
    assert await _versions(garages) == versions
    assert await save_at_once(versions, [Save(SAMPLES, [_sample(10)])])


async def test_the_count_begins_anew_before_its_column_ends(garages: list[int]) -> None:
    last: Version = 2**31 - 1
    await GarageRow.filter(id=garages[0]).update(locked=last)
    assert await save_at_once({garages[0]: last}, [])
    assert await _versions(garages[:1]) == {garages[0]: 1}


async def test_of_batches_that_race_from_one_version_one_is_saved(garages: list[int]) -> None:
    """In both orders of their garages, none waits for another for ever."""
    versions = await _versions(garages)
    backwards = dict(reversed(versions.items()))
    async with asyncio.timeout(PATIENCE_S):
        saved = await asyncio.gather(
            *(
                save_at_once(versions if n % 2 else backwards, [Save(SAMPLES, [_sample(n, session_id=n)])])
                for n in range(8)
            )
        )
    assert sorted(saved) == [False] * 7 + [True]
    (sample,) = await MeterSampleRow.all()
    assert sample.energy_wh == saved.index(True)


async def test_a_change_that_is_open_is_waited_for_and_found(garages: list[int]) -> None:
    versions, outside = await _versions(garages), copy_context()
    async with in_transaction(database.WRITER):
        assert (await taken(garages[:1]))[garages[0]] == following(versions[garages[0]])
        saving = save_at_once(versions, [Save(SAMPLES, [_sample(10)])])
        racing = asyncio.create_task(saving, context=outside)
        done, _ = await asyncio.wait({racing}, timeout=0.1)
        assert not done
    assert not await racing
    assert await MeterSampleRow.all().count() == 0
    # Those that matched are as they were.
    assert await _versions(garages[1:]) == {id_: versions[id_] for id_ in garages[1:]}


async def test_a_change_that_is_open_and_is_given_up_is_waited_for_and_forgotten(garages: list[int]) -> None:
    versions, outside = await _versions(garages), copy_context()
    async with in_transaction(database.WRITER) as change:
        await taken(garages[:1])
        racing = asyncio.create_task(save_at_once(versions, [Save(SAMPLES, [_sample(10)])]), context=outside)
        await asyncio.wait({racing}, timeout=0.1)
        await change.rollback()
    assert await racing
    assert await MeterSampleRow.all().count() == 1
    assert await _versions(garages) == {id_: following(version) for id_, version in versions.items()}


async def test_what_is_written_to_a_garage_without_a_change_of_it_is_kept(garages: list[int]) -> None:
    versions, outside = await _versions(garages), copy_context()
    async with in_transaction(database.WRITER):
        await GarageRow.filter(id=garages[1]).update(name="New")
        racing = asyncio.create_task(save_at_once(versions, [Save(SAMPLES, [_sample(10)])]), context=outside)
        await asyncio.wait({racing}, timeout=0.1)
    assert await racing
    assert (await GarageRow.get(id=garages[1])).name == "New"
    assert await _versions(garages) == {id_: following(version) for id_, version in versions.items()}


@pytest.mark.skipif(not POSTGRES, reason="One statement to PostgreSQL")
async def test_it_is_one_trip_to_the_database(garages: list[int]) -> None:
    said: list[str] = []

    async def save(n: int) -> bool:
        return await save_at_once(await _versions(garages), [Save(SAMPLES, [_sample(n)])])

    # The first makes the types known.
    assert await save(0)
    async with get_connection(database.WRITER).acquire_connection() as connection:
        connection.add_query_logger(lambda query: said.append(query.query))
    assert await save(1)
    assert await save(2)
    looking, saving = said[:2]
    assert "meter_sample" in saving
    assert said == [looking, saving] * 2


async def test_a_caller_that_is_cancelled_leaves_the_database_usable(garages: list[int]) -> None:
    for moment in range(50):
        saving = asyncio.create_task(save_at_once(await _versions(garages), [Save(SAMPLES, [_sample(moment)])]))
        await asyncio.wait({saving}, timeout=moment / 20_000)
        saving.cancel()
        await asyncio.wait({saving})
    async with asyncio.timeout(PATIENCE_S):
        assert await save_at_once(await _versions(garages), [])

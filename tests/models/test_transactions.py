"""What a transaction leaves behind when its commit fails, and when another program writes at the same time."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator

import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError, OperationalError
from tortoise.transactions import in_transaction

from evgraph.models import GarageRow, OrganizationRow, database
from evgraph.models.database import READER, WRITER
from evgraph.models.plain import select
from tests.conftest import POSTGRES
from tests.patience import PATIENCE_S

only_on_sqlite = pytest.mark.skipif(POSTGRES, reason="SQLite's one writer")
only_on_postgres = pytest.mark.skipif(not POSTGRES, reason="PostgreSQL's pool")


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[str]:
    await database.open_database(database_url)
    try:
        yield database_url
    finally:
        await database.close_database()


@only_on_sqlite
async def test_a_commit_that_fails_leaves_no_transaction_open(opened):
    with pytest.raises(OperationalError):
        await _add_garage_of_nobody()
    await _add("Midtown Parking")
    await database.close_database()
    await database.open_database(opened)
    assert await GarageRow.all().count() == 0
    assert await OrganizationRow.all().count() == 1


@only_on_sqlite
async def test_a_transaction_waits_for_a_writer_in_another_program(opened):
    other = sqlite3.connect(opened.removeprefix("sqlite://"), isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO organization (name) VALUES ('Uptown Parking')")
        saving = asyncio.create_task(_add("Midtown Parking"))
        done, _ = await asyncio.wait({saving}, timeout=0.2)
        assert not done
        other.execute("COMMIT")
        await saving
    finally:
        other.close()
    assert {row.name for row in await OrganizationRow.all()} == {"Uptown Parking", "Midtown Parking"}


@only_on_sqlite
async def test_the_wait_for_another_program_is_as_long_as_the_address_says(database_url):
    await database.open_database(f"{database_url}?busy_timeout=50")
    other = sqlite3.connect(database_url.removeprefix("sqlite://"), isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OperationalError, match="locked"):
            await asyncio.wait_for(_add("Midtown Parking"), 4)
        other.execute("ROLLBACK")
        await _add("Midtown Parking")
        assert await OrganizationRow.all().count() == 1
    finally:
        other.close()
        await database.close_database()


def test_a_wait_that_is_no_number_is_refused():
    with pytest.raises(database.BadDatabaseUrl):
        database.config("sqlite://var/evgraph.sqlite3?busy_timeout=long")


async def test_what_fails_in_a_transaction_is_undone(opened):
    with pytest.raises(ZeroDivisionError):
        await _add_and_fail("Midtown Parking")
    assert await OrganizationRow.all().count() == 0


@pytest.mark.parametrize("name", [WRITER, READER])
async def test_a_transaction_that_is_cancelled_at_whatever_moment_gives_its_place_back(database_url, name):
    if POSTGRES and name == READER:
        pytest.skip("PostgreSQL's reader is its writer")
    await database.open_database(database_url, pool_size=1)
    try:
        for moment in range(100):
            looking = asyncio.create_task(_look(name))
            await asyncio.wait({looking}, timeout=moment / 20_000)
            looking.cancel()
            await asyncio.wait({looking})
        async with asyncio.timeout(PATIENCE_S):
            await _look(name)
            await _add("Midtown Parking")
        assert await OrganizationRow.all().count() == 1
    finally:
        await database.close_database()


@only_on_postgres
async def test_a_connection_goes_back_to_the_pool_without_a_word(database_url):
    await database.open_database(database_url, pool_size=1)
    try:
        said: list[str] = []
        async with get_connection(WRITER).acquire_connection() as connection:
            connection.add_query_logger(lambda query: said.append(query.query))
        await get_connection(WRITER).execute_query("SELECT 2")
        await _look(WRITER)
        assert said == ["SELECT 2", "BEGIN;", "SELECT 1", "COMMIT;"]
    finally:
        await database.close_database()


@only_on_postgres
async def test_a_transaction_that_was_left_open_is_undone_when_its_connection_goes_back(database_url):
    await database.open_database(database_url, pool_size=1)
    errors: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context["message"]))
    try:
        async with get_connection(WRITER).acquire_connection() as connection:
            await connection.execute("BEGIN; INSERT INTO organization (name) VALUES ('Midtown Parking')")
        assert await OrganizationRow.all().count() == 0
        assert [error[:46] for error in errors] == ["Resetting connection with an active transactio"]
    finally:
        await database.close_database()


async def _add(name: str) -> None:
    async with in_transaction(WRITER):
        await OrganizationRow.create(name=name)


async def _add_and_fail(name: str) -> None:
    async with in_transaction(WRITER):
        await OrganizationRow.create(name=name)
        raise ZeroDivisionError


async def _add_garage_of_nobody() -> None:
    """Fails in its commit, which looks at the constraint only then; SQLite keeps the transaction open."""
    async with in_transaction(WRITER) as connection:
        await connection.execute_query("PRAGMA defer_foreign_keys = ON")
        await GarageRow.create(
            organization_id=999, location_id="NYC-034", name="34th Street", time_zone="UTC", currency="USD"
        )


async def _look(name: str) -> None:
    async with in_transaction(name) as connection:
        await connection.execute_query("SELECT 1")


@only_on_sqlite
async def test_a_transaction_begins_after_what_a_cancelled_caller_left_to_the_thread(opened):
    """Begun in the event loop meanwhile, it would be rolled back, or committed, with that."""
    client = get_connection(WRITER)
    may_go = threading.Event()

    def slow_change(connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        may_go.wait()
        connection.execute("INSERT INTO organization (name) VALUES ('Left behind')")
        connection.execute("COMMIT")

    leaving = asyncio.create_task(client.run(slow_change))
    await asyncio.sleep(0.05)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    adding = asyncio.create_task(_add("Midtown Parking"))
    done, _ = await asyncio.wait({adding}, timeout=0.1)
    assert not done
    may_go.set()
    await adding
    assert {row.name for row in await OrganizationRow.all()} == {"Left behind", "Midtown Parking"}


@only_on_sqlite
async def test_rows_of_a_transaction_go_with_it_when_it_fails(opened):
    with pytest.raises(ZeroDivisionError):
        await _add_and_fail("Midtown Parking")
    assert await OrganizationRow.all().count() == 0
    await _add("Uptown Parking")
    with pytest.raises(IntegrityError):
        await _add_garage_twice()
    assert await GarageRow.all().count() == 0


async def _add_and_fail(name: str) -> None:
    async with in_transaction(WRITER):
        assert len(await select("INSERT INTO organization (name) VALUES (?) RETURNING id", name)) == 1
        assert await select("SELECT name FROM organization") == [(name,)]
        raise ZeroDivisionError


async def _add_garage_twice() -> None:
    owner = await OrganizationRow.get(name="Uptown Parking")
    async with in_transaction(WRITER):
        for _ in range(2):
            await select(
                "INSERT INTO garage (organization_id, location_id, name, time_zone, currency, locale, revision, locked,"
                " free_starts) VALUES (?, 'NYC-1', 'One', 'UTC', 'USD', 'en_US', 0, 0, ?) RETURNING id",
                owner.id,
                False,
            )

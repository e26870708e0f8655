"""Whatever a driver fails with comes out as one of a few errors; nothing waits for longer than it may; and work goes on
once the database is back."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError, OperationalError
from tortoise.transactions import in_transaction

from evgraph.models import GarageRow, OrganizationRow, database
from evgraph.models.at_once import save_at_once
from evgraph.models.database import WRITER, reader
from evgraph.models.failures import (
    DatabaseDamaged,
    DatabaseFull,
    DatabaseReadOnly,
    DatabaseTimeout,
    DatabaseUnavailable,
    in_log,
    translated,
)
from evgraph.models.looks import by_itself
from evgraph.models.plain import select
from tests.conftest import POSTGRES, named
from tests.patience import PATIENCE_S
from tests.tcp_proxy import TcpProxy, proxied

only_on_sqlite = pytest.mark.skipif(POSTGRES, reason="A SQLite file")
only_on_postgres = pytest.mark.skipif(not POSTGRES, reason="A PostgreSQL server")
LIMIT_S = 1.0


def _sqlite(code: int) -> sqlite3.Error:
    failure = sqlite3.OperationalError("told by SQLite")
    failure.sqlite_errorcode = code
    return failure


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (asyncpg.InterfaceError("connection is closed"), DatabaseUnavailable),
        (asyncpg.InternalClientError("got result for unknown protocol state 3"), DatabaseUnavailable),
        (asyncpg.ConnectionDoesNotExistError("closed in the middle of operation"), DatabaseUnavailable),
        (asyncpg.CannotConnectNowError("the database system is starting up"), DatabaseUnavailable),
        (asyncpg.AdminShutdownError("terminating connection"), DatabaseUnavailable),
        (asyncpg.TooManyConnectionsError("too many clients"), DatabaseUnavailable),
        (asyncpg.InvalidPasswordError("password authentication failed"), DatabaseUnavailable),
        (asyncpg.InvalidCatalogNameError("no such database"), DatabaseUnavailable),
        (asyncpg.ObjectNotInPrerequisiteStateError("takes no connections"), DatabaseUnavailable),
        (asyncpg.DiskFullError("could not extend file"), DatabaseFull),
        (asyncpg.OutOfMemoryError("out of memory"), DatabaseFull),
        (asyncpg.PostgresIOError("could not read block"), DatabaseDamaged),
        (asyncpg.DataCorruptedError("invalid page"), DatabaseDamaged),
        (asyncpg.IndexCorruptedError("unexpected zero page"), DatabaseDamaged),
        (asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT"), DatabaseReadOnly),
        (asyncpg.LockNotAvailableError("lock timeout"), DatabaseTimeout),
        (asyncpg.QueryCanceledError("statement timeout"), DatabaseTimeout),
        (asyncpg.DeadlockDetectedError("deadlock detected"), DatabaseTimeout),
        (asyncpg.SerializationError("could not serialize access"), DatabaseTimeout),
        (asyncpg.IdleInTransactionSessionTimeoutError("idle in transaction"), DatabaseTimeout),
        (asyncpg.UniqueViolationError("twice"), IntegrityError),
        (asyncpg.DataError("out of range"), OperationalError),
        (asyncpg.exceptions._base.DataError("invalid input for query argument $1"), OperationalError),
        (asyncpg.UndefinedTableError("no such table"), OperationalError),
        (ConnectionRefusedError(111, "Connection refused"), DatabaseUnavailable),
        (ConnectionResetError(104, "Connection reset by peer"), DatabaseUnavailable),
        (OSError(28, "No space left on device"), DatabaseFull),
        (TimeoutError(), DatabaseTimeout),
        (_sqlite(sqlite3.SQLITE_BUSY), DatabaseTimeout),
        (_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT), DatabaseTimeout),
        (_sqlite(sqlite3.SQLITE_LOCKED), DatabaseTimeout),
        (_sqlite(sqlite3.SQLITE_FULL), DatabaseFull),
        (_sqlite(sqlite3.SQLITE_IOERR_WRITE), DatabaseDamaged),
        (_sqlite(sqlite3.SQLITE_CORRUPT), DatabaseDamaged),
        (_sqlite(sqlite3.SQLITE_NOTADB), DatabaseDamaged),
        (_sqlite(sqlite3.SQLITE_READONLY), DatabaseReadOnly),
        (_sqlite(sqlite3.SQLITE_CANTOPEN), DatabaseUnavailable),
        (_sqlite(sqlite3.SQLITE_ERROR), OperationalError),
        (sqlite3.IntegrityError("twice"), IntegrityError),
        (KeyError("a bug"), KeyError),
        (asyncio.CancelledError(), asyncio.CancelledError),
    ],
    ids=repr,
)
def test_each_error_of_a_driver_has_one_meaning(failure: BaseException, expected: type[BaseException]) -> None:
    assert type(translated(failure)) is expected


# SQLite


@pytest.fixture
async def file(database_url: str) -> AsyncIterator[Path]:
    await database.open_database(database_url)
    try:
        yield Path(database_url.removeprefix("sqlite://"))
    finally:
        await database.close_database()


@only_on_sqlite
async def test_a_full_disk_is_told_as_such_whatever_writes_and_work_goes_on_once_there_is_room(file: Path) -> None:
    await OrganizationRow.create(name="Midtown Parking")
    # As many pages as there are: the file can grow no more.
    writer = get_connection(WRITER)
    _, ((pages,),) = await writer.execute_query("PRAGMA page_count")
    await writer.execute_query(f"PRAGMA max_page_count = {pages}")
    for write in FILLS:
        with pytest.raises(DatabaseFull):
            await write()
    await writer.execute_query("PRAGMA max_page_count = 1000000")
    for write in FILLS:
        await write()
    assert await OrganizationRow.all().count() == 1 + len(FILLS)


# Longer than what is free in the pages that there are.
def _long() -> str:
    return f"{next(_numbers)} ".ljust(100_000, "x")


def _name() -> str:
    return f"Parking {next(_numbers)}"


_numbers = count(1)
_ADD = "INSERT INTO organization (name) VALUES (?)"


async def _fill_by_a_row() -> None:
    await get_connection(WRITER).execute_insert(_ADD, [_long()])


async def _fill_in_a_transaction() -> None:
    async with in_transaction(WRITER) as connection:
        await connection.execute_query(_ADD, [_long()])


async def _fill_in_the_loop() -> None:
    async with in_transaction(WRITER):
        await select(f"{_ADD} RETURNING id", _long())


async def _fill_by_many() -> None:
    await get_connection(WRITER).execute_many(_ADD, [[_long()]])


async def _fill_at_once() -> None:
    await get_connection(WRITER).run(lambda connection: connection.execute(_ADD, (_long(),)).close())


FILLS = (_fill_by_a_row, _fill_in_a_transaction, _fill_in_the_loop, _fill_by_many, _fill_at_once)


@only_on_sqlite
async def test_a_corrupt_file_is_told_as_such_whoever_reads(tmp_path: Path, migrated: str) -> None:
    path = tmp_path / "corrupt.sqlite3"
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 8192)
    with pytest.raises(DatabaseDamaged):
        await database.open_database(f"sqlite://{path}")
    await database.close_database()
    path.write_bytes(b"no database at all, but a text that is long enough to be taken for one" * 100)
    with pytest.raises(DatabaseDamaged):
        await database.open_database(f"sqlite://{path}")
    await database.close_database()


@only_on_sqlite
async def test_a_file_that_is_corrupted_while_it_is_open_is_told_as_such(file: Path) -> None:
    await OrganizationRow.create(name="Midtown Parking")
    await get_connection(WRITER).execute_query("PRAGMA wal_checkpoint(TRUNCATE)")
    await database.close_database()
    await asyncio.to_thread(_corrupt, file)
    await database.open_database(f"sqlite://{file}")
    with pytest.raises(DatabaseDamaged):
        await OrganizationRow.all()
    with pytest.raises(DatabaseDamaged):
        await OrganizationRow.all().using_db(reader())
    with pytest.raises(DatabaseDamaged):
        await by_itself().rows("SELECT name FROM organization")
    with pytest.raises(DatabaseDamaged):
        await OrganizationRow.create(name="Uptown Parking")


def _corrupt(file: Path) -> None:
    """The page that the table begins with."""
    with closing(sqlite3.connect(file)) as connection:
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'organization'").fetchall()
        ((size,),) = connection.execute("PRAGMA page_size").fetchall()
    with file.open("r+b") as opened:
        opened.seek((page - 1) * size)
        opened.write(b"\xff" * size)


@only_on_sqlite
async def test_a_lock_of_another_program_is_told_as_such_whatever_writes(database_url: str) -> None:
    await database.open_database(f"{database_url}?busy_timeout=50")
    other = sqlite3.connect(database_url.removeprefix("sqlite://"), isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        for write in FILLS:
            with pytest.raises(DatabaseTimeout):
                await write()
        with pytest.raises(DatabaseTimeout):
            await save_at_once({1: 1}, [])
    finally:
        other.execute("ROLLBACK")
        other.close()
        await database.close_database()


@only_on_sqlite
async def test_a_file_that_cannot_be_opened_is_told_as_such_and_opened_once_it_can(tmp_path: Path) -> None:
    folder = tmp_path / "evgraph.sqlite3"
    folder.mkdir()
    with pytest.raises(DatabaseUnavailable):
        await database.open_database(f"sqlite://{folder}")
    folder.rmdir()
    await database.open_database(f"sqlite://{folder}")
    assert await select("SELECT 1", db=get_connection(WRITER)) == [(1,)]
    await database.close_database()


# PostgreSQL, behind a network


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[TcpProxy]:
    async with proxied(database_url) as (proxy, url):
        await database.open_database(url, pool_size=3, timeout_s=LIMIT_S)
        try:
            yield proxy
        finally:
            await database.close_database()


async def _read() -> None:
    await OrganizationRow.all().count()


async def _read_plainly() -> None:
    await by_itself().rows("SELECT 1")


async def _add() -> None:
    await OrganizationRow.create(name=_name())


async def _add_in_a_transaction() -> None:
    async with in_transaction(WRITER):
        await OrganizationRow.create(name=_name())
        await OrganizationRow.create(name=_name())


async def _save_at_once() -> None:
    await save_at_once({}, [])


WORK = (_read, _read_plainly, _add, _add_in_a_transaction, _save_at_once)


async def _many_of_each() -> list[BaseException | None]:
    return await asyncio.gather(*(work() for work in WORK for _ in range(2)), return_exceptions=True)


@only_on_postgres
@pytest.mark.parametrize("how", ["cut", "refuse", "half_open", "stall"])
async def test_a_broken_network_fails_in_time_as_one_error_and_work_goes_on_after_it(proxy: TcpProxy, how: str) -> None:
    for _ in range(2):
        assert await _many_of_each() == [None] * len(WORK) * 2
        getattr(proxy, how)()
        for work in WORK:
            began = time.monotonic()
            with suppress(DatabaseUnavailable):
                await work()
            # A connection is waited for, and then an answer.
            assert time.monotonic() - began < 3 * LIMIT_S
        proxy.flow()
        await _until_all_works()


@only_on_postgres
async def test_connections_that_are_all_half_open_cost_one_time_limit_and_not_one_each(proxy: TcpProxy) -> None:
    await _many_of_each()
    proxy.half_open()
    began = time.monotonic()
    while True:
        try:
            await _read()
            break
        except DatabaseTimeout:
            pass
    assert time.monotonic() - began < 2 * LIMIT_S


@only_on_postgres
@pytest.mark.parametrize("how", ["cut", "half_open"])
async def test_a_connection_that_breaks_within_a_transaction_is_told_of_in_time(proxy: TcpProxy, how: str) -> None:
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable):
        await _add_and_break(proxy, how)
    assert time.monotonic() - began < 3 * LIMIT_S
    await _until_all_works()


@only_on_postgres
@pytest.mark.parametrize("how", ["cut", "half_open"])
async def test_what_failed_first_is_what_is_told_though_the_connection_breaks_too(proxy: TcpProxy, how: str) -> None:
    began = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        await _add_and_fail(proxy, how)
    assert time.monotonic() - began < 3 * LIMIT_S
    await _until_all_works()


async def _add_and_break(proxy: TcpProxy, how: str) -> None:
    async with in_transaction(WRITER):
        await OrganizationRow.create(name=_name())
        getattr(proxy, how)()


async def _add_and_fail(proxy: TcpProxy, how: str) -> None:
    async with in_transaction(WRITER):
        await OrganizationRow.create(name=_name())
        getattr(proxy, how)()
        raise ZeroDivisionError


@only_on_postgres
async def test_a_session_that_waits_for_the_rest_of_a_statement_lets_go_of_its_locks(proxy: TcpProxy) -> None:
    """It was prepared, and the rest was lost: for PostgreSQL it is at work, and no limit is over."""
    owner = await OrganizationRow.create(name=_name())
    with pytest.raises(DatabaseTimeout):
        await _take_and_lose(proxy, owner.id)
    began = time.monotonic()
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(DatabaseUnavailable):
                await OrganizationRow.filter(id=owner.id).update(name=_name())
                break
    assert time.monotonic() - began < 4 * LIMIT_S


async def _take_and_lose(proxy: TcpProxy, owner_id: int) -> None:
    async with in_transaction(WRITER) as connection:
        await OrganizationRow.filter(id=owner_id).update(name=_name())
        async with connection.acquire_connection() as raw:
            # A statement that it has not seen: it is asked to prepare it, and then to do it.
            statement = await raw._con._prepare("SELECT $1::INT + 48", use_cache=False)
            proxy.half_open()
            try:
                await statement.fetch(1)
            except TimeoutError as failure:
                raise translated(failure) from failure


@only_on_postgres
async def test_a_task_that_is_cancelled_on_a_half_open_connection_ends_in_time(proxy: TcpProxy) -> None:
    await _read()
    proxy.half_open()
    for work in (_read, _add_in_a_transaction, _save_at_once):
        working = asyncio.create_task(work())
        await asyncio.sleep(0.1)
        working.cancel()
        done, _ = await asyncio.wait({working}, timeout=4 * LIMIT_S)
        assert done
    await _until_all_works()


@only_on_postgres
async def test_a_lock_that_is_held_for_too_long_is_told_of_and_the_connection_stays_good(
    proxy: TcpProxy, database_url: str
) -> None:
    owner = await OrganizationRow.create(name=_name())
    accepted = proxy.accepted
    other = await asyncpg.connect(database_url)
    try:
        async with other.transaction():
            await other.execute("SELECT id FROM organization FOR UPDATE")
            began = time.monotonic()
            with pytest.raises(DatabaseTimeout):
                await OrganizationRow.filter(id=owner.id).update(name="Uptown Parking")
            assert time.monotonic() - began < 2 * LIMIT_S
        await OrganizationRow.filter(id=owner.id).update(name="Uptown Parking")
    finally:
        await other.close()
    assert proxy.accepted == accepted


@only_on_postgres
async def test_a_transaction_in_which_nobody_says_anything_lets_go_of_its_locks(proxy: TcpProxy) -> None:
    owner = await OrganizationRow.create(name=_name())

    async def falls_asleep() -> None:
        async with in_transaction(WRITER):
            await OrganizationRow.filter(id=owner.id).update(name="Asleep")
            await asyncio.sleep(4 * LIMIT_S)

    sleeping = asyncio.create_task(falls_asleep())
    await asyncio.sleep(2.5 * LIMIT_S)
    await OrganizationRow.filter(id=owner.id).update(name="Awake")
    with pytest.raises(DatabaseUnavailable):
        await sleeping
    assert (await OrganizationRow.get(id=owner.id)).name == "Awake"


@only_on_postgres
async def test_idle_connections_are_kept_alive(proxy: TcpProxy) -> None:
    import socket

    async with get_connection(WRITER).acquire_connection() as connection:
        raw = connection._con._transport.get_extra_info("socket")
        assert raw.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == LIMIT_S * 2000


@only_on_postgres
async def test_a_database_that_is_not_there_is_told_as_such_and_used_once_it_is(database_url: str) -> None:
    async with proxied(database_url) as (proxy, url):
        proxy.refuse()
        with pytest.raises(DatabaseUnavailable):
            await database.open_database(url, timeout_s=LIMIT_S)
        proxy.flow()
        await database.open_database(url, timeout_s=LIMIT_S)
        try:
            await _until_all_works()
            proxy.refuse()
            proxy.cut()
            for work in WORK:
                with pytest.raises(DatabaseUnavailable):
                    await work()
            proxy.flow()
            await _until_all_works()
        finally:
            await database.close_database()
    with pytest.raises(Exception, match="nowhere") as refused:
        await database.open_database(named(database_url, "nowhere"), timeout_s=LIMIT_S)
    assert isinstance(refused.value, DatabaseUnavailable)


async def _until_all_works() -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await _many_of_each() != [None] * len(WORK) * 2:  # noqa: ASYNC110 - a database tells no event
            await asyncio.sleep(0.05)


# Either


async def test_what_one_did_wrong_is_not_taken_for_a_database_that_is_gone(database_url: str) -> None:
    await database.open_database(database_url)
    try:
        await OrganizationRow.create(name=_name())
        with pytest.raises(OperationalError) as wrong:
            await get_connection(WRITER).execute_query("SELECT nothing FROM nowhere")
        assert not isinstance(wrong.value, DatabaseUnavailable)
        with pytest.raises(IntegrityError):
            await GarageRow.create(
                id=1, organization_id=999, location_id="N", name="N", time_zone="UTC", currency="USD"
            )
        if POSTGRES:
            with pytest.raises(OperationalError) as wrong:
                await select("SELECT id FROM garage WHERE id = ?", 2**40, db=get_connection(WRITER))
            assert not isinstance(wrong.value, DatabaseUnavailable)
    finally:
        await database.close_database()


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (sqlite3.OperationalError("database or disk\nis full"), None),
        (OSError(28, "No space left on device"), "DatabaseFull: [Errno 28] No space left on device"),
        (TimeoutError(), "DatabaseTimeout: it gave no answer in time"),
        (asyncpg.DiskFullError("could not extend file"), "DatabaseFull: could not extend file"),
        (ConnectionRefusedError("no"), "DatabaseUnavailable: no"),
    ],
    ids=repr,
)
def test_what_the_database_cannot_do_is_one_line_in_the_log_and_a_fault_of_ours_a_traceback(
    failure: Exception, error: str | None
) -> None:
    told = in_log(translated(failure))
    if error is None:
        # Without SQLite's code it may be a statement that is wrong.
        assert list(told) == ["exception"]
    else:
        assert told == {"error": error, "why": translated(failure).why}  # type: ignore[attr-defined]

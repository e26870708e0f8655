"""Tortoise's SQLite client, with three habits that money needs.

A transaction takes the write lock when it begins (BEGIN IMMEDIATE), so that it waits for a writer in another process
instead of failing at its first write. And a commit that fails (disk full, database locked) is rolled back at once:
left open, the next transaction would commit what its caller was told had failed. And a transaction that cannot
begin (database locked, task cancelled) gives its place back: Tortoise keeps the lock, and nothing is written again.

Besides, it can be handed a whole transaction; and within one, what reads or saves a few rows goes in the event loop.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import aiosqlite
from tortoise.backends.base.client import ConnectionWrapper, TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.connection import get_connections
from tortoise.exceptions import BaseORMException

from evgraph.models.failures import DatabaseTimeout, translated
from evgraph.models.reads import note_anything

T = TypeVar("T")

_CACHED_STATEMENTS = 256
_ROWS_AT_ONCE = 64
# Readers wait for nobody in WAL, but for a moment when a crashed writer's log is recovered.
_IN_LOOP_BUSY_MS = 100


class EVGraphSqliteClient(SqliteClient):
    _in_loop: sqlite3.Connection | None = None
    # Of the database and the files beside it: device and inode, as they were when each was first seen.
    _files: dict[str, tuple[int, int]] | None = None

    async def create_connection(self, with_db: bool) -> None:
        """As Tortoise's, but for two threads: the connection's own, and the event loop's within a transaction. They
        take turns, for whoever uses it holds the lock."""
        if self._connection is not None:
            return
        connection = _Connection(self._connect, iter_chunk_size=_ROWS_AT_ONCE)
        try:
            await connection
            connection._conn.row_factory = sqlite3.Row
            for pragma, value in self.pragmas.items():
                await connection.execute_fetchall(f"PRAGMA {pragma}={value}")
        except BaseException as failure:
            # Half made, it would be taken for whole. What could not be opened has stopped by itself.
            if connection._connection is not None:
                connection.stop()
            await asyncio.to_thread(connection._thread.join)
            if isinstance(failure, sqlite3.Error):
                raise translated(failure) from failure
            raise
        self._connection = connection
        self._files = await asyncio.to_thread(_identities, self.filename)
        await self._post_connect()

    def in_loop(self) -> sqlite3.Connection:
        """For the looks that go without a thread: a connection of the loop's own, which can write nothing."""
        if self._in_loop is None:
            try:
                connection = sqlite3.connect(self.filename, isolation_level=None, cached_statements=_CACHED_STATEMENTS)
                connection.execute(f"PRAGMA busy_timeout={_IN_LOOP_BUSY_MS}")
                connection.execute("PRAGMA query_only=ON")
            except sqlite3.Error as failure:
                raise translated(failure) from failure
            self._in_loop = connection
        return self._in_loop

    async def lost_files(self) -> list[str]:
        """Those of the open database that were moved, deleted, or replaced by others. SQLite goes on with the old ones,
        and nobody who opens the database anew finds what is written there."""
        now = await asyncio.to_thread(_identities, self.filename)
        if self._files is None:
            return []
        lost = [path for path, identity in self._files.items() if now.get(path) != identity]
        # The WAL is made by the first who reads or writes.
        self._files = now | self._files
        return lost

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self.filename, isolation_level=None, check_same_thread=False, cached_statements=_CACHED_STATEMENTS
        )

    async def close(self) -> None:
        if self._in_loop is not None:
            self._in_loop.close()
            self._in_loop = None
        await super().close()

    def acquire_connection(self) -> ConnectionWrapper[Any]:
        note_anything()
        return _Acquired(self._lock, self)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """On the connection's own thread, while no transaction is open there; it leaves none open. A caller that is
        cancelled meanwhile does not stop it: what comes next waits for its end."""
        async with self.acquire_connection() as connection:
            return await connection._execute(work, connection._conn)  # type: ignore[no-any-return]

    def _in_transaction(self) -> TransactionContext:
        note_anything()
        return _TransactionContext(Transaction(self), self._lock)


def _identities(filename: str) -> dict[str, tuple[int, int]]:
    """What is not there, or cannot be looked at, is left out."""
    found = {}
    for path in (filename, f"{filename}-wal", f"{filename}-shm"):
        try:
            status = os.stat(path)
        except OSError:
            continue
        found[path] = (status.st_dev, status.st_ino)
    return found


class _Acquired(ConnectionWrapper[Any]):
    """A file that cannot be opened gives its place back, too."""

    __slots__ = ()

    async def __aenter__(self) -> Any:
        await self._lock.acquire()
        try:
            await self.ensure_connection()
        except BaseException:
            self._lock.release()
            raise
        return self.connection


class _Connection(aiosqlite.Connection):
    """It knows whether its thread has anything to do: `_asked` is counted in the event loop, `_done` in the thread. And
    it raises errors of `failures`, whatever it is asked by Tortoise or by us."""

    _asked = 0
    _done = 0

    @property
    def is_idle(self) -> bool:
        """Also what a cancelled caller left to the thread is done."""
        return self._asked == self._done

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        def work() -> Any:
            try:
                return fn(*args, **kwargs)
            finally:
                self._done += 1

        self._asked += 1
        try:
            return await super()._execute(work)  # type: ignore[no-untyped-call]
        except sqlite3.Error as failure:
            raise translated(failure) from failure


class _TransactionContext(SqliteTransactionContext):
    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            await self.ensure_connection()
            await self.connection.begin()
        except BaseException:
            self._trxlock.release()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        return self.connection  # type: ignore[no-any-return]


class Transaction(SqliteTransactionWrapper):
    """It has the write lock from its beginning: none of its statements waits for anybody, and only its commit waits for
    the disk."""

    def __init__(self, client: EVGraphSqliteClient) -> None:
        super().__init__(client)
        self._begin = "BEGIN" if client.pragmas.get("query_only") else "BEGIN IMMEDIATE"
        self._waits = f"PRAGMA busy_timeout={client.pragmas['busy_timeout']}"

    def rows(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """In the event loop itself, for a statement that touches few rows: some microseconds, a tenth of the way to the
        connection's thread and back; and on a busy loop that way is milliseconds."""
        self.log.debug("%s: %s", statement, parameters)
        cursor = self._connection._conn.cursor()
        cursor.row_factory = None
        try:
            return cursor.execute(statement, parameters).fetchall()
        except sqlite3.Error as failure:
            raise translated(failure) from failure

    async def begin(self) -> None:
        if self._has_begun_at_once():
            return
        connection = self._connection
        try:
            await connection.execute(self._begin)
        except asyncio.CancelledError:
            # It begins all the same, on the connection's thread; what that is told next undoes it.
            await connection.rollback()
            raise

    def _has_begun_at_once(self) -> bool:
        """In the event loop, where the thread has nothing to do and no other process writes: else it would wait."""
        if not isinstance(self._connection, _Connection) or not self._connection.is_idle:
            return False
        connection = self._connection._conn
        connection.execute("PRAGMA busy_timeout=0")
        try:
            connection.execute(self._begin)
        except sqlite3.Error as failure:
            told = translated(failure)
            if not isinstance(told, DatabaseTimeout):
                raise told from failure
            return False
        finally:
            connection.execute(self._waits)
        return True

    async def commit(self) -> None:
        connection = self._connection
        try:
            await super().commit()
        except BaseORMException:
            await connection.rollback()
            raise


client_class = EVGraphSqliteClient

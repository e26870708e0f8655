"""Looks at the database that are many and small: a board's rows, a garage's version.

On SQLite they go by a read-only connection in the event loop itself: such a query takes some microseconds, a tenth of
the way to a thread and back, and readers wait for nobody (WAL). Nothing else may go this way: a query whose rows grow
with the years would hold up every charger. On PostgreSQL they go through the pool.
"""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeAlias, cast

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import OperationalError

from evgraph.models.database import is_sqlite, reader, snapshot
from evgraph.models.plain import flat, marked, select
from evgraph.models.reads import covered
from evgraph.models.sqlite import EVGraphSqliteClient

Row: TypeAlias = tuple[Any, ...]


class Look(Protocol):
    async def rows(self, statement: str, *parameters: Any) -> Sequence[Row]:
        """A `?` stands for a parameter, and where that is a list, for as many as it holds."""


@asynccontextmanager
async def look() -> AsyncIterator[Look]:
    """What is asked within it belongs to one moment. Whoever asks tells the version that covers it (`reads`)."""
    if not is_sqlite():
        with covered():
            async with snapshot() as connection:
                yield _Pooled(connection)
        return
    in_loop = _in_loop()
    await in_loop.rows("BEGIN")
    try:
        yield in_loop
    finally:
        await in_loop.rows("ROLLBACK")


def by_itself() -> Look:
    """For one statement, which needs no other of the same moment."""
    return _in_loop() if is_sqlite() else _Pooled(reader())


def within() -> Look:
    """Within the transaction that is open: what it has saved is seen."""
    return _Within()


def _in_loop() -> "_InLoop":
    return _InLoop(cast("EVGraphSqliteClient", reader()).in_loop())


class _InLoop:
    """It never waits."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def rows(self, statement: str, *parameters: Any) -> Sequence[Row]:
        try:
            return self._connection.execute(marked(statement, parameters), flat(parameters)).fetchall()
        except sqlite3.OperationalError as failure:
            raise OperationalError(failure) from failure


class _Pooled:
    __slots__ = ("_connection",)

    def __init__(self, connection: BaseDBAsyncClient) -> None:
        self._connection = connection

    async def rows(self, statement: str, *parameters: Any) -> Sequence[Row]:
        with covered():
            _, rows = await self._connection.execute_query(marked(statement, parameters), flat(parameters))
        return [tuple(row.values()) for row in rows]


class _Within:
    __slots__ = ()

    async def rows(self, statement: str, *parameters: Any) -> Sequence[Row]:
        return await select(statement, *parameters)

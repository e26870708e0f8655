"""Looks at the database that are many and small: a board's rows, a garage's version.

On SQLite they go by a read-only connection in the event loop itself: such a query takes some microseconds, a tenth of
the way to a thread and back, and readers wait for nobody (WAL). Nothing else may go this way: a query whose rows grow
with the years would hold up every charger. On PostgreSQL they go through the pool.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias, cast

from tortoise.backends.base.client import BaseDBAsyncClient

from evgraph.models.asyncpg_client import rows_of
from evgraph.models.database import is_sqlite, reader
from evgraph.models.failures import translated
from evgraph.models.plain import flat, marked, select
from evgraph.models.reads import covered
from evgraph.models.sqlite import EVGraphSqliteClient

Row: TypeAlias = tuple[Any, ...]
# A statement and its parameters.
_Asked: TypeAlias = tuple[str, tuple[Any, ...]]


class Look(Protocol):
    async def rows(self, statement: str, *parameters: Any) -> Sequence[Row]:
        """A `?` stands for a parameter, and where that is a list, for as many as it holds."""

    async def together(self, *asked: _Asked) -> Sequence[Row]:
        """The rows of all these statements, as of one moment; they have the same columns."""


def by_itself() -> Look:
    """For one statement, which sees one moment. Whoever asks tells the version that covers it (`reads`)."""
    if is_sqlite():
        return _InLoop(cast("EVGraphSqliteClient", reader()).in_loop())
    return _Pooled(reader())


def within() -> Look:
    """Within the transaction that is open: what it has saved is seen."""
    return _Within()


class _InLoop:
    """It never waits."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def rows(self, statement: str, *parameters: Any) -> Sequence[Row]:
        try:
            return self._connection.execute(marked(statement, parameters), flat(parameters)).fetchall()
        except sqlite3.Error as failure:
            raise translated(failure) from failure

    async def together(self, *asked: _Asked) -> Sequence[Row]:
        # As one statement they take a fifth longer.
        await self.rows("BEGIN")
        try:
            return [row for statement, parameters in asked for row in await self.rows(statement, *parameters)]
        finally:
            await self.rows("ROLLBACK")


class _Pooled:
    __slots__ = ("_client",)

    def __init__(self, client: BaseDBAsyncClient) -> None:
        self._client = client

    async def rows(self, statement: str, *parameters: Any) -> Sequence[Row]:
        with covered():
            return await rows_of(self._client, marked(statement, parameters), flat(parameters))

    async def together(self, *asked: _Asked) -> Sequence[Row]:
        statement, parameters = _united(asked)
        return await self.rows(statement, *parameters)


class _Within:
    __slots__ = ()

    async def rows(self, statement: str, *parameters: Any) -> Sequence[Row]:
        return await select(statement, *parameters)

    async def together(self, *asked: _Asked) -> Sequence[Row]:
        if is_sqlite():
            return [row for statement, parameters in asked for row in await select(statement, *parameters)]
        statement, parameters = _united(asked)
        return await select(statement, *parameters)


def _united(asked: Sequence[_Asked]) -> tuple[str, list[Any]]:
    statement = " UNION ALL ".join([statement for statement, _ in asked])
    return statement, [one for _, parameters in asked for one in parameters]

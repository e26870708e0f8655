"""Tortoise's asyncpg client. A transaction that could not begin (connection lost, task cancelled) gives its connection
back to the pool: Tortoise keeps it, and after ten of them everybody waits for ever. One that is cancelled at its end
ends first. A connection that goes back to the pool is not reset."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    BaseDBAsyncClient,
    ConnectionWrapper,
    PoolConnectionWrapper,
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.connection import get_connections
from tortoise.exceptions import TransactionManagementError

from evgraph.models.reads import note_anything

T = TypeVar("T")


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    __slots__ = ()

    def get_reset_query(self) -> str:
        """Nothing: it would be a trip to the database for each statement, and no session of ours is left with a
        setting, a lock, a cursor or a channel. A transaction that is still open is rolled back all the same."""
        return ""


class EVGraphAsyncpgClient(AsyncpgDBClient):
    connection_class = _Connection

    def acquire_connection(self) -> ConnectionWrapper[Any] | PoolConnectionWrapper[Any]:
        note_anything()
        return super().acquire_connection()

    def _in_transaction(self) -> TransactionContext:
        note_anything()
        return _TransactionContext(TransactionWrapper(self), self._pool_init_lock)

    async def run(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows of a statement that is a transaction by itself. Who is cancelled meanwhile waits for its end all the
        same. Raises what asyncpg raises."""
        return await _to_its_end(rows_of(self, statement, parameters))


class _TransactionContext(TransactionContextPooled):
    client: TransactionWrapper

    async def __aenter__(self) -> TransactionalDBClient:
        await self.ensure_connection()
        pool = self.client._parent._pool
        assert pool is not None
        self.client._connection = await pool.acquire()
        try:
            await self.client.begin()
        except BaseException:
            # Whether it began nobody knows: a connection that goes back within a transaction is an error in the log.
            self.client._connection.terminate()
            await pool.release(self.client._connection)
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        """Who is cancelled meanwhile waits for its end all the same."""
        try:
            await _to_its_end(self._end(exc_type))
        finally:
            get_connections().reset(self.token)

    async def _end(self, exc_type: Any) -> None:
        try:
            if not self.client._finalized:
                # One that failed already cannot be rolled back.
                if exc_type is None:
                    await self.client.commit()
                elif exc_type is not TransactionManagementError:
                    await self.client.rollback()
        finally:
            pool = self.client._parent._pool
            if pool:
                await pool.release(self.client._connection)


async def rows_of(client: BaseDBAsyncClient, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """In as few steps as there can be: Tortoise's own take half as long as a small statement. Raises what asyncpg
    raises."""
    async with client.acquire_connection() as connection:
        client.log.debug("%s: %s", statement, parameters)
        return [tuple(row) for row in await connection.fetch(statement, *parameters)]


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    working = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.gather(working, return_exceptions=True)
        raise


client_class = EVGraphAsyncpgClient

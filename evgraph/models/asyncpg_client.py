"""Tortoise's asyncpg client. A transaction that could not begin (connection lost, task cancelled) gives its connection
back to the pool: Tortoise keeps it, and after ten of them everybody waits for ever."""

from typing import Any

from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    ConnectionWrapper,
    PoolConnectionWrapper,
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.connection import get_connections

from evgraph.models.reads import note_anything


class EVGraphAsyncpgClient(AsyncpgDBClient):
    def acquire_connection(self) -> ConnectionWrapper[Any] | PoolConnectionWrapper[Any]:
        note_anything()
        return super().acquire_connection()

    def _in_transaction(self) -> TransactionContext:
        note_anything()
        return _TransactionContext(TransactionWrapper(self), self._pool_init_lock)


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
            await pool.release(self.client._connection)
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client


client_class = EVGraphAsyncpgClient

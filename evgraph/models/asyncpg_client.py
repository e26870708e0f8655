"""Tortoise's asyncpg client. A transaction that could not begin (connection lost, task cancelled) gives its connection
back to the pool: Tortoise keeps it, and after ten of them everybody waits for ever. One that is cancelled at its end
ends first. A connection that goes back to the pool is not reset.

Nothing here waits for longer than `timeout_s` for one thing: a connection, a statement, a commit. The server is told
the same (a statement, a lock, a transaction in which nobody says anything), and is first where it is still there: then
the connection is good. Where we are first, the connection may be half open, and so may be all others: none of them is
used again, and the server is told to end their sessions: one that waits for the rest of a statement that was lost on
its way is within no limit of PostgreSQL's, and holds the rows that it has taken for ever. Only errors of `failures`
come out of it.
"""

import asyncio
import socket
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

import asyncpg  # type: ignore[import-untyped]
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    BaseDBAsyncClient,
    ConnectionWrapper,
    NestedTransactionContext,
    PoolConnectionWrapper,
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.connection import get_connections
from tortoise.exceptions import BaseORMException, TransactionManagementError

from evgraph.models.failures import translated
from evgraph.models.reads import note_anything

T = TypeVar("T")

# The server is told of half a second less, so that it is first.
_HEAD_START_S = 0.5
_KEEPALIVE_IDLE_S = 15
_KEEPALIVE_EVERY_S = 5
_KEEPALIVES = 3
_REAPED_AFTER_S = 0.1
_REAPED_AGAIN_S = 1.0
_REAP = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid = ANY($1::INT[]) AND usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()
AND backend_start < now() - make_interval(secs => $2)
"""


def limits(timeout_s: float) -> dict[str, Any]:
    """asyncpg's settings of a pool whose every step takes so many seconds at the most."""
    server_ms = str(max(int((timeout_s - _HEAD_START_S) * 1000), 100))
    return {
        "timeout": timeout_s,
        "command_timeout": timeout_s,
        "init": _keep_alive(timeout_s),
        "server_settings": {
            "statement_timeout": server_ms,
            "lock_timeout": server_ms,
            # Two steps of ours may lie between two statements.
            "idle_in_transaction_session_timeout": str(int(timeout_s * 2000)),
            "tcp_keepalives_idle": str(_KEEPALIVE_IDLE_S),
            "tcp_keepalives_interval": str(_KEEPALIVE_EVERY_S),
            "tcp_keepalives_count": str(_KEEPALIVES),
        },
    }


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    __slots__ = ()

    def get_reset_query(self) -> str:
        """Nothing: it would be a trip to the database for each statement, and no session of ours is left with a
        setting, a lock, a cursor or a channel. A transaction that is still open is rolled back all the same."""
        return ""


class _Translating(AsyncpgDBClient):
    async def _translate_exceptions(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        """Around every statement that Tortoise makes."""
        try:
            return await func(self, *args, **kwargs)
        except Exception as failure:
            _raise(failure)


class EVGraphAsyncpgClient(_Translating):
    connection_class = _Connection

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The sessions of connections that were given up, by the server's process ids.
        self._given_up: dict[int, float] = {}
        self._reaper: asyncio.Task[None] | None = None

    async def close(self) -> None:
        if self._reaper is not None:
            self._reaper.cancel()
            await asyncio.gather(self._reaper, return_exceptions=True)
        await super().close()

    @property
    def timeout_s(self) -> float | None:
        """Null: no limit."""
        return self.extra.get("command_timeout")

    def acquire_connection(self) -> ConnectionWrapper[Any] | PoolConnectionWrapper[Any]:
        note_anything()
        return _PoolConnection(self, self._pool_init_lock)

    def _in_transaction(self) -> TransactionContext:
        note_anything()
        return _TransactionContext(_Transaction(self), self._pool_init_lock)

    async def run(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows of a statement that is a transaction by itself. Who is cancelled meanwhile waits for its end all the
        same."""
        return await _to_its_end(rows_of(self, statement, parameters))

    async def give_back(self, connection: Any, failure: BaseException | None) -> None:
        """To the pool; what has given no answer in time is closed, and with it all that were opened before. That this
        fails is nobody's failure: what was to be done is done, or has failed already."""
        pool = self._pool
        if pool is None:
            return
        try:
            if isinstance(failure, TimeoutError):
                await self._distrust(connection, pool)
            await pool.release(connection, timeout=self.timeout_s)
        except Exception as broken:
            self.log.debug("a connection was closed instead of given back: %r", broken)
            if isinstance(broken, TimeoutError):
                await self._distrust(connection, pool)
            else:
                _terminate(connection)

    async def _distrust(self, connection: Any, pool: Any) -> None:
        """The idle ones are closed now: asyncpg would say goodbye to each first. Those at work, when they come back."""
        with suppress(asyncpg.InterfaceError):
            self._give_up(connection.get_server_pid())
        _terminate(connection)
        for holder in pool._holders:
            if holder.is_connected() and holder.is_idle():
                self._give_up(holder._con.get_server_pid())
                holder.terminate()
        await pool.expire_connections()
        if self._given_up and (self._reaper is None or self._reaper.done()):
            self._reaper = asyncio.create_task(self._reap())

    def _give_up(self, pid: int) -> None:
        self._given_up[pid] = asyncio.get_running_loop().time()

    async def _reap(self) -> None:
        """Ends the sessions that were given up, as soon as there is a way to the server."""
        await asyncio.sleep(_REAPED_AFTER_S)
        while self._given_up and self._pool is not None:
            given_up = list(self._given_up)
            # A process id may be another session's by now: one that began since is left alone.
            for_s = asyncio.get_running_loop().time() - max(self._given_up.values())
            try:
                await rows_of(self, _REAP, [given_up, for_s])
            except BaseORMException as failure:
                self.log.debug("sessions were not ended yet: %r", failure)
                await asyncio.sleep(_REAPED_AGAIN_S)
            else:
                for pid in given_up:
                    self._given_up.pop(pid, None)


class _PoolConnection(PoolConnectionWrapper[Any]):
    __slots__ = ()

    async def __aenter__(self) -> Any:
        await self.ensure_connection()
        self.connection = await self.client._pool.acquire(timeout=self.client.timeout_s)  # type: ignore[attr-defined]
        return self.connection

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        await self.client.give_back(self.connection, exc_val)  # type: ignore[attr-defined]


class _Transaction(_Translating, TransactionWrapper):
    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(_Transaction(self))


class _TransactionContext(TransactionContextPooled):
    client: TransactionWrapper

    async def __aenter__(self) -> TransactionalDBClient:
        parent = self._parent
        try:
            await self.ensure_connection()
            assert parent._pool is not None
            self.client._connection = await parent._pool.acquire(timeout=parent.timeout_s)
        except Exception as failure:
            _raise(failure)
        try:
            await self.client.begin()
        except BaseException as failure:
            # Whether it began nobody knows: a connection that goes back within a transaction is an error in the log.
            _terminate(self.client._connection)
            await parent.give_back(self.client._connection, failure.__cause__)
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        """Who is cancelled meanwhile waits for its end all the same."""
        try:
            await _to_its_end(self._end(exc_type, exc_val))
        finally:
            get_connections().reset(self.token)

    @property
    def _parent(self) -> EVGraphAsyncpgClient:
        return self.client._parent  # type: ignore[return-value]

    async def _end(self, exc_type: Any, exc_val: BaseException | None) -> None:
        parent, connection = self._parent, self.client._connection
        failure = exc_val.__cause__ if isinstance(exc_val, BaseORMException) else None
        try:
            if self.client._finalized or isinstance(failure, TimeoutError):
                return
            # asyncpg waits for the end of a statement that was cancelled before it says anything else.
            async with asyncio.timeout(parent.timeout_s):
                # One that failed already cannot be rolled back.
                if exc_type is None:
                    await self.client.commit()
                elif exc_type is not TransactionManagementError:
                    await self.client.rollback()
        except Exception as last:
            _terminate(connection)
            if exc_type is None or isinstance(last, TimeoutError):
                failure = last
            # What failed first is what is told.
            if exc_type is None:
                _raise(last)
        finally:
            await parent.give_back(connection, failure)


async def rows_of(client: BaseDBAsyncClient, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """In as few steps as there can be: Tortoise's own take half as long as a small statement."""
    try:
        async with client.acquire_connection() as connection:
            client.log.debug("%s: %s", statement, parameters)
            return [tuple(row) for row in await connection.fetch(statement, *parameters)]
    except Exception as failure:
        _raise(failure)


def _terminate(connection: Any) -> None:
    # One that is lost has left the pool by itself.
    with suppress(asyncpg.InterfaceError):
        connection.terminate()


def _raise(failure: Exception) -> NoReturn:
    told = translated(failure)
    if told is failure:
        raise failure
    raise told from failure


def _keep_alive(timeout_s: float) -> Any:
    async def init(connection: Any) -> None:
        """A peer that is gone without a word is found out also where nothing is said."""
        raw = connection._transport.get_extra_info("socket")
        if raw is None or raw.family not in (socket.AF_INET, socket.AF_INET6):
            return
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # What there is of them on this system.
        for name, value in (
            ("TCP_KEEPIDLE", _KEEPALIVE_IDLE_S),
            ("TCP_KEEPINTVL", _KEEPALIVE_EVERY_S),
            ("TCP_KEEPCNT", _KEEPALIVES),
            # Later than we give up by ourselves.
            ("TCP_USER_TIMEOUT", int(timeout_s * 2000)),
        ):
            if hasattr(socket, name):
                raw.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    return init


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    working = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.gather(working, return_exceptions=True)
        raise


client_class = EVGraphAsyncpgClient

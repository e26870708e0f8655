"""Servers with chargers plugged in: EVGraph, the plain way, the limit."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from benchmarks import crowd, house, limits, plain
from benchmarks.charger import Charger
from benchmarks.databases import Database, Postgres, Sqlite
from benchmarks.process import Cores, Server, running

UVICORN = ("--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--loop", "uvloop", "--no-access-log")
T = TypeVar("T")
# So many at once come through the door.
_TOGETHER = 32


@dataclass(frozen=True)
class Machine:
    """Where servers run, and write what they have to say."""

    cores: Cores
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "servers.log"

    def last_words(self) -> str:
        return self.log.read_text()[-2000:] if self.log.exists() else ""


@dataclass(frozen=True, kw_only=True)
class Contender:
    """`registers` never tells the same one twice. `token` and `garage_id` are for those who watch, where one can."""

    server: Server
    chargers: list[Charger]
    database: Database | None = None
    token: str = ""
    garage_id: str = ""
    registers: "Iterator[int]" = field(default_factory=lambda: itertools.count(1))

    async def count(self) -> int | None:
        """How many readings were answered; null where none is kept. Raises RuntimeError when one of them is not in the
        database."""
        if self.database is None:
            return None
        answered = sum(charger.readings_answered for charger in self.chargers)
        found = await self.database.count()
        if found != answered:
            raise RuntimeError(f"{answered} readings were answered, and {found} are in the database.")
        return answered


@asynccontextmanager
async def limit(machine: Machine, database: Database | None, charge_points: int) -> AsyncIterator[Contender]:
    where = str(database.file) if isinstance(database, Sqlite) else database.url if database is not None else ""
    async with _with_chargers("benchmarks.limits:app", machine, {limits.DATABASE: where}, charge_points) as served:
        yield Contender(server=served[0], chargers=served[1], database=database)


@asynccontextmanager
async def plain_way(machine: Machine, database: Sqlite, charge_points: int) -> AsyncIterator[Contender]:
    environment = {plain.DATABASE: str(database.file)}
    async with _with_chargers("benchmarks.plain:app", machine, environment, charge_points) as served:
        yield Contender(server=served[0], chargers=served[1], database=database)


@asynccontextmanager
async def _with_chargers(
    app: str, machine: Machine, environment: Mapping[str, str], charge_points: int
) -> AsyncIterator[tuple[Server, list[Charger]]]:
    async with running(
        "uvicorn", app, *UVICORN, core=machine.cores.server, log=machine.log, environment=environment
    ) as server:
        chargers = [Charger() for _ in range(charge_points)]
        for number, charger in enumerate(chargers, 1):
            await charger.plug_in(server.port, f"AX48-{number}")
        yield server, chargers


@asynccontextmanager
async def uvicorn(machine: Machine, app: str, environment: Mapping[str, str]) -> AsyncIterator[Server]:
    async with running(
        "uvicorn",
        app,
        *UVICORN,
        core=machine.cores.server,
        log=machine.log,
        environment=environment,
        is_fed=True,
    ) as server:
        yield server


@asynccontextmanager
async def evgraph(
    machine: Machine,
    database: Sqlite | Postgres,
    charge_points: int,
    *,
    environment: Mapping[str, str] | None = None,
    is_charging: bool = True,
) -> AsyncIterator[Contender]:
    """`is_charging`: every charge point has begun a transaction, over its socket."""
    keys = await house.fill_in_a_process(database.url, charge_points)
    async with _serving(machine, database, environment) as server:
        token, garage_id = await house.sign_in(server.port)
        chargers = [Charger() for _ in keys]

        async def come(charger: Charger, identity: str, key: str) -> None:
            await charger.plug_in(server.port, identity, key)
            if is_charging:
                await charger.begin()

        await _all(come(charger, *pair) for charger, pair in zip(chargers, keys.items(), strict=True))
        yield Contender(server=server, chargers=chargers, database=database, token=token, garage_id=garage_id)


@asynccontextmanager
async def crowded(
    machine: Machine, database: Sqlite | Postgres, charge_points: int, garages: int
) -> AsyncIterator[tuple[Contender, Charger]]:
    """Charge points that have been charging for a while; the first of each `garages` is in the garage that is watched.
    And one that rests there. Every frame is kept."""
    charging, resting = await crowd.fill_in_a_process(database.url, charge_points, garages)
    # They are back, and nothing needs to be asked of them (B5) while others are measured.
    async with _serving(machine, database, {"EVGRAPH_BOOT_WAIT_S": "86400"}) as server:
        token, garage_id = await house.sign_in(server.port)

        async def come(identity: str, key: str, transaction_id: int) -> Charger:
            charger = Charger()
            charger.transaction_id = transaction_id
            await charger.plug_in(server.port, identity, key)
            return charger

        chargers = await _all(come(*one) for one in charging)
        idle = await come(*resting, 0)
        await idle.boot()
        yield (
            Contender(server=server, chargers=chargers, database=database, token=token, garage_id=garage_id),
            idle,
        )


@asynccontextmanager
async def _serving(
    machine: Machine, database: Sqlite | Postgres, environment: Mapping[str, str] | None
) -> AsyncIterator[Server]:
    # Registers rise as fast as they are sent: M5 has each judged, and none refused.
    settings = {
        "EVGRAPH_DATABASE_URL": database.url,
        "EVGRAPH_LOG_LEVEL": "warning",
        "EVGRAPH_SIMULATED_SPEED": "1000000",
        **(environment or {}),
    }
    async with running("evgraph", "serve", core=machine.cores.server, log=machine.log, environment=settings) as server:
        yield server


async def entered(opened: AsyncExitStack, contexts: Mapping[str, AbstractAsyncContextManager[T]]) -> dict[str, T]:
    """All at once: while one is filled, another starts."""
    async with asyncio.TaskGroup() as group:
        tasks = {
            name: group.create_task(opened.enter_async_context(context), name=name)
            for name, context in contexts.items()
        }
    return {name: task.result() for name, task in tasks.items()}


async def _all(coming: Iterable[Awaitable[T]]) -> list[T]:
    """In their order; a few at once come through the door."""
    door = asyncio.Semaphore(_TOGETHER)

    async def one(who: Awaitable[T]) -> T:
        async with door:
            return await who

    return await asyncio.gather(*(one(who) for who in coming))

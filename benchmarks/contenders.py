"""What is compared: EVGraph on two databases, the plain way, the limit; each a server with chargers plugged in."""

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import house, plain
from benchmarks.charger import Charger
from benchmarks.databases import Database, Postgres, Sqlite, postgres
from benchmarks.process import Cores, Server, running

CHARGE_POINTS = 50
ECHO, SQLITE, POSTGRES, PLAIN = "echo (limit)", "EVGraph, SQLite", "EVGraph, PostgreSQL", "plain way, SQLite"
_UVICORN = ("--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--loop", "uvloop", "--no-access-log")


@dataclass(frozen=True, kw_only=True)
class Contender:
    """`registers` never tells the same one twice. `token` and `garage_id` are for those who watch, where one can."""

    server: Server
    chargers: list[Charger]
    database: Database | None = None
    token: str = ""
    garage_id: str = ""
    registers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

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
async def contenders(folder: Path, cores: Cores) -> AsyncIterator[dict[str, Contender]]:
    """All at once, so that they can take turns: one that nobody asks takes next to no time. PostgreSQL is left out
    where it is not installed."""
    log = folder / "servers.log"
    async with AsyncExitStack() as opened:
        made = {
            ECHO: await opened.enter_async_context(_echo(cores, log)),
            SQLITE: await opened.enter_async_context(_evgraph(Sqlite(folder / "evgraph.sqlite3"), cores, log)),
        }
        database = opened.enter_context(postgres(folder))
        if database is not None:
            made[POSTGRES] = await opened.enter_async_context(_evgraph(database, cores, log))
        made[PLAIN] = await opened.enter_async_context(_plain(Sqlite(folder / "plain.sqlite3", "reading"), cores, log))
        yield made


@asynccontextmanager
async def _echo(cores: Cores, log: Path) -> AsyncIterator[Contender]:
    async with running("uvicorn", "benchmarks.echo:app", *_UVICORN, core=cores.server, log=log) as server:
        chargers = [Charger(is_echoed=True) for _ in range(CHARGE_POINTS)]
        yield Contender(server=server, chargers=await _plugged_in(chargers, server))


@asynccontextmanager
async def _plain(database: Sqlite, cores: Cores, log: Path) -> AsyncIterator[Contender]:
    environment = {plain.DATABASE: str(database.file)}
    async with running(
        "uvicorn", "benchmarks.plain:app", *_UVICORN, core=cores.server, log=log, environment=environment
    ) as server:
        chargers = [Charger() for _ in range(CHARGE_POINTS)]
        yield Contender(server=server, chargers=await _plugged_in(chargers, server), database=database)


@asynccontextmanager
async def _evgraph(database: Sqlite | Postgres, cores: Cores, log: Path) -> AsyncIterator[Contender]:
    keys = await house.fill_in_a_process(database.url, CHARGE_POINTS)
    # Registers rise as fast as they are sent: M5 has each judged, and none refused.
    environment = {
        "EVGRAPH_DATABASE_URL": database.url,
        "EVGRAPH_LOG_LEVEL": "warning",
        "EVGRAPH_SIMULATED_SPEED": "1000000",
    }
    async with running("evgraph", "serve", core=cores.server, log=log, environment=environment) as server:
        token, garage_id = await house.sign_in(server.port)
        chargers = []
        for identity, key in keys.items():
            charger = Charger()
            await charger.plug_in(server.port, identity, key)
            await charger.begin()
            chargers.append(charger)
        yield Contender(server=server, chargers=chargers, database=database, token=token, garage_id=garage_id)


async def _plugged_in(chargers: list[Charger], server: Server) -> list[Charger]:
    for number, charger in enumerate(chargers, 1):
        await charger.plug_in(server.port, f"AX48-{number}")
    return chargers

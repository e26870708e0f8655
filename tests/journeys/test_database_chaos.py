"""X1, B7: while vehicles charge, the network to the database breaks in each way, or the disk fills up; or the clocks of
the server and of the chargers step. In the end billed Wh equals metered Wh, the bills follow from the frames, and
nothing is stuck; /readyz tells of what lasts, and of nothing else."""

import asyncio
import resource
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evgraph.domain.people import Role
from tests.conftest import POSTGRES
from tests.journeys.fleet import add_fleet, serving_vehicles
from tests.journeys.garage import Garage
from tests.journeys.ready import Watch, watching
from tests.journeys.serving import clock_file, serve_by_a_stepping_clock
from tests.tcp_proxy import TcpProxy, proxied

CHARGERS = 6
# By how much the server's clock is ahead, one after the other.
STEPS_MIN = (60, 0, -60, 0, 1440, 2)
MOST_BEHIND_MIN = 600
TROUBLE_S = 2.5
# As long as nothing waits for it: a machine that runs these tests may be busy.
DATABASE_TIMEOUT_S = 1
NETWORK = ("cut", "half_open", "stall", "refuse", "cut", "half_open")

Trouble = Callable[[Watch], Awaitable[None]]


@pytest.mark.slow
async def test_x1_whatever_becomes_of_the_database_every_watt_hour_is_billed_once(open_garage, database_url):
    keys = await add_fleet(database_url, CHARGERS)
    # The one that is opened, once it is.
    known: list[Garage] = []
    async with AsyncExitStack() as stack:
        troubles, settings = await _troubles(stack, known, database_url)
        opened = open_garage(provokes_errors=True, start_window_s=4, upkeep_every_s=0.2, **settings)
        garage: Garage = await stack.enter_async_context(opened)
        known.append(garage)
        garage.keys.update(keys)
        operator = await garage.sign_in(Role.OPERATOR)
        await operator.set_rate("PER_KWH", "25")
        chargers = [garage.charger(identity, speed=60, sample_interval=15, call_timeout=3) for identity in keys]
        async with (
            serving_vehicles(operator, chargers) as (_, random),
            watching(garage.server.address) as watch,
        ):
            await asyncio.sleep(2)
            for trouble in troubles:
                await watch.until(200)
                await trouble(watch)
                await asyncio.sleep(random.uniform(0.2, 1))
        async with watching(garage.server.address) as watch:
            await watch.until(200)
        for charger in chargers:
            await charger.stop()


class SteppingClock:
    """A charger's, which somebody sets."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.mark.slow
async def test_x1_b7_whatever_the_clocks_say_every_watt_hour_is_billed_once(open_garage, database_url):
    keys = await add_fleet(database_url, CHARGERS)
    opened = open_garage(serve=serve_by_a_stepping_clock, start_window_s=4, upkeep_every_s=0.2)
    async with opened as garage:
        garage.keys.update(keys)
        operator = await garage.sign_in(Role.OPERATOR)
        # In force at whatever the clocks say.
        clock_file(str(garage.server.log)).write_text(str(-MOST_BEHIND_MIN * 60))
        await operator.set_rate("PER_KWH", "25")
        clock_file(str(garage.server.log)).unlink()
        clocks = {identity: SteppingClock() for identity in keys}
        chargers = [
            garage.charger(identity, speed=60, sample_interval=15, call_timeout=3, clock=clock)
            for identity, clock in clocks.items()
        ]
        async with (
            serving_vehicles(operator, chargers, may_be_corrected=True) as (_, random),
            watching(garage.server.address) as watch,
        ):
            await asyncio.sleep(2)
            for minutes in STEPS_MIN:
                # Half of the chargers follow the server, as over NTP; one has a mind of its own.
                clock_file(str(garage.server.log)).write_text(str(minutes * 60))
                for clock in list(clocks.values())[: CHARGERS // 2]:
                    clock.ahead = timedelta(minutes=minutes)
                list(clocks.values())[-1].ahead = timedelta(minutes=random.choice((-480, -30, 0, 3, 60)))
                await asyncio.sleep(random.uniform(1.5, 2.5))
                await watch.until(200)
        for charger in chargers:
            await charger.stop()


async def _troubles(
    stack: AsyncExitStack, garage: list[Garage], database_url: str
) -> tuple[list[Trouble], dict[str, object]]:
    """What happens one after the other, and the settings of a server that it happens to."""
    if not POSTGRES:
        file = Path(database_url.removeprefix("sqlite://"))
        troubles = [_lock(file), _fill(file, garage), _lock(file), _fill(file, garage)]
        return troubles, {"database_url": f"{database_url}?busy_timeout=100"}
    proxy, url = await stack.enter_async_context(proxied(database_url))
    return [_break(proxy, how) for how in NETWORK], {
        "database_url": url,
        "database_timeout_s": DATABASE_TIMEOUT_S,
    }


def _break(proxy: TcpProxy, how: str) -> Trouble:
    async def trouble(watch: Watch) -> None:
        getattr(proxy, how)()
        if how in ("stall", "refuse"):
            assert "write" in await watch.until(503)
            await asyncio.sleep(TROUBLE_S)
        proxy.flow()

    return trouble


def _lock(file: Path) -> Trouble:
    async def trouble(watch: Watch) -> None:
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            assert "write" in await watch.until(503)
            await asyncio.sleep(TROUBLE_S)
            other.execute("ROLLBACK")

    return trouble


def _fill(file: Path, garage: list[Garage]) -> Trouble:
    """No file of the server grows any more."""

    async def trouble(watch: Watch) -> None:
        pid = garage[0].server.pid
        usual = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        full = file.with_name(f"{file.name}-wal").stat().st_size
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (full, usual[1]))
        assert "write" in await watch.until(503)
        await asyncio.sleep(TROUBLE_S)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, usual)

    return trouble

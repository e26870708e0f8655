"""The house while its database is out of reach, and after: nothing that lives long has ended, what had to be written is
written, and readiness is right at each moment."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError

from evgraph.bus import EventBus
from evgraph.domain.charge_point import FrameDirection, FrameKind
from evgraph.domain.energy import Reading
from evgraph.models import ChargePointRow, ConnectionRow, FrameRow, database
from evgraph.models.failures import DatabaseFull, DatabaseUnavailable
from evgraph.services import readiness
from evgraph.services.house import Services, open_house
from evgraph.services.readiness import Readiness
from evgraph.services.together import Together
from tests.conftest import POSTGRES, execute, named
from tests.patience import PATIENCE_S
from tests.services.conftest import UNHURRIED, Garage, ObedientChargers, TurnedClock

only_on_sqlite = pytest.mark.skipif(POSTGRES, reason="SQLite's pages")


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "PROBE_EVERY_S", 0.0)
    monkeypatch.setattr(readiness, "PROBE_WAIT_S", 0.5)


@pytest.fixture
async def house(database_url: str, clock: TurnedClock, chargers: ObedientChargers) -> AsyncIterator[Services]:
    """With all tasks that the app has it start."""
    await database.open_database(database_url if POSTGRES else f"{database_url}?busy_timeout=50")
    services = open_house(bus=EventBus(), clock=clock, gateway=chargers, simulated_speed=UNHURRIED)
    services.start()
    try:
        yield services
    finally:
        await services.close()
        await services.supervisor.stop()
        await database.close_database()


@asynccontextmanager
async def gone(database_url: str) -> AsyncIterator[None]:
    """SQLite: locked by another program. PostgreSQL: gone, with every connection to it."""
    if not POSTGRES:
        with closing(sqlite3.connect(database_url.removeprefix("sqlite://"), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.execute("ROLLBACK")
        return
    elsewhere, name = named(database_url, "postgres"), database_url.partition("?")[0].rpartition("/")[2]
    await execute(elsewhere, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    await execute(elsewhere, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    try:
        yield
    finally:
        await execute(elsewhere, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


async def _failing(garage: Garage) -> dict[str, str]:
    return {check.name: check.why for check in await garage.house.readiness.checks() if check.why is not None}


async def _until(holds: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await holds():  # noqa: ASYNC110 - a database tells no event
            await asyncio.sleep(0.02)


async def _is_ready(garage: Garage) -> bool:
    return await _failing(garage) == {}


def _add_frame(garage: Garage, text: str) -> None:
    garage.house.frames.add(
        garage.id,
        garage.charge_point_id,
        garage.clock.now(),
        FrameDirection.RECEIVED,
        FrameKind.CALL,
        "m1",
        "Heartbeat",
        text,
    )


# 9: long-lived tasks outlive what their database does.


async def test_c10_the_frame_log_goes_on_after_its_connections_were_cut(garage: Garage, database_url: str) -> None:
    _add_frame(garage, "[1]")
    await _until(lambda: FrameRow.filter(frame="[1]").exists())
    async with gone(database_url):
        _add_frame(garage, "[2]")
        await asyncio.sleep(1.5)
        assert garage.house.frames.count == 1
    _add_frame(garage, "[3]")
    await _until(lambda: FrameRow.filter(frame="[3]").exists())
    assert [row.frame for row in await FrameRow.all().order_by("id")] == ["[1]", "[2]", "[3]"]
    assert garage.house.supervisor.down == {}


@pytest.mark.skipif(not POSTGRES, reason="PostgreSQL's connections")
async def test_one_cut_connection_ends_none_of_the_tasks(garage: Garage, database_url: str) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    for _ in range(10):
        _add_frame(garage, "[1]")
        other = await asyncpg.connect(named(database_url, "postgres"))
        try:
            await other.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        finally:
            await other.close()
        await asyncio.sleep(0.1)
    assert garage.house.supervisor.down == {}
    await _until(lambda: _is_ready(garage))


async def test_readings_are_saved_again_after_their_task_ended(garage: Garage) -> None:
    house = garage.house
    session = await garage.start(await garage.check_in())
    answer = await garage.begin(session)

    def fails(*_: object) -> None:
        house.metering._save_each = saves  # type: ignore[method-assign]
        raise asyncio.CancelledError

    saves, house.metering._save_each = house.metering._save_each, fails  # type: ignore[assignment, method-assign]
    with pytest.raises(asyncio.CancelledError):
        await garage.meter(answer.transaction_id, 1500)
    await asyncio.wait_for(garage.meter(answer.transaction_id, 1500), PATIENCE_S)
    assert (await garage.session(session.id)).energy_wh == 500


async def test_one_part_of_upkeep_that_fails_keeps_no_other_from_its_turn(garage: Garage) -> None:
    upkeep = garage.house.upkeep
    seen = asyncio.Event()

    async def fails() -> None:
        raise KeyError("a bug")

    async def looks() -> None:
        seen.set()

    upkeep._every_s = 0.01
    upkeep._parts = {"starts": fails, "local lists": looks}
    await asyncio.wait_for(seen.wait(), PATIENCE_S)
    assert upkeep.failing(0) == ["starts"]
    assert garage.house.supervisor.down == {}


# 11: who comes and goes meanwhile.


async def test_c4_a_charger_that_leaves_while_the_database_is_gone_is_offline_once_it_is_back(
    garage: Garage, database_url: str
) -> None:
    house, id_ = garage.house, garage.charge_point_id
    await house.charge_points.connected(id_)
    connection = await house.connections.opened(id_, remote="10.0.0.7", subprotocol="ocpp1.6", security_profile=1)
    async with gone(database_url):
        leaving = [
            asyncio.create_task(house.charge_points.disconnected(id_)),
            asyncio.create_task(house.connections.closed(connection, code=1006, reason="It broke off.")),
        ]
        # Longer than three attempts take.
        await asyncio.sleep(3.5)
        assert not any(task.done() for task in leaving)
    await asyncio.wait_for(asyncio.gather(*leaving), PATIENCE_S)
    assert not (await ChargePointRow.get(id=id_)).is_online
    assert (await ConnectionRow.get(id=connection)).close_reason == "It broke off."


async def test_c4_one_that_leaves_and_comes_back_meanwhile_is_online_in_the_end(
    garage: Garage, database_url: str
) -> None:
    house, id_ = garage.house, garage.charge_point_id
    await house.charge_points.connected(id_)
    async with gone(database_url):
        leaving = asyncio.create_task(house.charge_points.disconnected(id_))
        await asyncio.sleep(0.2)
        with pytest.raises(DatabaseUnavailable):
            await asyncio.wait_for(house.charge_points.connected(id_), PATIENCE_S)
    await house.charge_points.connected(id_)
    await leaving
    assert (await ChargePointRow.get(id=id_)).is_online


class Saves:
    def __init__(self) -> None:
        self.saved: list[int] = []
        self.fails: Exception | None = DatabaseUnavailable("gone")

    async def __call__(self, numbers: Any) -> list[None]:
        if self.fails is not None:
            raise self.fails
        if -1 in numbers:
            raise IntegrityError("no such thing")
        self.saved += numbers
        return [None] * len(numbers)


async def test_what_must_be_done_is_tried_until_it_is_before_all_that_came_later() -> None:
    saves = Saves()
    together = Together(saves, again_s=0.02)
    must = [asyncio.create_task(together.insist(number)) for number in (1, -1, 2)]
    await asyncio.sleep(0)
    with pytest.raises(DatabaseUnavailable):
        await together.add(3)
    must.append(asyncio.create_task(together.insist(4)))
    await asyncio.sleep(0.1)
    assert not any(one.done() for one in must)
    saves.fails = None
    assert await asyncio.gather(*must, return_exceptions=True) != []
    await together.add(5)
    assert saves.saved == [1, 2, 4, 5]
    assert isinstance(must[1].exception(), IntegrityError)


async def test_what_must_be_done_is_done_though_its_caller_went() -> None:
    saves = Saves()
    together = Together(saves, again_s=0.02)
    caller = asyncio.create_task(together.insist(1))
    await asyncio.sleep(0.05)
    caller.cancel()
    saves.fails = None
    await together.insist(2)
    assert saves.saved == [1, 2]


async def test_who_closes_does_not_wait_for_a_database_that_stays_away() -> None:
    together = Together(Saves(), again_s=0.02)
    must = asyncio.create_task(together.insist(1))
    await asyncio.sleep(0.05)
    await asyncio.wait_for(together.close(), PATIENCE_S)
    assert isinstance(must.exception(), DatabaseUnavailable)


# 12: readiness.


async def test_the_house_is_ready_from_the_first_moment(garage: Garage) -> None:
    assert [(check.name, check.why) for check in await garage.house.readiness.checks()] == [
        ("database", None),
        ("read", None),
        ("write", None),
        ("readings", None),
        ("frames", None),
        ("upkeep", None),
        ("tasks", None),
    ]


async def test_it_is_not_ready_while_the_database_is_gone_and_is_once_it_is_back(
    garage: Garage, database_url: str
) -> None:
    async with gone(database_url):
        await _until(lambda: _fails(garage, "write"))
        assert "write" in await _failing(garage)
    await _until(lambda: _is_ready(garage))


@only_on_sqlite
@pytest.mark.parametrize("beside", ["", "-wal", "-shm"], ids=["the database", "its WAL", "its index of the WAL"])
@pytest.mark.parametrize("how", ["moved", "deleted", "replaced"])
async def test_it_is_not_ready_once_a_file_of_its_database_is_another(
    garage: Garage, database_url: str, beside: str, how: str
) -> None:
    """SQLite itself says nothing, and goes on with a file that nobody finds again."""
    assert await _failing(garage) == {}
    file = Path(database_url.removeprefix("sqlite://") + beside)
    kept = file.with_name("kept")
    os.rename(file, kept)
    if how == "replaced":
        shutil.copy(kept, file)
    if how == "deleted":
        os.unlink(kept)
    why = f"The file {file.name} was moved, deleted, or replaced: what is saved now goes where nobody finds it."
    assert await _failing(garage) == {"database": why}
    if how == "moved":
        os.rename(kept, file)
        assert await _failing(garage) == {}


@pytest.mark.parametrize(
    ("change", "back", "words"),
    [
        (
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('evgraph', '9999_later', '2026-11-30')",
            "DELETE FROM tortoise_migrations WHERE name = '9999_later'",
            "newer than this program: it has 9999_later.",
        ),
        (
            f"UPDATE tortoise_migrations SET app = 'x' WHERE name = '{database.migration_names()[-1]}'",
            "UPDATE tortoise_migrations SET app = 'evgraph' WHERE app = 'x'",
            f"lacks {database.migration_names()[-1]}: it is older than this program.",
        ),
    ],
    ids=["newer", "older"],
)
async def test_it_is_not_ready_while_its_database_is_of_another_version(
    garage: Garage, change: str, back: str, words: str
) -> None:
    """Somebody ran `evgraph migrate` beside it."""
    writer = get_connection(database.WRITER)
    await writer.execute_query(change)
    assert await _failing(garage) == {
        "database": f"The database is {words}" if "newer" in words else f"The database {words}"
    }
    await writer.execute_query(back)
    assert await _failing(garage) == {}


async def _fails(garage: Garage, name: str) -> bool:
    return name in await _failing(garage)


@only_on_sqlite
async def test_it_is_not_ready_on_a_full_disk_and_is_once_there_is_room(garage: Garage) -> None:
    session = await garage.start(await garage.check_in())
    answer = await garage.begin(session)
    writer = get_connection(database.WRITER)
    _, ((pages,),) = await writer.execute_query("PRAGMA page_count")
    await writer.execute_query(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseFull):
        await _meter_until_it_fails(garage, answer.transaction_id)
    # A small write may still find room: readings do not.
    for _ in range(5):
        assert await _failing(garage) == {"write": "The disk of the database is full."}
        await asyncio.sleep(0.05)
    await writer.execute_query("PRAGMA max_page_count = 1000000")
    await _meter(garage, answer.transaction_id, 20_000)
    assert await _failing(garage) == {}


async def _meter_until_it_fails(garage: Garage, transaction_id: int) -> None:
    """It fits until the last page is full."""
    for number in range(1, 10_000):
        await _meter(garage, transaction_id, number)


async def _meter(garage: Garage, transaction_id: int, register: int) -> None:
    garage.clock.turn(seconds=15)
    await garage.house.metering.record(
        garage.charge_point_id,
        connector_id=1,
        transaction_id=transaction_id,
        readings=[Reading(at=garage.clock.now(), register_wh=register, power_w=9800)],
        raw="[a frame]",
    )


async def test_it_is_not_ready_while_readings_hang(garage: Garage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "OLDEST_READING_S", 0.1)
    metering = garage.house.metering
    may_save = asyncio.Event()
    saves = metering._save_each

    async def hangs(batch: Any) -> None:
        await may_save.wait()
        await saves(batch)

    metering._save_each = hangs  # type: ignore[method-assign]
    saying = [asyncio.create_task(_meter(garage, None, number)) for number in (1, 2)]  # type: ignore[arg-type]
    await asyncio.sleep(0.3)
    assert list(await _failing(garage)) == ["readings"]
    may_save.set()
    await asyncio.gather(*saying)
    assert await _failing(garage) == {}


async def test_it_is_not_ready_while_frames_are_not_written(garage: Garage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "OLDEST_FRAME_S", 0.2)
    garage.house.frame_writer._caught_up_at = asyncio.get_running_loop().time() - 1
    assert list(await _failing(garage)) == ["frames"]
    await garage.house.frame_writer.write()
    assert await _failing(garage) == {}


async def test_it_is_not_ready_while_a_task_is_down_and_is_once_it_runs_again(garage: Garage) -> None:
    house = garage.house

    async def fails() -> None:
        raise KeyError("a bug")

    house.supervisor.start("another", fails)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await _failing(garage) == {"tasks": "another: It failed (KeyError)."}


async def test_a_probe_that_hangs_is_not_joined_by_another_however_often_one_asks(garage: Garage) -> None:
    asked = 0
    answers = asyncio.Event()

    async def hangs() -> None:
        nonlocal asked
        asked += 1
        await answers.wait()

    house = garage.house
    ready = Readiness(house.readiness._writes, house.metering, house.frame_writer, house.upkeep, house.supervisor)
    ready._write = ready._read = readiness._Probe(hangs)
    house.readiness._writes.saved_at = None
    began = asyncio.get_running_loop().time()
    for _ in range(20):
        checks = {check.name: check.why for check in await ready.checks()}
        assert (checks["write"] or "").startswith("The database has not answered for")
    assert asyncio.get_running_loop().time() - began < 2
    assert asked == 1
    answers.set()
    await asyncio.sleep(0.01)
    assert (await ready.checks())[1].why is None


async def test_where_readings_are_saved_nothing_is_written_for_it(
    garage: Garage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "PROBE_EVERY_S", 5.0)
    await _meter(garage, None, 1)  # type: ignore[arg-type]
    ready = garage.house.readiness
    for _ in range(10):
        await ready.checks()
    assert ready._write._task is None

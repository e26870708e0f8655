"""X1, C6: a reading is answered after the commit that holds it; who is not answered says it again, and it counts once.
A database that is slower than the chargers slows them, and nothing is dropped."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime

import asyncpg
import pytest
from websockets.exceptions import ConnectionClosed

from evgraph.domain.people import Role
from tests.conftest import POSTGRES
from tests.journeys.garage import Garage, add_chargers
from tests.journeys.serving import serve_until_billed, serve_until_saved
from tests.journeys.wire import Wired, wired

BEGUN_AT = "2026-03-01T12:00:00.000Z"
READ_AT = "2026-03-01T12:05:00.000Z"
REGISTER = "Energy.Active.Import.Register"


def _reading(transaction_id: int, register_wh: int, at: str = READ_AT) -> dict[str, object]:
    sampled = [{"value": str(register_wh), "measurand": REGISTER, "unit": "Wh"}]
    return {
        "connectorId": 1,
        "transactionId": transaction_id,
        "meterValue": [{"timestamp": at, "sampledValue": sampled}],
    }


async def _begin(charger: Wired) -> int:
    boot = {"chargePointVendor": "Phihong Technology", "chargePointModel": "AX48"}
    await charger.call("BootNotification", boot)
    begun = {"connectorId": 1, "idTag": "STAFF-1", "meterStart": 0, "timestamp": BEGUN_AT}
    return int((await charger.call("StartTransaction", begun))["transactionId"])


async def _energies(database_url: str) -> list[int]:
    """What the sessions have delivered."""
    return [wh for (wh,) in await _select(database_url, "SELECT energy_wh FROM charging_session")]


async def _samples(database_url: str) -> int:
    ((count,),) = await _select(database_url, "SELECT count(*) FROM meter_sample")
    return int(count)


async def _select(database_url: str, statement: str) -> list[tuple[int, ...]]:
    if not POSTGRES:
        with closing(sqlite3.connect(database_url.removeprefix("sqlite://"))) as connection:
            return connection.execute(statement).fetchall()
    connection = await asyncpg.connect(database_url)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


@asynccontextmanager
async def _stuck(database_url: str) -> AsyncIterator[None]:
    """Another program holds what every batch of readings writes."""
    if not POSTGRES:
        with closing(sqlite3.connect(database_url.removeprefix("sqlite://"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        return
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT id FROM garage FOR UPDATE")
            yield
    finally:
        await connection.close()


async def test_x1_a_kill_between_the_commit_and_the_answer_costs_nothing(open_garage, database_url):
    keys = await add_chargers(database_url, ["Fleet-1"])
    async with open_garage() as garage:
        async with wired(garage.server, "Fleet-1", keys["Fleet-1"]) as charger:
            transaction_id = await _begin(charger)
        await garage.server.stop()
        await garage.server.start(serve_until_saved)
        async with wired(garage.server, "Fleet-1", keys["Fleet-1"]) as charger:
            saying = asyncio.create_task(charger.call("MeterValues", _reading(transaction_id, 500)))
            await garage.server.killed()
            await charger.closed()
            assert not saying.done(), "It was answered, and the process had died before."
            saying.cancel()
        assert await _energies(database_url) == [500]
        await garage.server.start()
        async with wired(garage.server, "Fleet-1", keys["Fleet-1"]) as charger:
            assert await charger.call("MeterValues", _reading(transaction_id, 500)) == {}
        assert (await _energies(database_url), await _samples(database_url)) == ([500], 1)


async def test_x1_nothing_is_answered_while_it_cannot_be_committed(open_garage, database_url):
    keys = await add_chargers(database_url, ["Fleet-1"])
    async with open_garage() as garage, wired(garage.server, "Fleet-1", keys["Fleet-1"]) as charger:
        transaction_id = await _begin(charger)
        await charger.call("MeterValues", _reading(transaction_id, 100, "2026-03-01T12:01:00Z"))
        for register, at in ((200, "2026-03-01T12:02:00Z"), (300, "2026-03-01T12:03:00Z")):
            async with _stuck(database_url):
                saying = asyncio.create_task(charger.call("MeterValues", _reading(transaction_id, register, at)))
                done, _ = await asyncio.wait({saying}, timeout=0.5)
                assert not done
                assert await _energies(database_url) == [register - 100]
            assert await saying == {}
            assert await _energies(database_url) == [register]


async def test_x1_a_kill_after_a_stop_keeps_its_frame_though_readings_wait_for_the_same_garage(
    open_garage, database_url
):
    """Two sessions: the stop of one waits for the garage, and behind it a batch that holds a reading of the other. In
    the end the bill is derived again from the frames."""
    keys = await add_chargers(database_url, ["Fleet-1", "Fleet-2"])
    async with open_garage() as garage:
        operator = await garage.sign_in(Role.OPERATOR)
        await operator.set_rate("PER_KWH", "25")
        transaction_ids = {}
        async with (
            wired(garage.server, "Fleet-1", keys["Fleet-1"]) as first,
            wired(garage.server, "Fleet-2", keys["Fleet-2"]) as second,
        ):
            for name, charger in (("Fleet-1", first), ("Fleet-2", second)):
                await _boot(charger)
                checked_in = await operator.check_in(name)
                port = (await operator.board_now()).port(f"{name}-1")
                await operator.started(checked_in["request"], port["id"])
                asked = await charger.is_asked("RemoteStartTransaction")
                transaction_ids[name] = await _begin_now(charger, asked["idTag"])
        await garage.server.stop()
        await garage.server.start(serve_until_billed)
        async with (
            wired(garage.server, "Fleet-1", keys["Fleet-1"]) as first,
            wired(garage.server, "Fleet-2", keys["Fleet-2"]) as second,
        ):
            await second.call("MeterValues", _reading(transaction_ids["Fleet-2"], 0, _now()))
            async with _stuck(database_url):
                stop = {"transactionId": transaction_ids["Fleet-1"], "meterStop": 1000, "timestamp": _now()}
                said = [asyncio.create_task(first.call("StopTransaction", stop))]
                await asyncio.sleep(0.2)
                reading = _reading(transaction_ids["Fleet-2"], 10, _now())
                said.append(asyncio.create_task(second.call("MeterValues", reading)))
                await asyncio.sleep(0.2)
            await garage.server.killed()
            for one in said:
                one.cancel()
        await garage.server.start()
        # The stop is not said again: what was booked must be in the frames of before.
        async with wired(garage.server, "Fleet-2", keys["Fleet-2"]) as second:
            await second.call("MeterValues", reading)


async def _boot(charger: Wired) -> None:
    await charger.call("BootNotification", {"chargePointVendor": "Phihong Technology", "chargePointModel": "AX48"})
    free = {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": _now()}
    await charger.call("StatusNotification", free)


async def _begin_now(charger: Wired, id_tag: str) -> int:
    begun = {"connectorId": 1, "idTag": id_tag, "meterStart": 0, "timestamp": _now()}
    return int((await charger.call("StartTransaction", begun))["transactionId"])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.slow
async def test_c6_a_database_that_is_slower_than_the_chargers_slows_them(open_garage, database_url):
    """Chargers that do not even wait for their answers: all is stored and answered, one message of each at a time."""
    chargers, readings = 8, 60
    keys = await add_chargers(database_url, [f"Fleet-{number}" for number in range(chargers)])
    async with open_garage(simulated_speed=1_000_000) as garage, asyncio.TaskGroup() as running:
        flooding = [running.create_task(_flood(garage, *pair, readings)) for pair in keys.items()]
        for _ in range(5):
            async with _stuck(database_url):
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.05)
        answered = [await flood for flood in flooding]
    assert answered == [[f"r{number}" for number in range(readings)]] * chargers
    assert await _energies(database_url) == [(readings - 1) * 10] * chargers
    assert await _samples(database_url) == chargers * readings


async def _flood(garage: Garage, identity: str, key: str, readings: int) -> list[str]:
    """The ids that were answered, in the order of the answers."""
    async with wired(garage.server, identity, key) as charger:
        transaction_id = await _begin(charger)
    answered: list[str] = []
    async with wired(garage.server, identity, key) as charger:

        def heard(message_id: str) -> asyncio.Future[dict[str, object]]:
            waiting = charger._answers[message_id] = asyncio.get_running_loop().create_future()
            waiting.add_done_callback(lambda _: answered.append(message_id))
            return waiting

        waiting = [heard(f"r{number}") for number in range(readings)]
        for number in range(readings):
            at = f"2026-03-01T12:{1 + number // 60:02}:{number % 60:02}Z"
            call = [2, f"r{number}", "MeterValues", _reading(transaction_id, number * 10, at)]
            await charger.websocket.send(json.dumps(call))
        try:
            await asyncio.gather(*waiting)
        except ConnectionClosed as closed:
            raise AssertionError(f"It was closed after {len(answered)} answers.") from closed
    return answered

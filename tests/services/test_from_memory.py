"""Readings are worked out from what is remembered of the batch before. Whatever else was saved meanwhile, by this
process or by another, counts (M2, M4, T1)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from evgraph.bus import EventBus
from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.energy import Reading
from evgraph.domain.events import EnergyMetered
from evgraph.models import MeterSampleRow
from evgraph.services.house import Services, open_house

from .conftest import Garage


@pytest.fixture
async def elsewhere(garage: Garage) -> AsyncIterator[Services]:
    """The services of another process: they share nothing but the database."""
    other = open_house(bus=EventBus(), clock=garage.clock, gateway=garage.chargers, simulated_speed=10_000)
    metering = asyncio.create_task(other.metering.run())
    yield other
    await other.close()
    metering.cancel()
    with suppress(asyncio.CancelledError):
        await metering


@pytest.fixture
async def session(garage: Garage) -> ChargingSession:
    """It runs, and is remembered."""
    await garage.set_rate()
    made = await garage.start(await garage.check_in())
    await garage.begin(made, meter=1000)
    for register in (1010, 1020):
        garage.clock.turn(seconds=15)
        await garage.meter(made.id, register)
    return await garage.session(made.id)


async def _read(house: Services, garage: Garage, session_id: int | None, register: int, *, ago: float = 0) -> None:
    await house.metering.record(
        garage.charge_point_id,
        connector_id=1,
        transaction_id=session_id,
        readings=[Reading(at=garage.clock.now() - timedelta(seconds=ago), register_wh=register)],
        raw="[a frame]",
    )


async def test_m4_what_another_process_took_is_not_overwritten(
    garage: Garage, session: ChargingSession, elsewhere: Services
) -> None:
    garage.clock.turn(seconds=60)
    await _read(elsewhere, garage, session.id, 1200)
    await _read(garage.house, garage, session.id, 1100, ago=30)
    assert (await garage.session(session.id)).energy_wh == 200
    garage.clock.turn(seconds=15)
    await _read(garage.house, garage, None, 1300)
    assert (await garage.session(session.id)).energy_wh == 300
    garage.clock.turn(seconds=15)
    await _read(elsewhere, garage, session.id, 1400)
    assert (await garage.session(session.id)).energy_wh == 400


async def test_t1_a_session_that_another_process_ended_stays_as_it_was_billed(
    garage: Garage, session: ChargingSession, elsewhere: Services
) -> None:
    garage.clock.turn(seconds=60)
    here, garage.house = garage.house, elsewhere
    await garage.end(session.id, meter=1100)
    garage.house = here
    garage.clock.turn(seconds=15)
    await garage.meter(session.id, 1500)
    ended = await garage.session(session.id)
    assert (ended.status, ended.energy_wh) == (SessionStatus.ENDED, 100)


async def test_m2_a_meter_that_falls_is_told_to_the_board_though_its_session_was_remembered(
    garage: Garage, session: ChargingSession
) -> None:
    with garage.house.bus.subscribe(garage.id) as feed:
        garage.clock.turn(seconds=15)
        await garage.meter(session.id, 5)
        told = [feed._waiting[place] for place in range(len(feed._waiting))]
    assert (await garage.session(session.id)).flags == {SessionFlag.METER_RESET}
    assert {type(event).__name__ for event in told} == {"BoardChanged", "SessionChanged", "EnergyMetered"}
    garage.clock.turn(seconds=15)
    await garage.meter(session.id, 15)
    assert (await garage.session(session.id)).energy_wh == session.energy_wh + 10


async def test_m4_two_messages_of_one_batch_are_taken_in_their_order(garage: Garage, session: ChargingSession) -> None:
    garage.clock.turn(seconds=60)
    with garage.house.bus.subscribe(garage.id) as feed:
        await asyncio.gather(
            _read(garage.house, garage, session.id, 1100, ago=20),
            # It falls: the board is told, and what comes after it waits for that.
            _read(garage.house, garage, session.id, 7, ago=10),
            _read(garage.house, garage, session.id, 17),
        )
        energies = [event.session.energy_wh for event in feed._waiting if isinstance(event, EnergyMetered)]
    after = await garage.session(session.id)
    assert (after.energy_wh, after.flags) == (110, {SessionFlag.METER_RESET})
    assert energies[-1] == 110
    samples = await MeterSampleRow.filter(session_id=session.id).order_by("at")
    assert [sample.energy_wh for sample in samples] == [10, 20, 100, 100, 110]


async def test_m3_the_charge_points_own_meter_is_kept_from_memory(garage: Garage, session: ChargingSession) -> None:
    garage.clock.turn(seconds=15)
    await garage.meter(None, 99, connector=0)
    (own,) = await MeterSampleRow.filter(connector_id=0)
    assert (own.session_id, own.register_wh) == (None, 99)


async def test_m4_what_runs_is_forgotten_when_the_garage_changes(garage: Garage, session: ChargingSession) -> None:
    """Another vehicle starts at the other port, the first one stops: the readings of both are right throughout."""
    other = await garage.start(await garage.check_in(), port_id=garage.other_port_id)
    assert other.status is SessionStatus.STARTING
    garage.clock.turn(seconds=15)
    await garage.meter(session.id, 1200)
    assert (await garage.session(session.id)).energy_wh == 200
    garage.clock.turn(seconds=15)
    await garage.meter(session.id, 1300)
    garage.clock.turn(seconds=15)
    await garage.end(session.id, meter=1350)
    assert (await garage.session(session.id)).energy_wh == 350


def test_who_saves_sessions_and_ports_counts_the_garages_version_up() -> None:
    """What is remembered is right because nothing else writes these tables: a Change's save_session and save_port,
    which are changes of the board, and the batch of readings. (The times of a status said again are nothing that
    readings go by.)"""
    package = Path(__file__).parents[2] / "evgraph"
    writes = {
        f"{file.relative_to(package)}: {line.strip()}"
        for file in package.rglob("*.py")
        for line in file.read_text().splitlines()
        if ("SessionRow" in line or "PortRow" in line)
        and any(word in line for word in (".create(", "update(", "insert(", "_saved(", ".bulk_", ".delete(", ".save("))
    }
    assert writes == {
        "services/batch.py: _SAVE_SESSIONS = update(SessionRow, *_NEARLY_ALWAYS)",
        "services/batch.py: _SAVE_WHOLE_SESSIONS = update(SessionRow, *_SELDOM, *_NEARLY_ALWAYS)",
        "services/books.py: await update(PortRow, port, *_PORT_ELSEWHERE)",
        "services/books.py: made = await insert(PortRow, port, *_PORT_ELSEWHERE)",
        "services/books.py: return await _saved(SessionRow, session)",
        "services/status_reports.py: await PortRow.filter(id=after.id).update(",
    }

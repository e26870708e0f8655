"""M5, M6, B2, T4 and T11 with ports that deliver what an AX48 does, on a real database."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from evgraph.domain.charge_point import BootReport
from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.energy import Reading
from evgraph.domain.events import BoardChanged
from evgraph.domain.port import PortStatus
from evgraph.ocpp.replay import Selection, replay

from .conftest import Garage
from .station import Station

START = 12_345
LEAP = {SessionFlag.METER_LEAP}


@pytest.fixture
def simulated_speed() -> int:
    return 1


async def begun(garage: Garage) -> ChargingSession:
    await garage.set_rate()
    session = await garage.start(await garage.check_in())
    await garage.begin(session, meter=START)
    return session


async def read(
    garage: Garage, session: ChargingSession, wh: int, *, minutes: float = 1, power_w: int | None = None
) -> ChargingSession:
    garage.clock.turn(minutes=minutes)
    reading = Reading(at=garage.clock.now(), register_wh=START + wh, power_w=power_w)
    await garage.house.metering.record(
        garage.charge_point_id, connector_id=1, transaction_id=session.id, readings=[reading], raw="[a frame]"
    )
    return await garage.session(session.id)


async def boot(garage: Garage) -> None:
    report = BootReport(vendor="Phihong", model="AX48", serial_number=None, firmware_version=None)
    await garage.house.charge_points.boot(garage.charge_point_id, report)


async def billed(garage: Garage, session: ChargingSession) -> list[tuple[int, bool]]:
    assert session.stay_id is not None
    stay = await garage.house.boards.read(garage.id)
    items = [item for card in stay.cards for item in card.line_items]
    return [(item.amount_cents, item.is_correction) for item in items]


@pytest.fixture
async def news(garage: Garage) -> AsyncIterator[list[BoardChanged]]:
    """What boards are told, as it comes."""
    told: list[BoardChanged] = []
    with garage.house.bus.subscribe(garage.id) as feed:

        async def listen() -> None:
            async for event in feed:
                if isinstance(event, BoardChanged):
                    told.append(event)

        listening = asyncio.create_task(listen())
        yield told
        listening.cancel()


async def test_m5_a_leap_is_stored_and_flagged_and_counts_once_it_is_confirmed(
    garage: Garage, news: list[BoardChanged]
) -> None:
    session = await begun(garage)
    assert (await read(garage, session, 150)).energy_wh == 150
    leapt = await read(garage, session, 90_001)
    assert (leapt.energy_wh, leapt.flags, leapt.leapt_to_wh) == (150, LEAP, START + 90_001)
    await asyncio.sleep(0)
    assert [view.session.flags for view in news[-1].ports if view.session] == [LEAP]
    assert (await read(garage, session, 300)).energy_wh == 300
    await read(garage, session, 90_001)
    assert (await read(garage, session, 90_100)).energy_wh == 90_100


async def test_m5_a_full_car_is_not_billed_for_wh_that_were_labelled_kwh(garage: Garage) -> None:
    session = await begun(garage)
    await read(garage, session, 150)
    for _ in range(3):
        wrong = await read(garage, session, (START + 150) * 1000 - START)
    assert (wrong.energy_wh, wrong.flags) == (150, LEAP)
    garage.clock.turn(minutes=1)
    await garage.end(session.id, meter=START + 160)
    assert await billed(garage, session) == [(4, False)]


async def test_m5_a_leap_at_the_stop_is_billed_when_the_next_start_bears_it_out(garage: Garage) -> None:
    session = await begun(garage)
    garage.clock.turn(minutes=10)
    await garage.end(session.id, meter=START + 10_000)
    assert await billed(garage, session) == []
    garage.clock.turn(minutes=10)
    following = await garage.begin("CARD", meter=START + 10_000)
    confirmed = await garage.session(session.id)
    assert (confirmed.energy_wh, confirmed.flags, confirmed.leapt_to_wh) == (10_000, LEAP, None)
    assert await billed(garage, session) == [(250, False)]
    assert (await garage.session(following.transaction_id)).flags == set()


async def test_m5_a_leap_at_the_stop_that_the_next_start_does_not_bear_out_stays_unbilled(garage: Garage) -> None:
    session = await begun(garage)
    garage.clock.turn(minutes=10)
    await garage.end(session.id, meter=START + 10_000)
    following = await garage.begin("CARD", meter=START + 1000)
    assert (await garage.session(session.id)).energy_wh == 0
    assert (await garage.session(following.transaction_id)).flags == {SessionFlag.METER_GAP}
    garage.clock.turn(hours=1)
    await garage.end(following.transaction_id, meter=START + 9000)
    await garage.begin("CARD", meter=START + 12_000, reported_at="2026-11-22T10:48:00Z")
    assert (await garage.session(session.id)).energy_wh == 0


@pytest.mark.parametrize("stamp", [None, "garbage"])
async def test_m2_m5_a_session_counted_from_zero_between_registers_of_the_meter(
    garage: Garage, stamp: str | None
) -> None:
    station = Station(garage)
    await station.connect()
    await garage.set_rate()
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag, meter=157_440)
    for register in (1000, 2000, 3000, 4000):
        garage.clock.turn(minutes=10)
        await station.meter(session.id, register)
    garage.clock.turn(minutes=1)
    await station.stop(transactionId=session.id, meterStop=161_540, timestamp=stamp or station.stamp())
    assert await billed(garage, session) == [(103, False)]
    garage.clock.turn(minutes=20)
    await station.start("CARD", meter=161_540)
    assert (await garage.session(session.id)).energy_wh == 4100
    assert await billed(garage, session) == [(103, False)]
    found = await replay(Selection(), supplies=garage.house.transactions._supplies, now=garage.clock.now())
    assert not list(found.differences)
    await station.hang_up()


async def test_m5_a_charger_without_readings_is_judged_by_the_whole_sessions_time(garage: Garage) -> None:
    session = await begun(garage)
    garage.clock.turn(hours=3)
    await garage.end(session.id, meter=START + 33_000)
    ended = await garage.session(session.id)
    assert (ended.energy_wh, ended.flags) == (33_000, set())


async def test_m5_a_session_that_was_told_late_goes_by_the_chargers_stamps(garage: Garage) -> None:
    session = await garage.start(await garage.check_in())
    began_at = garage.clock.now()
    garage.clock.turn(hours=5)
    await garage.begin(session, meter=START, at=began_at)
    late = [Reading(at=began_at + timedelta(minutes=m), register_wh=START + m * 180) for m in range(1, 60)]
    await garage.house.metering.record(
        garage.charge_point_id, connector_id=1, transaction_id=session.id, readings=late, raw="[a frame]"
    )
    await garage.end(session.id, meter=START + 10_800, at=began_at + timedelta(hours=1))
    ended = await garage.session(session.id)
    assert (ended.energy_wh, ended.flags) == (10_800, set())


async def give_power(garage: Garage, max_power_w: int | None) -> None:
    async with garage.house.metering._books.change(garage.id) as change:
        port = await change.port(garage.port_id)
        assert port is not None
        await change.save_port(replace(port, max_power_w=max_power_w))


async def test_m5_another_power_of_the_port_holds_from_the_next_reading(garage: Garage) -> None:
    session = await begun(garage)
    assert (await read(garage, session, 1000)).flags == LEAP
    await give_power(garage, 350_000)
    assert (await read(garage, session, 6000)).energy_wh == 6000
    await give_power(garage, None)
    assert (await read(garage, session, 900_001)).energy_wh == 900_001


async def test_m6_low_power_for_ten_minutes_is_full_and_the_board_is_told(
    garage: Garage, news: list[BoardChanged]
) -> None:
    session = await begun(garage)
    await read(garage, session, 180, power_w=10_900)
    low_since = (await read(garage, session, 181, power_w=40)).last_meter_at
    assert (await read(garage, session, 182, minutes=9, power_w=40)).full_since is None
    before = len(news)
    assert (await read(garage, session, 183, power_w=40)).full_since == low_since
    await asyncio.sleep(0)
    assert [view.session.full_since for view in news[-1].ports if view.session] == [low_since]
    assert len(news) == before + 1
    assert (await read(garage, session, 300, power_w=7000)).full_since is None
    await asyncio.sleep(0)
    assert [view.session.full_since for view in news[-1].ports if view.session] == [None]


async def test_m6_a_charger_that_reads_its_meter_no_more_is_full_in_time(garage: Garage) -> None:
    session = await begun(garage)
    low_since = (await read(garage, session, 181, power_w=40)).last_meter_at
    garage.clock.turn(minutes=9)
    await garage.house.upkeep.look()
    assert (await garage.session(session.id)).full_since is None
    await garage.house.charge_points.disconnected(garage.charge_point_id)
    garage.clock.turn(minutes=2)
    await garage.house.upkeep.look()
    assert (await garage.session(session.id)).full_since is None, "Who is not heard may charge again."
    await garage.house.charge_points.connected(garage.charge_point_id)
    await garage.house.upkeep.look()
    assert (await garage.session(session.id)).full_since == low_since
    assert await garage.house.transactions.find_full() == 0


async def test_m6_a_slow_clock_makes_nobody_full_early(garage: Garage) -> None:
    session = await begun(garage)
    garage.clock.turn(minutes=30)
    slow = Reading(at=garage.clock.now() - timedelta(minutes=20), register_wh=START + 500, power_w=40)
    await garage.house.metering.record(
        garage.charge_point_id, connector_id=1, transaction_id=session.id, readings=[slow], raw="[a frame]"
    )
    assert await garage.house.transactions.find_full() == 0
    garage.clock.turn(minutes=10)
    assert await garage.house.transactions.find_full() == 1


async def test_m6_power_that_flows_is_never_full_by_the_passing_of_time(garage: Garage) -> None:
    session = await begun(garage)
    await read(garage, session, 100, power_w=40)
    await read(garage, session, 280, power_w=9000)
    garage.clock.turn(hours=2)
    assert await garage.house.transactions.find_full() == 0
    assert (await garage.session(session.id)).low_power_since is None


@pytest.mark.parametrize("word", ["reading", "stop", "available", "start", "given up"])
async def test_b2_a_boot_leaves_what_runs_unconfirmed_until_a_word_of_it(
    garage: Garage, word: str, news: list[BoardChanged]
) -> None:
    session = await begun(garage)
    await read(garage, session, 150)
    await boot(garage)
    unconfirmed = await garage.session(session.id)
    assert (unconfirmed.status, unconfirmed.flags) == (SessionStatus.CHARGING, {SessionFlag.UNCONFIRMED})
    await asyncio.sleep(0)
    assert [view.session.flags for view in news[-1].ports if view.session] == [{SessionFlag.UNCONFIRMED}]
    garage.clock.turn(minutes=1)
    match word:
        case "reading":
            await read(garage, session, 200)
        case "stop":
            await garage.end(session.id, meter=START + 200)
        case "available":
            await garage.report(PortStatus.AVAILABLE)
        case "start":
            await garage.begin("CARD", meter=START + 200)
        case "given up":
            garage.clock.turn(hours=25)
            assert await garage.house.transactions.close_forgotten() == 1
    after = await garage.session(session.id)
    assert SessionFlag.UNCONFIRMED not in after.flags
    assert (after.status is SessionStatus.CHARGING) == (word in ("reading", "available"))


async def test_b2_a_boot_leaves_what_waits_or_has_ended_as_it_is(garage: Garage) -> None:
    ended = await begun(garage)
    garage.clock.turn(minutes=5)
    await garage.end(ended.id, meter=START + 500)
    waiting = await garage.start(await garage.check_in("LMB 2204"))
    await boot(garage)
    assert (await garage.session(ended.id)).flags == set()
    assert await garage.session(waiting.id) == waiting


@pytest.mark.parametrize(
    ("meter_start", "flags"),
    [(START + 500, set()), (START + 501, {SessionFlag.METER_GAP}), (START + 499, set()), (0, set())],
)
async def test_t11_a_start_above_the_ports_last_register_is_a_gap(
    garage: Garage, meter_start: int, flags: set[SessionFlag]
) -> None:
    first = await begun(garage)
    garage.clock.turn(minutes=5)
    await garage.end(first.id, meter=START + 500)
    assert (await garage.session(first.id)).flags == set(), "The first at a port has none before it."
    garage.clock.turn(minutes=5)
    second = await garage.start(await garage.check_in("LMB 2204"))
    await garage.begin(second, meter=meter_start)
    assert (await garage.session(second.id)).flags == flags


async def test_t11_what_a_superseded_session_was_billed_up_to_the_next_start_is_no_gap(garage: Garage) -> None:
    first = await begun(garage)
    await read(garage, first, 150)
    garage.clock.turn(minutes=5)
    second = await garage.begin("CARD", meter=START + 700)
    assert (await garage.session(first.id)).energy_wh == 700
    assert (await garage.session(second.transaction_id)).flags == set()


async def test_t11_a_session_that_was_told_late_is_compared_with_the_one_before_it(garage: Garage) -> None:
    first = await begun(garage)
    garage.clock.turn(minutes=5)
    await garage.end(first.id, meter=START + 500)
    late_at = garage.clock.now() + timedelta(minutes=5)
    garage.clock.turn(hours=1)
    later = await garage.begin("CARD", meter=START + 900)
    await garage.end(later.transaction_id, meter=START + 900)
    garage.clock.turn(minutes=1)
    late = await garage.begin("LATE", meter=START + 500, at=late_at, reported_at="2026-11-22T08:58:00Z")
    assert (await garage.session(late.transaction_id)).flags == set()


@pytest.mark.parametrize("dialect", ["stop first", "available first", "finishing first", "no stop"])
async def test_t4_unplugging_ends_it_in_each_dialect(garage: Garage, dialect: str) -> None:
    session = await begun(garage)
    await read(garage, session, 150)
    if dialect == "stop first":
        await garage.end(session.id, meter=START + 160)
        await garage.report(PortStatus.FINISHING)
        await garage.report(PortStatus.AVAILABLE)
    elif dialect == "no stop":
        await garage.report(PortStatus.AVAILABLE)
        garage.clock.turn(minutes=5, seconds=1)
        await garage.house.upkeep.look()
    else:
        status = PortStatus.AVAILABLE if dialect == "available first" else PortStatus.FINISHING
        await garage.report(status)
        garage.clock.turn(seconds=8)
        await garage.end(session.id, meter=START + 160)
        await garage.report(PortStatus.AVAILABLE)
    ended = await garage.session(session.id)
    estimated = {SessionFlag.ESTIMATED} if dialect == "no stop" else set()
    assert (ended.status, ended.flags, ended.energy_wh) == (
        SessionStatus.ENDED,
        estimated,
        150 if dialect == "no stop" else 160,
    )
    assert await billed(garage, session) == [(4, False)]
    assert all(view.port.is_open for view in (await garage.house.boards.read(garage.id)).ports)

"""M4: one instant in several messages is one reading, in the batch before, after a restart, and in a recount."""

import asyncio
from contextlib import suppress
from datetime import UTC, timedelta
from decimal import Decimal

import pytest

from evgraph.bus import EventBus
from evgraph.domain.charging_profile import (
    ChargingProfile,
    ChargingProfileKind,
    ChargingProfilePurpose,
    ChargingRateUnit,
    ChargingSchedule,
    SchedulePeriod,
    as_sent,
)
from evgraph.domain.charging_session import ChargingSession, SessionFlag
from evgraph.domain.energy import INTERVAL, POWER, Reading, SampledValue, reading_of
from evgraph.models import ChargingProfileRow, MeterSampleRow, PortRow, SessionRow
from evgraph.services import recount
from evgraph.services.house import open_house
from evgraph.services.supplies import Supplies

from .conftest import Garage

BEGIN = "Transaction.Begin"


def sample(value: str, **more: str | None) -> SampledValue:
    return SampledValue(value=Decimal(value), **more)  # type: ignore[arg-type]


async def told(garage: Garage, session_id: int, *samples: SampledValue, ahead: float = 0) -> None:
    """A message of its own, stamped `ahead` seconds ahead of the clock."""
    now = garage.clock.now()
    reading = reading_of(
        now, samples, received_at=now, reported_at=now + timedelta(seconds=ahead), clock_replaced=ahead > 60
    )
    await told_as(garage, session_id, reading)


async def told_as(garage: Garage, session_id: int, *readings: Reading) -> None:
    await garage.house.metering.record(
        garage.charge_point_id, connector_id=1, transaction_id=session_id, readings=readings, raw="[a frame]"
    )


async def charging(garage: Garage) -> ChargingSession:
    session = await garage.start(await garage.check_in())
    await garage.begin(session, meter=1000)
    garage.clock.turn(minutes=1)
    await told(garage, session.id, sample("1100"))
    garage.clock.turn(minutes=1)
    return await garage.session(session.id)


def phases(value: str, measurand: str) -> list[SampledValue]:
    return [sample(value, measurand=measurand, phase=phase) for phase in ("L1", "L2", "L3")]


INSTANTS = {
    "power and then the register": [sample("7000", measurand=POWER), sample("1200")],
    "phases of the register": [sample("400", phase="L1"), sample("401", phase="L2"), sample("399", phase="L3")],
    "phases of power, and the register": [*phases("2000", POWER), sample("1200")],
    "the start's register and the current one": [sample("900", context=BEGIN), sample("1200")],
    "the current register and the start's": [sample("1200"), sample("900", context=BEGIN)],
    "the cable and then the outlet": [sample("700", location="Cable"), sample("1200")],
    "a higher register": [sample("1150"), sample("1200")],
    "a lower register": [sample("1200"), sample("1150")],
}


@pytest.mark.parametrize("is_restarted", [False, True], ids=["remembered", "restarted"])
@pytest.mark.parametrize("name", INSTANTS)
async def test_m4_an_instant_in_several_messages_counts_like_one_message(
    garage: Garage, name: str, is_restarted: bool
) -> None:
    session = await charging(garage)
    houses, tasks = [garage.house], []
    for one in INSTANTS[name]:
        await told(garage, session.id, one)
        if is_restarted:
            other = open_house(bus=EventBus(), clock=garage.clock, gateway=garage.chargers, simulated_speed=1_000_000)
            tasks.append(asyncio.create_task(other.metering.run()))
            houses.append(other)
            garage.house = other
    split = await garage.session(session.id)
    rows = await MeterSampleRow.filter(session_id=session.id).order_by("at")
    assert [row.register_wh for row in rows] == [1100, 1200]
    assert [row.energy_wh for row in rows] == [100, 200]
    assert (split.energy_wh, split.flags) == (200, frozenset())
    supply = await Supplies(times=1_000_000).of_port(session.port_id)
    assert await recount.recounted(split, supply) == split
    # And it goes on from there.
    garage.clock.turn(minutes=1)
    await told(garage, session.id, sample("1300"))
    assert (await garage.session(session.id)).energy_wh == 300
    garage.house = houses[0]
    for other, task in zip(houses[1:], tasks, strict=True):
        await other.close()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_m4_three_messages_of_one_instant_that_wait_together_are_one_reading(garage: Garage) -> None:
    session = await charging(garage)
    readings = [sample("400", phase=phase) for phase in ("L1", "L2", "L3")]
    await asyncio.gather(*(told(garage, session.id, one) for one in readings))
    after = await garage.session(session.id)
    assert (after.energy_wh, after.flags) == (200, frozenset())
    assert await MeterSampleRow.filter(session_id=session.id).count() == 2


@pytest.mark.parametrize("ahead", [20, 100, 4000])
async def test_m4_messages_of_one_instant_by_a_fast_clock_are_one_reading(garage: Garage, ahead: float) -> None:
    session = await charging(garage)
    for late, phase in enumerate(("L1", "L2", "L3")):
        await told(garage, session.id, sample("400", phase=phase), ahead=ahead - late * 0.5)
        garage.clock.turn(seconds=0.5)
    after = await garage.session(session.id)
    assert (after.energy_wh, SessionFlag.METER_RESET in after.flags) == (200, False)
    assert await MeterSampleRow.filter(session_id=session.id).count() == 2


async def test_m4_a_clock_that_stands_still_is_metered_on(garage: Garage) -> None:
    session = await charging(garage)
    stuck = garage.clock.now().replace(year=1970)
    for register in range(1200, 1600, 100):
        garage.clock.turn(minutes=1)
        now = garage.clock.now()
        reading = Reading(at=now, register_wh=register, clock_replaced=True, received_at=now, reported_at=stuck)
        await told_as(garage, session.id, reading)
    assert (await garage.session(session.id)).energy_wh == 500


async def test_m5_one_instant_never_confirms_its_own_leap(garage: Garage) -> None:
    session = await charging(garage)
    slow = open_house(bus=EventBus(), clock=garage.clock, gateway=garage.chargers, simulated_speed=1)
    task = asyncio.create_task(slow.metering.run())
    quick, garage.house = garage.house, slow
    for _ in range(3):
        await told(garage, session.id, sample("90001"))
        await told(garage, session.id, sample("90002"))
    leapt = await garage.session(session.id)
    assert (leapt.energy_wh, leapt.flags, leapt.leapt_to_wh) == (100, {SessionFlag.METER_LEAP}, 90_002)
    garage.house = quick
    await slow.close()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_m4_an_older_instant_is_completed_in_its_sample_and_moves_nothing(garage: Garage) -> None:
    session = await charging(garage)
    at = garage.clock.now() - timedelta(seconds=30)
    await told(garage, session.id, sample("1200"))
    await told_as(garage, session.id, reading_of(at, [sample("1150")]))
    await told_as(garage, session.id, reading_of(at, [sample("7000", measurand=POWER)]))
    row = await MeterSampleRow.get(session_id=session.id, at=at)
    assert (row.register_wh, row.power_w, row.energy_wh) == (1150, 7000, None)
    after = await garage.session(session.id)
    assert (after.energy_wh, after.power_w) == (200, None)


async def test_m1_the_inlet_counts_only_at_a_charge_point_with_one_connector(garage: Garage) -> None:
    port = await PortRow.get(id=garage.port_id)
    await PortRow.create(
        garage_id=port.garage_id,
        charge_point_id=port.charge_point_id,
        connector_id=2,
        status_changed_at=port.status_changed_at,
        is_reported=True,
    )
    session = await garage.start(await garage.check_in())
    await garage.begin(session, meter=1000)
    garage.clock.turn(minutes=1)
    await told(garage, session.id, sample("1200", location="Inlet"))
    assert (await garage.session(session.id)).energy_wh == 0
    assert (await MeterSampleRow.get(session_id=session.id)).register_wh is None


async def test_m1_what_comes_from_elsewhere_is_only_stored(garage: Garage) -> None:
    session = await charging(garage)
    at = garage.clock.now()
    for location in ("EV", "Cable", "Body"):
        garage.clock.turn(minutes=1)
        await told(garage, session.id, sample("9000", location=location))
    after = await garage.session(session.id)
    assert (after.energy_wh, after.flags) == (100, frozenset())
    assert await MeterSampleRow.filter(session_id=session.id, at__gt=at).count() == 3


@pytest.mark.parametrize("location", ["Body", "Cable", "EV", "Inlet"])
async def test_m1_a_meter_elsewhere_counts_where_there_is_no_other(garage: Garage, location: str) -> None:
    session = await garage.start(await garage.check_in())
    await garage.begin(session, meter=1000)
    for register in ("1100", "1200"):
        garage.clock.turn(minutes=1)
        await told(garage, session.id, sample(register, location=location))
    after = await garage.session(session.id)
    assert (after.energy_wh, after.flags) == (200, frozenset())
    supply = await Supplies(times=1_000_000).of_port(session.port_id)
    assert await recount.recounted(after, supply) == after
    # The outlet is better, from the start of the session.
    garage.clock.turn(minutes=1)
    await told(garage, session.id, sample("1290"))
    assert (await garage.session(session.id)).energy_wh == 290


async def test_m4_transaction_data_is_stored_once_and_completes_what_is_stored(garage: Garage) -> None:
    session = await charging(garage)
    await told(garage, session.id, sample("7000", measurand=POWER))
    now = garage.clock.now()
    data = [
        reading_of(now, [sample("1200")]),
        reading_of(now + timedelta(seconds=10), [sample("5", measurand=INTERVAL), sample("1.25", unit="kWh")]),
    ]
    supply = await Supplies(times=1_000_000).of_port(session.port_id)
    before = await garage.session(session.id)
    assert (await recount.recounted(before, supply, also=data)).energy_wh == 250
    assert (await recount.recounted(before, supply, until=now, also=data)).energy_wh == 200
    for _ in range(2):
        await recount.store(None, before, data, garage.clock.now())
    rows = await MeterSampleRow.filter(session_id=session.id).order_by("at")
    assert [(row.register_wh, row.power_w) for row in rows] == [(1100, None), (1200, 7000), (1250, None)]
    assert (await recount.recounted(before, supply)).energy_wh == 250
    assert await garage.session(session.id) == before


async def test_m6_low_power_by_our_own_limit_is_not_full(garage: Garage) -> None:
    await PortRow.all().update(max_power_w=11_500)
    session = await charging(garage)
    profile = ChargingProfile(
        id=1,
        stack_level=0,
        purpose=ChargingProfilePurpose.TX_DEFAULT_PROFILE,
        kind=ChargingProfileKind.ABSOLUTE,
        schedule=ChargingSchedule(
            unit=ChargingRateUnit.A,
            periods=(
                SchedulePeriod(start_s=0, limit=Decimal(0)),
                SchedulePeriod(start_s=1800, limit=Decimal(48)),
            ),
            starts_at=garage.clock.now().astimezone(UTC),
        ),
    )
    await ChargingProfileRow.create(
        charge_point_id=garage.charge_point_id,
        connector_id=1,
        profile_id=1,
        stack_level=0,
        purpose=profile.purpose.value,
        profile=as_sent(profile),
        set_at=garage.clock.now(),
    )
    limited_until = garage.clock.now() + timedelta(minutes=30)
    full_at = []
    for _ in range(50):
        garage.clock.turn(minutes=1)
        await told(garage, session.id, sample("1100"), sample("0", measurand=POWER))
        if (await garage.session(session.id)).full_since is not None:
            full_at.append(garage.clock.now())
    assert full_at
    assert timedelta(minutes=9) <= full_at[0] - limited_until <= timedelta(minutes=11)


async def test_m1_a_start_that_was_estimated_begins_at_transaction_begin(garage: Garage) -> None:
    session = await garage.start(await garage.check_in())
    await garage.begin(session, meter=700)
    await SessionRow.filter(id=session.id).update(flags=frozenset({SessionFlag.METER_START_ESTIMATED}))
    garage.clock.turn(minutes=1)
    await told(garage, session.id, sample("1000", context=BEGIN), sample("7000", measurand=POWER))
    garage.clock.turn(minutes=1)
    await told(garage, session.id, sample("1300"), sample("1000", context=BEGIN))
    after = await garage.session(session.id)
    assert (after.meter_start_wh, after.energy_wh) == (1000, 300)
    assert after.flags == {SessionFlag.METER_START_ESTIMATED}

"""Old samples are thinned to one a minute, a little at a time, and nothing that anybody is billed by goes with them."""

import asyncio
from datetime import timedelta

import pytest

from evgraph.domain.energy import Reading
from evgraph.models import MeterSampleRow, ProgressRow
from evgraph.models.windows import thinned_samples
from evgraph.services import thinning
from evgraph.services.thinning import Thinning

from .conftest import Garage


@pytest.fixture
async def charged(garage: Garage) -> int:
    """A session of five minutes whose meter was read each 15 seconds; and the charge point's own meter beside it."""
    session = await garage.start(await garage.check_in())
    answer = await garage.begin(session)
    transaction = answer.transaction_id
    for number in range(1, 21):
        garage.clock.turn(seconds=15)
        await garage.meter(transaction, 1000 + number * 40)
        await _own_meter(garage, number)
    await garage.end(transaction, meter=1800)
    return transaction


async def _own_meter(garage: Garage, register: int) -> None:
    await garage.house.metering.record(
        garage.charge_point_id,
        connector_id=0,
        transaction_id=None,
        readings=[Reading(at=garage.clock.now(), register_wh=register, power_w=None)],
        raw="[a frame]",
    )


async def _seconds(session_id: int | None) -> list[int]:
    """When the samples are of, from the first minute on."""
    rows = await MeterSampleRow.filter(session_id=session_id).order_by("at")
    first = rows[0].at.replace(second=0)
    return [int((row.at - first).total_seconds()) for row in rows]


async def _all_day(job: Thinning) -> None:
    for _ in range(100):
        await job.look()


async def test_of_each_old_minute_the_last_sample_stays_and_of_each_session_the_first(
    garage: Garage, charged: int
) -> None:
    before = await _seconds(charged)
    assert before == list(range(15, 301, 15))
    bill = (await garage.session(charged)).energy_wh
    garage.clock.turn(days=89)
    job = Thinning(garage.clock)
    await _all_day(job)
    assert await _seconds(charged) == before
    garage.clock.turn(days=2)
    await _all_day(job)
    assert await _seconds(charged) == [15, 45, 105, 165, 225, 285, 300]
    assert await _seconds(None) == [15, 60, 120, 180, 240, 300]
    chart = await thinned_samples([charged], 200)
    assert (chart[0].energy_wh, chart[-1].energy_wh) == (40, 800)
    assert (await garage.session(charged)).energy_wh == bill == 800


async def test_what_is_thinned_once_is_not_looked_at_again_after_a_restart(
    garage: Garage, charged: int, monkeypatch: pytest.MonkeyPatch, statements: object
) -> None:
    garage.clock.turn(days=91)
    monkeypatch.setattr(thinning, "SAMPLES_AT_ONCE", 7)
    monkeypatch.setattr(thinning, "_BUDGET_S", 0)
    reached = []
    for _ in range(4):
        # One look of a process that ends after it.
        await Thinning(garage.clock).look()
        reached.append((await ProgressRow.get()).reached)
    newest = (await MeterSampleRow.all().order_by("-id").limit(1))[0].id
    assert reached == sorted(set(reached))
    assert reached[-1] < newest
    await _all_day(Thinning(garage.clock))
    assert (await ProgressRow.get()).reached == newest
    assert await _seconds(charged) == [15, 45, 105, 165, 225, 285, 300]


async def test_zero_days_thin_nothing(garage: Garage, charged: int) -> None:
    garage.clock.turn(days=1000)
    await _all_day(Thinning(garage.clock, kept_whole_days=0))
    assert len(await _seconds(charged)) == 20
    assert not await ProgressRow.exists()


async def test_m4_a_reading_that_comes_again_after_its_sample_went_moves_nothing(garage: Garage, charged: int) -> None:
    sample = await MeterSampleRow.filter(session_id=charged).order_by("at").offset(1).first()
    assert sample is not None
    garage.clock.turn(days=91)
    job = Thinning(garage.clock)
    await _all_day(job)
    assert not await MeterSampleRow.exists(id=sample.id)
    before = await garage.session(charged)
    chart = [row.energy_wh for row in await thinned_samples([charged], 200)]
    for _ in range(2):
        await garage.house.metering.record(
            garage.charge_point_id,
            connector_id=1,
            transaction_id=charged,
            readings=[Reading(at=sample.at, register_wh=sample.register_wh, power_w=None)],
            raw="[a frame]",
        )
    assert await garage.session(charged) == before
    assert [row.energy_wh for row in await thinned_samples([charged], 200)] == chart
    # What came again goes again, for its minute has a sample that tells the energy.
    garage.clock.turn(days=91)
    await _all_day(job)
    assert await _seconds(charged) == [15, 45, 105, 165, 225, 285, 300]


async def test_readings_are_answered_while_samples_are_thinned(
    garage: Garage, charged: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    garage.clock.turn(days=91)
    session = await garage.start(await garage.check_in("NEXT 1"))
    running = (await garage.begin(session)).transaction_id
    monkeypatch.setattr(thinning, "SAMPLES_AT_ONCE", 1)
    monkeypatch.setattr(thinning, "_BUDGET_S", 60)
    looking = asyncio.create_task(Thinning(garage.clock).look())
    answered_meanwhile = 0
    for number in range(1, 11):
        garage.clock.turn(seconds=1)
        await garage.meter(running, 1000 + number)
        answered_meanwhile += not looking.done()
    await looking
    assert answered_meanwhile > 0
    assert len(await _seconds(running)) == 10
    assert await _seconds(charged) == [15, 45, 105, 165, 225, 285, 300]


async def test_upkeep_thins(garage: Garage, charged: int) -> None:
    garage.clock.turn(days=91)
    await garage.house.upkeep.look()
    assert len(await _seconds(charged)) == 7


async def test_what_came_late_of_an_old_day_stays_whole_as_long(garage: Garage, charged: int) -> None:
    """By when it came: a charger may deliver what it kept for days, and an operator wants to see that too."""
    garage.clock.turn(days=89)
    late = garage.clock.now() - timedelta(days=89, minutes=4)
    await garage.house.metering.record(
        garage.charge_point_id,
        connector_id=1,
        transaction_id=charged,
        readings=[Reading(at=late + timedelta(seconds=n), register_wh=1, power_w=None) for n in (1, 2)],
        raw="[a frame]",
    )
    garage.clock.turn(days=2)
    await _all_day(Thinning(garage.clock))
    assert len(await _seconds(charged)) == 9

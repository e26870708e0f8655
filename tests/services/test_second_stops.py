"""T2, T3: a second StopTransaction of a session corrects the first one, is the first one again, or is in quarantine; in
any order, and before their start too (X2)."""

from typing import Any

import pytest

from evgraph.domain.rate import RateKind

from .station import FACTORY_CLOCK
from .story import Story

both_orders = pytest.mark.parametrize("is_reversed", [False, True])


@pytest.fixture
def simulated_speed() -> int:
    return 1


@both_orders
@pytest.mark.parametrize("stamp", ["garbage", FACTORY_CLOCK, None])
async def test_t3_b7_a_stop_with_a_stamp_corrects_one_without(
    story: Story, stamp: str | None, is_reversed: bool
) -> None:
    await story.rate(RateKind.PER_MINUTE)
    session = await story.ask()
    await story.station.start(session.id_tag)
    story.go(20)
    await story.read(session, 20, 3000)
    story.go(45)
    said = [{"meterStop": 4000, "timestamp": stamp}, {"meterStop": 4000, "timestamp": story.stamp(35)}]
    await story.say_stop(session, said, is_reversed=is_reversed)
    assert await story.station.cents(session.id) == 350
    assert not await story.station.quarantined()


@both_orders
async def test_t3_t12_a_stop_with_a_stamp_corrects_one_without_after_an_offline_check_out(
    story: Story, is_reversed: bool
) -> None:
    await story.rate(RateKind.PER_MINUTE)
    session = await story.ask()
    await story.station.start(session.id_tag)
    story.go(10)
    await story.read(session, 10, 2000)
    await story.check_out_offline(session, 40)
    said = [{"meterStop": 4000, "timestamp": "garbage"}, {"meterStop": 4000, "timestamp": story.stamp(30)}]
    await story.say_stop(session, said, is_reversed=is_reversed)
    assert await story.station.cents(session.id) == 300


@both_orders
@pytest.mark.parametrize(("second", "cents"), [(38, 380), (41, 410)])
async def test_t3_x2_of_two_stops_of_one_register_the_later_counts_or_one_is_kept(
    story: Story, second: float, cents: int, is_reversed: bool
) -> None:
    """More than ten minutes apart the one that came first counts."""
    await story.rate(RateKind.PER_MINUTE)
    session = await story.ask()
    await story.station.start(session.id_tag)
    story.go(45)
    said = [{"meterStop": 4000, "timestamp": story.stamp(minute)} for minute in (30, second)]
    await story.say_stop(session, said, is_reversed=is_reversed)
    is_apart = second > 40
    assert await story.station.cents(session.id) == (300 if is_apart and not is_reversed else cents)
    assert len(await story.station.quarantined()) == int(is_apart or is_reversed)


@both_orders
async def test_t3_m4_readings_of_a_second_stop_count_where_neither_has_a_register(
    story: Story, is_reversed: bool
) -> None:
    await story.rate()
    session = await story.ask()
    await story.station.start(session.id_tag)
    story.go(30)
    data = [{"timestamp": story.stamp(19), "sampledValue": [{"value": "3000"}]}]
    said: list[dict[str, Any]] = [{}, {"transactionData": data}]
    said = [{"meterStop": None, "timestamp": story.stamp(20), **one} for one in said]
    await story.say_stop(session, said, is_reversed=is_reversed)
    assert await story.station.cents(session.id) == 200


@both_orders
async def test_t3_x2_a_stop_with_a_register_counts_before_a_later_one_without(story: Story, is_reversed: bool) -> None:
    await story.rate()
    session = await story.ask()
    await story.station.start(session.id_tag)
    story.go(30)
    said: list[dict[str, Any]] = [
        {"meterStop": 4000, "timestamp": story.stamp(20)},
        {"meterStop": None, "timestamp": story.stamp(25)},
    ]
    await story.say_stop(session, said, is_reversed=is_reversed)
    assert await story.station.cents(session.id) == 300


@pytest.mark.parametrize("ahead", [0, 3, 30])
@pytest.mark.parametrize("register", [4000, None])
async def test_t2_a_stop_that_is_sent_again_is_no_other_one_whatever_its_clock_says(
    story: Story, register: int | None, ahead: float
) -> None:
    """Its stamp lay ahead of the first receipt, and does not of the second."""
    await story.rate(RateKind.PER_MINUTE)
    session = await story.ask()
    await story.station.start(session.id_tag)
    story.go(30)
    data = [{"timestamp": story.stamp(19), "sampledValue": [{"value": "3000"}]}]
    stop = {"meterStop": register, "timestamp": story.stamp(30 + ahead), "transactionData": data}
    for minute in (30, 36, 120):
        story.go(minute)
        await story.say_stop(session, [stop], is_reversed=False)
        assert await story.station.cents(session.id) == 300
    # One without a register is kept each time for that (C8).
    assert len(await story.station.quarantined()) == (0 if register else 3)


@both_orders
@pytest.mark.parametrize("is_start_first", [True, False])
async def test_x2_t3_two_stops_count_alike_before_and_after_their_start(
    story: Story, is_start_first: bool, is_reversed: bool
) -> None:
    await story.rate()
    session = await story.ask()
    story.go(30)
    if is_start_first:
        await story.station.start(session.id_tag, stamp=story.stamp(1))
    named = {"transactionId": -1, "idTag": session.id_tag}
    said = [{**named, "meterStop": wh, "timestamp": story.stamp(at)} for wh, at in ((2000, 20), (2500, 25))]
    await story.say_stop(session, said, is_reversed=is_reversed)
    if not is_start_first:
        await story.station.start(session.id_tag, stamp=story.stamp(1))
    assert await story.station.cents(session.id) == 150

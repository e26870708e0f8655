"""Sessions that are kept beside what holds their port: told late (S7), or open again (T7); and readings that name no
transaction, in any order (M3, X2)."""

from collections.abc import AsyncIterator

import pytest

from evgraph.domain.charging_session import SessionFlag, SessionStatus
from evgraph.domain.rate import RateKind
from evgraph.models import MeterSampleRow, RequestRow

from .conftest import Garage
from .station import Station, has
from .story import Story


@pytest.fixture
def simulated_speed() -> int:
    return 1


@pytest.fixture
async def story(garage: Garage) -> AsyncIterator[Story]:
    story = Story(garage, Station(garage))
    await story.station.connect()
    await story.rate()
    yield story
    await story.agrees()
    await story.station.hang_up()


@pytest.mark.parametrize("is_over", [False, True])
async def test_m3_s7_unnamed_readings_are_not_of_an_older_session_that_is_kept_beside(
    story: Story, is_over: bool
) -> None:
    asked = await story.ask()
    story.go(1)
    await story.station.hang_up()
    story.go(100)
    await story.station.reconnect()
    card = (await story.station.start("CARD", meter=3000))["transactionId"]
    story.go(101)
    await story.station.start(asked.id_tag, stamp=story.stamp(0.5))
    if is_over:
        await story.station.stop(transactionId=card, meterStop=3000)
    for minute in (110, 120):
        story.go(minute)
        await story.read(None, minute, 3000 + (minute - 100) * 100)
    older, newer = await story.station.sessions()
    assert (older.energy_wh, newer.energy_wh) == (0, 0 if is_over else 2000)
    await story.read(asked, 120, 1800)
    assert (await story.garage.session(asked.id)).energy_wh == 800


@pytest.mark.parametrize("holder", ["charges", "waits", "nothing"])
async def test_t7_a_closed_session_that_runs_on_is_open_again_whoever_holds_its_port(story: Story, holder: str) -> None:
    session = await story.ask()
    await story.station.start(session.id_tag)
    story.go(10)
    await story.read(session, 10, 2000)
    await story.free(11)
    if holder == "charges":
        await story.station.start("CARD", meter=0)
    elif holder == "waits":
        await story.ask("KLM 1234")
    story.go(22)
    for minute in (22, 22.5, 23):
        story.go(minute)
        await story.read(session, minute, int(minute * 100))
        assert (await story.garage.session(session.id)).energy_wh == minute * 100 - 1000
    again = await story.garage.session(session.id)
    assert (again.status, has(again, SessionFlag.ESTIMATED)) == (SessionStatus.CHARGING, False)
    assert ((await story.station.port(1)).id == again.port_id) is (holder == "nothing")
    await story.station.look()
    await story.station.look()
    assert story.garage.chargers.stopped == [session.id]
    story.go(24)
    await story.station.look()
    assert story.garage.chargers.stopped == [session.id] * 2
    await story.station.stop(transactionId=session.id, meterStop=2400)
    assert await story.station.cents(session.id) == 140
    if holder == "charges":
        (_, card) = await story.station.sessions()
        assert (card.status, card.energy_wh) == (SessionStatus.CHARGING, 0)


async def test_t7_what_a_meter_that_runs_on_counts_for_the_next_session_opens_none_again(story: Story) -> None:
    session = await story.ask()
    await story.station.start(session.id_tag)
    story.go(10)
    await story.read(session, 10, 2000)
    await story.free(11)
    await story.station.start("CARD", meter=2600)
    story.go(30)
    await story.read(session, 30, 3500)
    closed = await story.garage.session(session.id)
    assert (closed.status, await story.station.cents(session.id)) == (SessionStatus.ENDED, 100)


@pytest.mark.parametrize("becomes", ["begins", "is given up"])
async def test_s4_an_old_start_out_of_the_queue_does_not_give_up_a_start_that_waits(story: Story, becomes: str) -> None:
    story.go(100)
    asked = await story.ask()
    old = (await story.station.start("CARD", meter=1000, stamp=story.stamp(10)))["transactionId"]
    assert (await RequestRow.get()).status.value == "STARTING"
    story.go(101)
    if becomes == "begins":
        await story.station.start(asked.id_tag, meter=5000)
        assert (await story.garage.session(asked.id)).status is SessionStatus.CHARGING
    else:
        story.go(110)
        await story.station.look()
        await story.station.start("ANOTHER CARD", meter=5000)
    # S7: its stop has not come by then; it still tells the truth.
    assert has(await story.garage.session(old), SessionFlag.SUPERSEDED)
    await story.station.stop(transactionId=old, meterStop=3000, timestamp=story.stamp(50))
    assert (await story.garage.session(old)).energy_wh == 2000


async def test_s4_a_start_of_just_then_gives_up_the_start_that_waits(story: Story) -> None:
    """Too early for the one that was asked for, and not out of a queue."""
    story.go(100)
    await story.ask()
    await story.station.start("CARD", stamp=story.stamp(99.25))
    assert (await RequestRow.get()).status.value == "NEEDS_CHARGING"


async def test_s4_b7_a_start_of_now_by_a_clock_that_is_known_to_be_slow_is_not_out_of_the_queue(story: Story) -> None:
    story.go(600)
    await story.station.status("Preparing", stamp=story.stamp(120))
    await story.ask()
    story.go(601)
    card = (await story.station.start("CARD", stamp=story.stamp(121)))["transactionId"]
    assert (await RequestRow.get()).status.value == "NEEDS_CHARGING"
    story.go(602)
    await story.read(None, 122, 1500)
    assert (await story.garage.session(card)).energy_wh == 500


async def test_m3_s7_unnamed_readings_of_before_the_next_start_are_of_the_one_that_is_kept_beside(story: Story) -> None:
    asked = await story.ask()
    story.go(1)
    await story.station.hang_up()
    story.go(100)
    await story.station.reconnect()
    await story.station.start("CARD", meter=3000)
    await story.station.start(asked.id_tag, stamp=story.stamp(0.5))
    await story.read(None, 50, 2000)
    older, newer = await story.station.sessions()
    assert (older.energy_wh, newer.energy_wh) == (1000, 0)


@pytest.mark.parametrize("is_read", [False, True])
async def test_t7_a_session_kept_beside_ends_when_nothing_is_heard_of_it_for_a_day(story: Story, is_read: bool) -> None:
    story.go(100)
    asked = await story.ask()
    await story.station.start(asked.id_tag, meter=5000)
    story.go(102)
    old = (await story.station.start("CARD", meter=1000, stamp=story.stamp(10)))["transactionId"]
    story.go(130)
    await story.station.stop(transactionId=asked.id, meterStop=8000)
    day = 24 * 60
    story.go(day)
    if is_read:
        await story.station.meter(old, 1500)
    story.go(day + 120)
    await story.station.boot()
    await story.station.look()
    beside = await story.garage.session(old)
    assert beside.status is (SessionStatus.CHARGING if is_read else SessionStatus.ENDED)
    story.go(2 * day + 1)
    await story.station.boot()
    await story.station.look()
    beside = await story.garage.session(old)
    assert (beside.status, has(beside, SessionFlag.ESTIMATED)) == (SessionStatus.ENDED, True)
    assert beside.energy_wh == (500 if is_read else 0)


@pytest.mark.parametrize("is_named", [True, False])
async def test_x2_t12_late_readings_of_before_an_offline_check_out_count_with_and_without_an_id(
    story: Story, is_named: bool
) -> None:
    session = await story.ask()
    await story.station.start(session.id_tag)
    story.go(10)
    await story.read(session, 10, 2000)
    await story.check_out_offline(session, 40)
    for minute, register in ((20, 3000), (30, 4000), (41, 9000)):
        story.go(max(minute, 40))
        if minute < 40 or not is_named:
            await story.read(session if is_named else None, minute, register)
    assert await story.station.cents(session.id) == 300


async def test_m3_t7_unnamed_readings_of_after_the_port_was_free_are_nobodys(story: Story) -> None:
    session = await story.ask()
    await story.station.start(session.id_tag)
    story.go(10)
    await story.read(session, 10, 2000)
    await story.free(12)
    await story.read(None, 11, 2500)
    await story.read(None, 13, 9000)
    assert await story.station.cents(session.id) == 150


@pytest.mark.parametrize("is_start_first", [True, False])
@pytest.mark.parametrize("ends_by", ["stop", "free"])
async def test_x2_m3_unnamed_readings_count_before_and_after_their_start(
    story: Story, ends_by: str, is_start_first: bool
) -> None:
    await story.rate(RateKind.PER_KWH)
    session = await story.ask()
    story.go(40)
    start = (session.id_tag, 1000, story.stamp(1))
    if is_start_first:
        await story.station.start(start[0], meter=start[1], stamp=start[2])
    await story.read(None, 0.5, 9000)
    for minute, register in ((10, 2000), (20, 3000), (20, 3000)):
        await story.read(None, minute, register)
    if not is_start_first:
        await story.station.start(start[0], meter=start[1], stamp=start[2])
    assert await MeterSampleRow.filter(session_id=session.id).count() == 2
    assert (await story.garage.session(session.id)).energy_wh == 2000
    if ends_by == "stop":
        await story.station.stop(transactionId=session.id, meterStop=None)
    else:
        await story.free(41)
    assert await story.station.cents(session.id) == 200


async def test_x2_m3_unnamed_readings_of_after_the_next_start_are_not_those_of_an_older_one(story: Story) -> None:
    """The older start waited in the queue until the next session was over."""
    session = await story.ask()
    story.go(10)
    card = (await story.station.start("CARD", meter=5000))["transactionId"]
    story.go(20)
    await story.station.stop(transactionId=card, meterStop=6000)
    await story.read(None, 5, 2000)
    await story.read(None, 20, 7000)
    story.go(30)
    await story.station.start(session.id_tag, meter=1000, stamp=story.stamp(1))
    assert (await story.garage.session(session.id)).energy_wh == 1000


# ----------------------------------------------------------------- a clock of years ago, and a start that waits


async def _begin_beside(story: Story) -> int:
    """A start with an idTag of the charger's own and a stamp of long ago, while another start waits at the port."""
    await story.ask()
    story.go(1)
    transaction_id: int = (await story.station.start("FREEVEND", stamp="2022-01-01T08:00:00Z"))["transactionId"]
    story.go(10)
    await story.read(await story.garage.session(transaction_id), 10, 1500)
    return transaction_id


async def test_t7_a_session_beside_its_port_is_over_where_the_connector_is_free(story: Story) -> None:
    """And a stop of hours later that names nobody is not its own."""
    transaction_id = await _begin_beside(story)
    await story.free(20)
    session = await story.garage.session(transaction_id)
    assert (session.status, session.energy_wh) == (SessionStatus.ENDED, 500)
    assert has(session, SessionFlag.ESTIMATED)
    story.go(300)
    await story.station.stop(transactionId=0, meterStop=9000)
    assert (await story.garage.session(transaction_id)).energy_wh == 500


async def test_s7_the_next_start_ends_what_runs_beside_the_port(story: Story) -> None:
    transaction_id = await _begin_beside(story)
    story.go(20)
    following = await story.station.start("CARD", meter=2000)
    session = await story.garage.session(transaction_id)
    assert (session.status, session.energy_wh) == (SessionStatus.ENDED, 1000)
    assert has(session, SessionFlag.SUPERSEDED)
    await story.station.stop(transactionId=following["transactionId"], meterStop=2500)


async def test_s7_what_another_session_drew_since_then_is_not_billed_beside_the_port(story: Story) -> None:
    """Begun while the charge point was away, told while the next session runs; the third start ends both."""
    asked = await story.ask()
    story.go(1)
    await story.station.hang_up()
    story.go(100)
    await story.station.reconnect()
    await story.station.start("CARD", meter=3000)
    story.go(101)
    await story.station.start(asked.id_tag, stamp=story.stamp(0.5))
    await story.read(asked, 20, 1800)
    story.go(130)
    await story.station.start("CARD 2", meter=7000)
    older, newer, latest = await story.station.sessions()
    assert [(one.status, one.energy_wh) for one in (older, newer)] == [
        (SessionStatus.ENDED, 800),
        (SessionStatus.ENDED, 4000),
    ]
    await story.station.stop(transactionId=latest.id, meterStop=7000)


async def test_t4_a_session_beside_its_port_is_parted_where_its_vehicle_left(story: Story) -> None:
    transaction_id = await _begin_beside(story)
    session = await story.garage.session(transaction_id)
    story.go(12)
    await story.station.status("SuspendedEV", info="EV side disconnected")
    story.go(14)
    await story.station.status("Charging")
    story.go(16)
    await story.read(session, 16, 1900)
    await story.station.stop(transactionId=transaction_id, meterStop=2000)
    first, rest = [one for one in await story.station.sessions() if one.energy_wh]
    assert (first.energy_wh, rest.energy_wh) == (500, 500)


async def test_t3_m5_a_nameless_stop_is_not_held_against_a_start_that_could_not_be_read(story: Story) -> None:
    """The time since the start says nothing of what was counted since the first register."""
    session = await story.ask()
    await story.station.start(session.id_tag, meter="n/a")
    story.go(40)
    await story.read(session, 40, 3642)
    await story.free(41)
    story.go(52)
    await story.station.stop(transactionId=-1, meterStop=10_204, timestamp=story.stamp(50))
    ended = await story.garage.session(session.id)
    assert (ended.energy_wh, ended.stop_register_wh) == (0, None)

"""Bills of sessions whose end, or whose stamps, say something else than what happened."""

from datetime import timedelta
from typing import Any

import pytest

from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.rate import RateKind
from evgraph.domain.stay import Stay
from evgraph.ocpp.replay import Selection, replay
from evgraph.ocpp.translate import iso
from evgraph.services.interfaces import ChargerOffline, ChargerRejected
from evgraph.services.stays import CheckOut
from tests.services.bills import bill
from tests.services.station import Station, has

from .conftest import Garage


@pytest.fixture
def simulated_speed() -> int:
    return 1


async def begun(
    garage: Garage, station: Station, kind: RateKind = RateKind.PER_KWH, **start: Any
) -> tuple[Stay, ChargingSession]:
    """A session that was asked for and has just started: at 10 cents a minute, or a dollar a kWh."""
    await garage.set_rate(kind, "10" if kind is RateKind.PER_MINUTE else "100")
    garage.clock.turn(hours=4)
    await station.connect()
    stay = await garage.check_in()
    session = await garage.start(stay)
    garage.clock.turn(seconds=1)
    await station.start(session.id_tag, **start)
    return stay, session


async def assert_replay_agrees(garage: Garage) -> None:
    found = await replay(Selection(), supplies=garage.house.transactions._supplies, now=garage.clock.now())
    assert not list(found.differences)


# ------------------------------------------------------------------------------------------------ the vehicle that left


async def unplugged_and_charging_again(garage: Garage, station: Station) -> tuple[Stay, ChargingSession]:
    """1 kWh in 10 minutes, then the unplugging; 10 minutes later another vehicle takes 3 kWh in 50 minutes."""
    stay, session = await begun(garage, station, RateKind.PER_MINUTE)
    garage.clock.turn(minutes=10)
    await station.meter(session.id, 2000)
    garage.chargers.answer = ChargerRejected("no")
    await station.status("SuspendedEV", info="EV side disconnected")
    garage.clock.turn(minutes=10)
    await station.status("Charging")
    for register in (2600, 3200, 3800, 4400, 5000):
        garage.clock.turn(minutes=10)
        await station.meter(session.id, register)
    garage.clock.turn(seconds=1)
    return stay, session


async def end(garage: Garage, station: Station, stay: Stay, session: ChargingSession, how: str) -> None:
    match how:
        case "the next start":
            await station.start("CARD", meter=5000)
        case "a port that is free":
            await station.status("Available")
            garage.clock.turn(minutes=6)
            await station.look()
        case "a check-out while offline":
            garage.chargers.answer = ChargerOffline("offline")
            await garage.house.stays.check_out(garage.operator, CheckOut(stay_id=stay.id, stop_charging=True))
        case "a stop without a register":
            await station.stop(transactionId=session.id, meterStop="n/a")
        case _:
            await station.stop(transactionId=session.id, meterStop=5000)


ENDS = [
    "the next start",
    "a port that is free",
    "a check-out while offline",
    "a stop without a register",
    "a stop",
]


@pytest.mark.parametrize("how", ENDS)
async def test_t4_what_flows_after_the_unplugging_is_a_session_of_its_own_whatever_ends_it(
    garage: Garage, station: Station, how: str
) -> None:
    stay, session = await unplugged_and_charging_again(garage, station)
    await end(garage, station, stay, session, how)

    assert await bill(stay) == 100
    first, rest = (await station.sessions())[:2]
    assert (first.energy_wh, rest.energy_wh, rest.stay_id, rest.status) == (1000, 3000, None, SessionStatus.ENDED)
    assert has(first, SessionFlag.AFTER_UNPLUG)
    assert has(rest, SessionFlag.AFTER_UNPLUG)
    await assert_replay_agrees(garage)


@pytest.mark.parametrize("how", [one for one in ENDS if one != "a stop"])
async def test_t4_t5_a_stop_that_comes_after_it_corrects_the_rest_and_adds_none(
    garage: Garage, station: Station, how: str
) -> None:
    stay, session = await unplugged_and_charging_again(garage, station)
    await end(garage, station, stay, session, how)
    before = len(await station.sessions())
    garage.clock.turn(minutes=1)
    await station.stop(transactionId=session.id, meterStop=5400)

    sessions = await station.sessions()
    assert (len(sessions), sessions[0].energy_wh, sessions[1].energy_wh) == (before, 1000, 3400)
    assert await bill(stay) == 100
    await assert_replay_agrees(garage)


# ---------------------------------------------------------------------------------------------- the port that was free


@pytest.mark.parametrize("how", ["a port that is free", "the next start"])
@pytest.mark.parametrize("stamp", ["of then", "of now", "1970-01-01T00:00:00Z", "garbage"])
@pytest.mark.parametrize("is_read", [True, False])
async def test_t7_the_hours_that_a_charge_point_was_away_are_not_billed(
    garage: Garage, station: Station, how: str, stamp: str, is_read: bool
) -> None:
    stay, session = await begun(garage, station, RateKind.PER_MINUTE)
    garage.clock.turn(minutes=30)
    if is_read:
        await station.meter(session.id, 4000)
    freed = {"of then": station.stamp(), "of now": None}.get(stamp, stamp)
    await station.hang_up()
    garage.clock.turn(hours=5)
    await station.reconnect()
    await station.status("Available", stamp=freed)
    if how == "a port that is free":
        garage.clock.turn(minutes=6)
        await station.look()
    else:
        await station.start("CARD", meter=4000)

    assert (await station.sessions())[0].lasted(station.now).total_seconds() == 30 * 60
    await assert_replay_agrees(garage)
    assert await bill(stay) == (300 if is_read or how == "the next start" else 0)


async def test_t7_a_port_that_is_free_later_on_a_new_connection_was_taken_until_then(
    garage: Garage, station: Station
) -> None:
    stay, session = await begun(garage, station, RateKind.PER_MINUTE)
    garage.clock.turn(minutes=10)
    await station.meter(session.id, 2000)
    await station.hang_up()
    garage.clock.turn(minutes=1)
    await station.reconnect()
    await station.status("Charging")
    garage.clock.turn(minutes=19)
    await station.status("Available")
    garage.clock.turn(minutes=6)
    await station.look()
    assert await bill(stay) == 300
    await assert_replay_agrees(garage)


# -------------------------------------------------------------------------------- readings that come after their stop


REGISTER, INTERVAL = {"value": "4000"}, {"value": "3000", "measurand": "Energy.Active.Import.Interval"}


@pytest.mark.parametrize("first", ["the reading", "the stop"])
@pytest.mark.parametrize(
    ("meter", "value", "stop"),
    [
        (1000, REGISTER, "n/a"),
        (None, {"value": "1000"}, 4000),
        (0, INTERVAL, 0),
        (5000, {"value": "8000"}, 100),
    ],
    ids=["no meterStop", "no meterStart", "intervals only", "a register that fell"],
)
async def test_x2_a_reading_counts_alike_before_and_after_its_stop(
    garage: Garage, station: Station, first: str, meter: int | None, value: dict[str, str], stop: Any
) -> None:
    stay, session = await begun(garage, station, meter=meter)
    garage.clock.turn(minutes=30)
    read_at = station.stamp()
    garage.clock.turn(minutes=30)
    stopped_at = station.stamp()
    garage.clock.turn(hours=3)
    await _in_order(station, session, first, value, read_at, {"meterStop": stop, "timestamp": stopped_at})
    assert await bill(stay) == 300
    await assert_replay_agrees(garage)


@pytest.mark.parametrize("first", ["the reading", "the stop"])
async def test_x2_b7_a_stop_without_a_time_ends_at_the_last_reading_whichever_came_first(
    garage: Garage, station: Station, first: str
) -> None:
    stay, session = await begun(garage, station, RateKind.PER_MINUTE)
    garage.clock.turn(minutes=30)
    read_at = station.stamp()
    garage.clock.turn(hours=3)
    await _in_order(station, session, first, REGISTER, read_at, {"meterStop": 4000, "timestamp": "garbage"})
    assert await bill(stay) == 300
    await assert_replay_agrees(garage)


async def _in_order(
    station: Station, session: ChargingSession, first: str, value: dict[str, str], read_at: str, stop: dict[str, Any]
) -> None:
    reading = {"timestamp": read_at, "sampledValue": [value]}
    told = {"connectorId": 1, "transactionId": session.id, "meterValue": [reading]}
    if first == "the reading":
        await station.call("MeterValues", told)
    await station.stop(transactionId=session.id, **stop)
    if first != "the reading":
        await station.call("MeterValues", told)


def data(*entries: tuple[str, int, str]) -> list[dict[str, Any]]:
    return [
        {"timestamp": stamp, "sampledValue": [{"value": str(register), "context": context}]}
        for stamp, register, context in entries
    ]


async def test_b7_m4_a_stop_without_a_time_ends_at_the_last_reading_of_its_data(
    garage: Garage, station: Station
) -> None:
    stay, session = await begun(garage, station, RateKind.PER_MINUTE)
    began_at = station.stamp()
    garage.clock.turn(minutes=30)
    told = data((began_at, 1000, "Transaction.Begin"), (station.stamp(), 4000, "Transaction.End"))
    garage.clock.turn(hours=5)
    await station.stop(transactionId=session.id, meterStop=4000, timestamp="garbage", transactionData=told)
    assert await bill(stay) == 300
    await assert_replay_agrees(garage)


@pytest.mark.parametrize("seconds", [0, 1, 59])
async def test_s6_a_begin_that_is_stamped_just_before_the_start_is_its_register(
    garage: Garage, station: Station, seconds: int
) -> None:
    stay, session = await begun(garage, station, meter="n/a")
    began_at = station.stamp(seconds=seconds)
    garage.clock.turn(minutes=60)
    told = data((began_at, 1000, "Transaction.Begin"), (station.stamp(), 9000, "Transaction.End"))
    await station.stop(transactionId=session.id, meterStop=9000, transactionData=told)
    assert await bill(stay) == 800
    await assert_replay_agrees(garage)


# ------------------------------------------------------------------------------------ what the next start bears out


@pytest.mark.parametrize("first", ["the stop", "the start"])
@pytest.mark.parametrize(("following", "cents"), [(91000, 9000), (1000, 0), ("n/a", 0)])
async def test_m5_x2_a_leap_at_the_stop_counts_if_the_next_start_confirms_it_in_either_order(
    garage: Garage, station: Station, first: str, following: Any, cents: int
) -> None:
    stay, session = await begun(garage, station)
    garage.clock.turn(minutes=60)
    stopped_at = station.stamp()
    garage.clock.turn(minutes=1)
    if first == "the stop":
        await station.stop(transactionId=session.id, meterStop=91000, timestamp=stopped_at)
    await station.start("CARD", meter=following)
    if first == "the start":
        await station.stop(transactionId=session.id, meterStop=91000, timestamp=stopped_at)
    assert await bill(stay) == cents
    await assert_replay_agrees(garage)


async def test_s7_a_stop_without_a_register_leaves_what_the_next_start_showed(garage: Garage, station: Station) -> None:
    stay, session = await begun(garage, station)
    garage.clock.turn(minutes=5)
    await station.meter(session.id, 1500)
    garage.clock.turn(minutes=5)
    await station.start("CARD", meter=2000)
    assert await bill(stay) == 100
    await station.stop(transactionId=session.id, meterStop="n/a", timestamp=station.stamp(seconds=1))
    assert await bill(stay) == 50
    await assert_replay_agrees(garage)


# --------------------------------------------------------------------------------------- clocks that are set right


@pytest.mark.parametrize("hours", [-2, 2])
async def test_b7_a_clock_that_was_set_right_after_the_start_is_believed(
    garage: Garage, station: Station, hours: int
) -> None:
    stay, session = await begun(garage, station, RateKind.PER_MINUTE, stamp=stamp_of_start(garage, hours))
    for minute in range(1, 181):
        garage.clock.turn(minutes=1)
        await station.meter(session.id, 1000 + minute * 100, stamp=station.stamp(seconds=1))
        assert (await garage.session(session.id)).energy_wh == minute * 100
    await station.stop(transactionId=session.id, meterStop=19000)
    assert await bill(stay) == 1800
    await assert_replay_agrees(garage)


def stamp_of_start(garage: Garage, hours: int) -> str:
    """So many hours before the session begins, which is four hours and a second from now."""
    return iso(garage.clock.now() + timedelta(hours=4 - hours, seconds=1))


@pytest.mark.parametrize("how", ["a port that is free", "the next start"])
async def test_b7_t7_a_status_of_our_own_future_holds_nothing_up(garage: Garage, station: Station, how: str) -> None:
    stay, session = await begun(garage, station, RateKind.PER_MINUTE)
    garage.clock.turn(minutes=30)
    await station.meter(session.id, 4000)
    garage.clock.turn(days=1)
    await station.status("Available")
    garage.clock.turn(days=-1)
    garage.clock.turn(minutes=10)
    if how == "a port that is free":
        await station.look()
    else:
        await station.start("CARD", meter=4000)
    assert (await garage.session(session.id)).status is SessionStatus.ENDED
    assert await bill(stay) == 300


async def test_b7_s4_a_start_that_was_asked_for_in_our_own_future_holds_no_port(
    garage: Garage, station: Station
) -> None:
    await garage.set_rate()
    garage.clock.turn(days=1)
    await station.connect()
    session = await garage.start(await garage.check_in())
    garage.clock.turn(days=-1)
    await garage.house.charging.expire_starts()
    assert (await garage.session(session.id)).status is SessionStatus.FAILED

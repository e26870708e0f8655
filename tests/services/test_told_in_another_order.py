"""X2: what a charger tells of one session in another order, or after its end, makes one bill, and replay agrees."""

from collections.abc import Awaitable, Callable
from itertools import permutations

import pytest

from evgraph.domain.charging_session import SessionFlag, SessionStatus
from evgraph.domain.energy import WattHours
from evgraph.domain.refusals import Refusal
from evgraph.services.interfaces import ChargerRejected

from .conftest import Garage
from .station import Station, has
from .test_ends_and_stamps import assert_replay_agrees

Tell = Callable[[], Awaitable[None]]
Json = dict[str, object]
ENDS = ["stop", "stop without a register", "free", "person", "next start"]

REGISTER = "Energy.Active.Import.Register"
INTERVAL = "Energy.Active.Import.Interval"
GONE = "EV side disconnected"


async def _charging(garage: Garage, station: Station, plate: str = "JVR 8810") -> int:
    """Its session began half an hour ago, at 1000 Wh."""
    session = await garage.start(await garage.check_in(plate))
    await station.start(session.id_tag)
    garage.clock.turn(minutes=30)
    return session.id


async def _sample(station: Station, session_id: int | None, ago: float, sample: Json) -> None:
    value = {"timestamp": station.stamp(minutes=ago), "sampledValue": [sample]}
    named = {} if session_id is None else {"transactionId": session_id}
    await station.call("MeterValues", {"connectorId": 1, "meterValue": [value], **named})


async def _end(garage: Garage, station: Station, session_id: int, how: str, meter_stop: int) -> None:
    garage.clock.turn(seconds=1)
    match how:
        case "stop":
            await station.stop(transactionId=session_id, meterStop=meter_stop)
        case "stop without a register":
            await station.stop(transactionId=session_id, meterStop=None)
        case "free":
            await station.status("Available")
            garage.clock.turn(minutes=6)
            await station.look()
        case "person":
            garage.chargers.answer = ChargerRejected("Rejected")
            with pytest.raises(Refusal):
                await garage.house.charging.stop(garage.operator, session_id)
            await garage.house.charging.stop(garage.operator, session_id)
        case _:
            await station.start("CARD", meter=0)
    assert (await garage.session(session_id)).status is SessionStatus.ENDED


# Minutes before the end, and a sample; meterStop, what is billed with it, and what the readings alone tell.
METERS: dict[str, tuple[list[tuple[float, Json]], int, WattHours, WattHours]] = {
    "intervals": ([(20, {"value": "100", "measurand": INTERVAL}), (10, {"value": "200", "measurand": INTERVAL}),
                   (5, {"value": "400", "measurand": INTERVAL})], 1000, 700, 700),
    "a better location": ([(20, {"value": "1350", "location": "Outlet"}), (10, {"value": "1600", "location": "Cable"})],
                          1450, 450, 350),
    "a finer step": ([(20, {"value": "1.250", "unit": "kWh"}), (10, {"value": "3", "unit": "kWh"}),
                      (5, {"value": "4", "unit": "kWh"})], 3600, 3000, 3000),
    "a reset": ([(20, {"value": "1800"}), (10, {"value": "200"}), (5, {"value": "300"})], 400, 1000, 900),
    "plain registers": ([(20, {"value": "1350"}), (10, {"value": "1500"}), (5, {"value": "1600"})], 1700, 700, 600),
}  # fmt: skip


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("meter", METERS)
async def test_x2_m4_readings_in_any_order_are_one_bill_whoever_ends_the_session(
    garage: Garage, station: Station, meter: str, how: str
) -> None:
    told, meter_stop, with_stop, without = METERS[meter]
    found = set()
    for number, order in enumerate(permutations(told)):
        session_id = await _charging(garage, station, f"EV {number}")
        for ago, sample in order:
            await _sample(station, session_id, ago, sample)
        await _end(garage, station, session_id, how, meter_stop)
        ended = await garage.session(session_id)
        # The next one begins where this one's meter did not end.
        found.add((ended.energy_wh, ended.flags - {SessionFlag.METER_GAP}))
        garage.chargers.answer = None
        for other in await station.sessions():
            if other.status is SessionStatus.CHARGING:
                await station.stop(transactionId=other.id, meterStop=None)
        garage.clock.turn(minutes=30)
        await station.status("Available")
    ((energy_wh, _),) = found
    assert energy_wh == (with_stop if how == "stop" else without)
    await assert_replay_agrees(garage)


@pytest.mark.parametrize("how", ["stop", "stop without a register", "free", "person"])
@pytest.mark.parametrize("meter", METERS)
async def test_x2_t7_a_reading_that_comes_after_the_end_counts_in_its_place(
    garage: Garage, station: Station, meter: str, how: str
) -> None:
    told, meter_stop, with_stop, without = METERS[meter]
    first, *others = told
    session_id = await _charging(garage, station)
    for ago, sample in others:
        await _sample(station, session_id, ago, sample)
    taken_at = station.now
    await _end(garage, station, session_id, how, meter_stop)
    await _sample(station, session_id, first[0] + (station.now - taken_at).total_seconds() / 60, first[1])
    assert (await garage.session(session_id)).energy_wh == (with_stop if how == "stop" else without)
    await assert_replay_agrees(garage)


@pytest.mark.parametrize("names_it", [True, False])
async def test_m4_t7_an_unnamed_reading_of_before_the_newest_counts_only_where_the_session_still_ran(
    garage: Garage, station: Station, names_it: bool
) -> None:
    session_id = await _charging(garage, station)
    await station.meter(session_id, 2000, stamp=station.stamp(minutes=10))
    await _end(garage, station, session_id, "free", 0)
    await station.meter(session_id if names_it else None, 9000, stamp=station.stamp(minutes=18))
    await station.stop(transactionId=session_id, meterStop=2100, timestamp=station.stamp(minutes=6))
    ended = await garage.session(session_id)
    assert (ended.energy_wh, has(ended, SessionFlag.METER_RESET)) == ((8100, True) if names_it else (1100, False))
    await assert_replay_agrees(garage)


# ---------------------------------------------------------------------------------------------------- the next vehicle


@pytest.mark.parametrize("late", [None, 2020, 2040])
async def test_s7_t5_a_late_reading_of_a_superseded_session_bills_nothing_of_the_next_vehicle(
    garage: Garage, station: Station, late: int | None
) -> None:
    """The next vehicle's reading comes without an id, while its start is queued."""
    await garage.set_rate()
    session_id = await _charging(garage, station)
    garage.clock.turn(minutes=30)
    await station.meter(session_id, 2000, stamp=station.stamp(minutes=50))
    await station.meter(None, 2500, stamp=station.stamp(minutes=30))
    await station.start("CARD", meter=2050, stamp=station.stamp(minutes=40))
    before = await garage.session(session_id)
    if late is not None:
        await station.meter(session_id, late, stamp=station.stamp(minutes=45))
    ended = await garage.session(session_id)
    assert (ended.energy_wh, await station.cents(session_id), ended.ended_at) == (1050, 26, before.ended_at)
    await assert_replay_agrees(garage)


# ------------------------------------------------------------------------------------------------ the vehicle that left


def _unplugging(station: Station, session_id: int) -> dict[str, Tell]:
    """What flows after "EV side disconnected" is another vehicle's."""
    return {
        "2000": lambda: station.meter(session_id, 2000, stamp=station.stamp(minutes=20)),
        "gone": lambda: station.status("SuspendedEV", info=GONE, stamp=station.stamp(minutes=18)),
        "2000 again": lambda: station.meter(session_id, 2000, stamp=station.stamp(minutes=15)),
        "Charging": lambda: station.status("Charging", stamp=station.stamp(minutes=12)),
        "2500": lambda: station.meter(session_id, 2500, stamp=station.stamp(minutes=10)),
        "2900": lambda: station.meter(session_id, 2900, stamp=station.stamp(minutes=5)),
    }


ORDERS = [
    ["2000", "gone", "2000 again", "Charging", "2500", "2900"],
    ["2000", "2000 again", "2500", "2900", "gone", "Charging"],
    ["2000", "2000 again", "2500", "gone", "Charging", "2900"],
    ["2000", "gone", "Charging", "2500", "2900", "2000 again"],
    ["2900", "2500", "2000 again", "2000", "Charging", "gone"],
    ["Charging", "2000", "2500", "gone", "2900", "2000 again"],
    ["2000", "gone", "2500", "2900", "2000 again"],
    ["2000", "2000 again", "2500", "2900", "gone"],
    ["gone", "Charging", "2900", "2500", "2000"],
]


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("order", ORDERS)
async def test_t4_x2_statuses_and_readings_in_any_order_part_the_session_where_the_vehicle_left(
    garage: Garage, station: Station, order: list[str], how: str
) -> None:
    session_id = await _charging(garage, station)
    tell = _unplugging(station, session_id)
    for what in order:
        await tell[what]()
    await _end(garage, station, session_id, how, 2900)
    first, rest = [one for one in await station.sessions() if one.id_tag != "CARD"]
    assert (first.energy_wh, rest.energy_wh, rest.stay_id) == (1000, 900, None)
    assert has(first, SessionFlag.AFTER_UNPLUG)
    assert has(rest, SessionFlag.AFTER_UNPLUG)
    await assert_replay_agrees(garage)


@pytest.mark.parametrize("statuses", [["gone", "Charging"], ["Charging", "gone"]])
async def test_t4_a_reading_of_between_the_statuses_is_the_first_vehicles(
    garage: Garage, station: Station, statuses: list[str]
) -> None:
    """Some meters count on for a moment; the last register before Charging decides."""
    for late in (True, False):
        session_id = await _charging(garage, station, f"EV {late}")
        tell = _unplugging(station, session_id)
        between = lambda: station.meter(session_id, 2010, stamp=station.stamp(minutes=14))  # noqa: E731, B023
        await tell["2000"]()
        for what in [*([] if late else [between]), *(tell[one] for one in statuses), *([between] if late else [])]:
            await what()
        await tell["2900"]()
        await station.stop(transactionId=session_id, meterStop=2900)
        first, rest = (await station.sessions())[-2:]
        assert (first.energy_wh, rest.energy_wh) == (1010, 890)
        garage.clock.turn(minutes=30)
        await station.status("Available")
    await assert_replay_agrees(garage)


@pytest.mark.parametrize("how", ["nameless stop", "free", "person"])
@pytest.mark.parametrize("charging", ["Charging", None])
@pytest.mark.parametrize("truth", ["stop", "readings"])
async def test_t4_t7_the_vehicle_left_after_an_end_that_did_not_name_the_session(
    garage: Garage, station: Station, how: str, charging: str | None, truth: str
) -> None:
    session_id = await _charging(garage, station)
    await station.meter(session_id, 2000, stamp=station.stamp(minutes=2))
    if how == "nameless stop":
        await station.stop(transactionId=-1, meterStop=2000)
    else:
        await _end(garage, station, session_id, how, 0)
    garage.clock.turn(minutes=1)
    await station.status("SuspendedEV", info=GONE)
    if charging is not None:
        garage.clock.turn(minutes=1)
        await station.status(charging)
    for register in (2000, 2500, 2900):
        garage.clock.turn(minutes=1)
        await station.meter(session_id, register)
    if truth == "readings" and how == "nameless stop":
        # It ended by a stop of its charger: only its own stop says otherwise (T3).
        assert [one.energy_wh for one in await station.sessions()] == [1000]
        return
    garage.clock.turn(minutes=1)
    if truth == "stop":
        await station.stop(transactionId=session_id, meterStop=2900)
    else:
        await station.start("CARD", meter=2900)
    first, rest = [one for one in await station.sessions() if one.id_tag != "CARD"]
    assert (first.energy_wh, rest.energy_wh, rest.stay_id) == (1000, 900, None)
    await assert_replay_agrees(garage)


@pytest.mark.parametrize("how", ["stop", "nameless stop", "stop without a register", "person"])
@pytest.mark.parametrize("late", [["gone", "Charging"], ["Charging", "gone"], ["gone"], ["Charging"]])
async def test_t4_x2_statuses_of_before_the_end_that_come_after_it_part_the_session(
    garage: Garage, station: Station, late: list[str], how: str
) -> None:
    session_id = await _charging(garage, station)
    tell = _unplugging(station, session_id)
    statuses = {
        "gone": ("SuspendedEV", GONE, station.stamp(minutes=18)),
        "Charging": ("Charging", "", station.stamp(minutes=12)),
    }
    for what in ("2000", "gone", "2000 again", "Charging", "2500", "2900"):
        if what not in late:
            await tell[what]()
    if how == "nameless stop":
        await station.stop(transactionId=-1, meterStop=2900)
    else:
        await _end(garage, station, session_id, how, 2900)
    for what in late:
        status, info, stamp = statuses[what]
        await station.status(status, info=info, stamp=stamp)
    first, rest = await station.sessions()
    assert (first.energy_wh, rest.energy_wh, rest.stay_id) == (1000, 900, None)
    assert has(first, SessionFlag.AFTER_UNPLUG)
    await assert_replay_agrees(garage)


@pytest.mark.parametrize("is_begun", [True, False])
async def test_t4_x2_statuses_that_come_after_the_next_vehicle_are_of_the_session_before(
    garage: Garage, station: Station, is_begun: bool
) -> None:
    await garage.set_rate()
    session_id = await _charging(garage, station)
    tell = _unplugging(station, session_id)
    gone_at, again_at = station.stamp(minutes=18), station.stamp(minutes=12)
    for what in ("2000", "2000 again", "2500", "2900"):
        await tell[what]()
    await station.stop(transactionId=session_id, meterStop=2900)
    assert await station.cents(session_id) == 48
    garage.clock.turn(seconds=1)
    following = await garage.start(await garage.check_in("EV 2"))
    if is_begun:
        await station.start(following.id_tag, meter=2900)
    await station.status("SuspendedEV", info=GONE, stamp=gone_at)
    await station.status("Charging", stamp=again_at)
    first, rest = [one for one in await station.sessions() if one.id != following.id]
    assert (first.energy_wh, rest.energy_wh, await station.cents(session_id)) == (1000, 900, 25)
    assert (await garage.session(following.id)).ev_gone_at is None
    await assert_replay_agrees(garage)


async def test_t4_x2_a_parted_session_is_counted_anew_up_to_its_stop(garage: Garage, station: Station) -> None:
    """The session ended when its vehicle left; its transaction ended with its stop."""
    session_id = await _charging(garage, station)
    tell = _unplugging(station, session_id)
    late = station.stamp(minutes=10)
    for what in ("2000", "gone", "2000 again", "Charging"):
        await tell[what]()
    await station.stop(transactionId=session_id, meterStop=2900)
    await station.meter(session_id, 2500, stamp=late)
    first, rest = await station.sessions()
    assert (first.energy_wh, rest.energy_wh, rest.ended_at) == (1000, 900, station.now)
    await assert_replay_agrees(garage)


async def test_t4_a_status_after_a_stop_that_named_its_session_says_nothing_of_it(
    garage: Garage, station: Station
) -> None:
    session_id = await _charging(garage, station)
    await station.stop(transactionId=session_id, meterStop=2000)
    garage.clock.turn(minutes=1)
    await station.status("SuspendedEV", info=GONE)
    await station.status("Charging")
    assert (await garage.session(session_id)).ev_gone_at is None
    await assert_replay_agrees(garage)


@pytest.mark.parametrize("late", ["2500", "2000 again"])
async def test_t4_x2_readings_that_come_after_the_stop_show_the_next_vehicle(
    garage: Garage, station: Station, late: str
) -> None:
    session_id = await _charging(garage, station)
    tell = _unplugging(station, session_id)
    for what in ("2000", "gone", "2000 again", "2500"):
        if what != late:
            await tell[what]()
    await station.stop(transactionId=session_id, meterStop=2900)
    assert [one.energy_wh for one in await station.sessions()] == [1900]
    await tell[late]()
    first, rest = await station.sessions()
    assert (first.energy_wh, rest.energy_wh, rest.stay_id) == (1000, 900, None)
    await assert_replay_agrees(garage)


async def test_t4_t5_a_rest_that_began_elsewhere_than_was_thought_is_corrected(
    garage: Garage, station: Station
) -> None:
    """No second rest is made of it."""
    session_id = await _charging(garage, station)
    tell = _unplugging(station, session_id)
    for what in ("2000", "gone", "Charging", "2500"):
        await tell[what]()
    await station.stop(transactionId=session_id, meterStop=None, timestamp=station.stamp(minutes=4))
    assert [one.energy_wh for one in await station.sessions()] == [1000, 500]
    await station.meter(session_id, 2200, stamp=station.stamp(minutes=13))
    first, rest = await station.sessions()
    assert (first.energy_wh, rest.energy_wh, rest.meter_start_wh) == (1200, 300, 2200)
    await assert_replay_agrees(garage)


async def test_m4_b7_what_is_told_again_keeps_its_time_though_the_clock_was_set_right(
    garage: Garage, station: Station
) -> None:
    """Three minutes ahead at the start, set right between two readings: their stamps fell, and come again later."""
    await station.connect()
    garage.clock.turn(hours=1)
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag, stamp=station.stamp(minutes=-3))
    garage.clock.turn(minutes=19)
    readings = []
    for minutes, ahead, register in ((0, 3, 2000), (2, 0, 2100), (20, 0, 3000)):
        garage.clock.turn(minutes=minutes)
        readings.append((station.stamp(minutes=-ahead), register))
        await station.meter(session.id, register, stamp=readings[-1][0])
    garage.clock.turn(minutes=30)
    await station.meter(session.id, readings[1][1], stamp=readings[1][0])
    data = [{"timestamp": stamp, "sampledValue": [{"value": str(register)}]} for stamp, register in readings]
    await station.stop(transactionId=session.id, meterStop=3500, transactionData=data)
    ended = await garage.session(session.id)
    assert (ended.energy_wh, has(ended, SessionFlag.METER_RESET)) == (2500, False)
    await assert_replay_agrees(garage)


async def test_s6_m1_intervals_of_an_unreadable_start_are_all_that_its_stop_bills(
    garage: Garage, station: Station
) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag, meter="n/a")
    garage.clock.turn(minutes=30)
    for ago, wh in ((20, 650), (10, 2688)):
        await _sample(station, session.id, ago, {"value": str(wh), "measurand": INTERVAL})
    await station.stop(transactionId=session.id, meterStop=157_440)
    assert (await garage.session(session.id)).energy_wh == 3338
    await assert_replay_agrees(garage)


# ------------------------------------------------------------------------------------------------------ the next start


@pytest.mark.parametrize("has_stamp", [True, False])
@pytest.mark.parametrize("data", [[], [2800]])
@pytest.mark.parametrize("meter_stop", [None, -1, "n/a"])
async def test_x2_s7_a_stop_without_a_register_after_the_next_start_bills_what_it_would_have_billed_before(
    garage: Garage, station: Station, meter_stop: object, data: list[int], has_stamp: bool
) -> None:
    """What the meter counted between the stop and the next start is a gap (T11)."""
    bills = set()
    for number, is_late in enumerate((False, True)):
        garage.clock.turn(hours=1)
        session_id = await _charging(garage, station, f"EV {number}")
        await station.meter(session_id, 2500, stamp=station.stamp(minutes=10))
        said = {
            "transactionId": session_id,
            "meterStop": meter_stop,
            "timestamp": station.stamp(minutes=5) if has_stamp else "yesterday",
            "transactionData": [
                {"timestamp": station.stamp(minutes=6), "sampledValue": [{"value": str(register)}]} for register in data
            ],
        }
        if not is_late:
            await station.stop(**said)
        garage.clock.turn(minutes=1)
        card = await station.start("CARD", meter=3000)
        if is_late:
            assert (await garage.session(session_id)).energy_wh == 2000
            garage.clock.turn(minutes=1)
            await station.stop(**said)
        await station.stop(transactionId=card["transactionId"], meterStop=3000)
        ended = await garage.session(session_id)
        assert ended.ended_at is not None
        assert ended.started_at is not None
        bills.add((ended.energy_wh, ended.ended_at - ended.started_at if has_stamp else None))
    ((energy_wh, _),) = bills
    assert energy_wh == (1800 if data else 1500)
    await assert_replay_agrees(garage)


# --------------------------------------------------------------------------------- a start whose register is not read


@pytest.mark.parametrize("left_at", [0, 400, None])
@pytest.mark.parametrize(
    "how", ["stop", "next start", "stop, then another", "stop with a register", "stop and reading"]
)
async def test_s6_t11_a_start_that_cannot_be_read_began_where_the_one_before_left_the_meter(
    garage: Garage, station: Station, how: str, left_at: int | None
) -> None:
    """Be that at 0. Where nobody knows where, nothing but a register of its own tells."""
    before = await station.start("CARD", meter=-1 if left_at is None else left_at)
    await station.stop(transactionId=before["transactionId"], meterStop=left_at)
    garage.clock.turn(minutes=1)
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag, meter="n/a")
    garage.clock.turn(minutes=30)
    stamp = station.stamp(minutes=20)
    data = [{"timestamp": stamp, "sampledValue": [{"value": "1000"}]}]
    if how == "next start":
        await station.start("CARD", meter=3000)
    elif how == "stop with a register":
        await station.stop(transactionId=session.id, meterStop=3000, transactionData=data)
    else:
        await station.stop(transactionId=session.id, meterStop=2900 if "another" in how else 3000)
    if how == "stop, then another":
        garage.clock.turn(minutes=1)
        await station.stop(transactionId=session.id, meterStop=3000)
    if how == "stop and reading":
        await station.meter(session.id, 1000, stamp=stamp)
    expected = 0 if left_at is None else 3000 - left_at
    if how in ("stop with a register", "stop and reading"):
        expected = 2000
    ended = await garage.session(session.id)
    assert (ended.energy_wh, has(ended, SessionFlag.METER_START_ESTIMATED)) == (expected, True)
    await assert_replay_agrees(garage)


# ---------------------------------------------------------------------------------------- a stop that tells readings


@pytest.mark.parametrize("ahead", [2.5, -480, 480])
@pytest.mark.parametrize("set_right", [None, "before the stop"])
async def test_b7_readings_of_a_stop_are_by_the_clock_that_wrote_the_stop(
    garage: Garage, station: Station, ahead: float, set_right: str | None
) -> None:
    """A first reading that only the stop tells, five minutes after it was taken, is no reading of just now."""
    await station.connect()
    garage.clock.turn(hours=9)
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag, stamp=station.stamp(minutes=-ahead))
    data = []
    for register in ("1.05", "1.11", "1.22"):
        garage.clock.turn(minutes=1)
        data.append({"timestamp": station.stamp(minutes=-ahead), "sampledValue": [{"value": register, "unit": "kWh"}]})
        if register != "1.05":
            await station.call("MeterValues", {"connectorId": 1, "transactionId": session.id, "meterValue": [data[-1]]})
    garage.clock.turn(minutes=1 if set_right is None else 60)
    stamp = station.stamp(minutes=-ahead if set_right is None else 0)
    await station.stop(transactionId=session.id, meterStop=1425, timestamp=stamp, transactionData=data)
    ended = await garage.session(session.id)
    assert (ended.energy_wh, has(ended, SessionFlag.METER_RESET)) == (425, False)
    await assert_replay_agrees(garage)


@pytest.mark.parametrize("how", ["stop", "free", "person"])
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
async def test_s6_m1_a_start_that_cannot_be_read_is_at_the_first_register_of_the_location_that_counts(
    garage: Garage, station: Station, order: tuple[int, ...], how: str
) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag, meter=None)
    garage.clock.turn(minutes=30)
    told = [(20, {"value": "1200", "location": "Cable"}), (15, {"value": "2000"}), (10, {"value": "2300"})]
    for place in order:
        await _sample(station, session.id, *told[place])
    await _end(garage, station, session.id, how, 2400)
    assert (await garage.session(session.id)).energy_wh == (400 if how == "stop" else 300)
    await assert_replay_agrees(garage)


@pytest.mark.parametrize("is_late", [False, True])
async def test_x2_s7_a_late_reading_that_shows_no_more_energy_tells_when_the_session_was_last_heard_of(
    garage: Garage, station: Station, is_late: bool
) -> None:
    session_id = await _charging(garage, station)
    heard_at = station.now
    stamp = station.stamp()
    await station.meter(session_id, 1200, stamp=station.stamp(minutes=20))
    if not is_late:
        await station.meter(session_id, 1200, stamp=stamp)
    garage.clock.turn(minutes=5)
    await station.boot()
    garage.clock.turn(minutes=1)
    card = await station.start("CARD", meter=1300)
    garage.clock.turn(minutes=1)
    if is_late:
        await station.meter(session_id, 1200, stamp=stamp)
    # A meter that stands still is read for ever, and tells nothing after that.
    await station.meter(session_id, 1200)
    ended = await garage.session(session_id)
    assert (ended.energy_wh, ended.ended_at) == (200, heard_at)
    await station.stop(transactionId=card["transactionId"], meterStop=1300)
    await assert_replay_agrees(garage)

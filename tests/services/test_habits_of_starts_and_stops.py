"""Bills under chargers' habits: unreadable starts, stops that name nothing, clocks that lie, lost sessions."""

from datetime import timedelta

import pytest

from evgraph.domain.charging_request import RequestStatus
from evgraph.domain.charging_session import SessionFlag, SessionStatus
from evgraph.domain.rate import RateKind
from evgraph.domain.refusals import Refusal
from evgraph.models import PortRow
from evgraph.services.interfaces import ChargerOffline, ChargerRejected
from evgraph.services.stays import CheckOut
from tests.services.station import FACTORY_CLOCK, Station, has

from .conftest import Garage

UNREADABLE = [-1, None, 0xFFFFFFFF, "n/a", "", [], {}]


# ------------------------------------------------------------------------------------------- starts that cannot be read


@pytest.mark.parametrize("id_tag", ["ß" * 20, "ß" * 11, "ΐ" * 7, "ŉ" * 40, "カード"])
async def test_s6_c8_letters_that_are_longer_in_capitals_lose_no_session(
    garage: Garage, station: Station, id_tag: str
) -> None:
    begun = await station.start(id_tag)
    assert await station.start(id_tag) == begun
    garage.clock.turn(minutes=20)
    await station.call("Authorize", {"idTag": id_tag})
    await station.stop(transactionId=0, idTag=id_tag, meterStop=3000)
    (session,) = await station.sessions()
    assert (session.status, session.energy_wh) == (SessionStatus.ENDED, 2000)


@pytest.mark.parametrize("meter", UNREADABLE)
@pytest.mark.parametrize("tag", ["OTHER", None])
async def test_s6_t3_an_unreadable_start_has_a_session_of_its_own_and_its_stop_ends_no_other(
    garage: Garage, two: Station, meter: object, tag: str | None
) -> None:
    await garage.set_rate()
    stay = await garage.check_in()
    customer = await garage.start(stay)
    answer = await two.start(customer.id_tag, meter=1000)
    await two.meter(answer["transactionId"], 1400)

    unreadable = await two.start(tag, meter=meter, connector=2)
    assert unreadable["transactionId"] not in (0, answer["transactionId"])
    assert unreadable["idTagInfo"]["status"] == "Invalid"
    garage.clock.turn(minutes=5)
    await two.stop(transactionId=0, meterStop=4000, **({"idTag": tag} if tag else {}))

    mine, other = await two.sessions()
    assert (mine.status, mine.energy_wh) == (SessionStatus.CHARGING, 400)
    assert has(other, SessionFlag.METER_START_ESTIMATED)
    await two.stop(transactionId=answer["transactionId"], meterStop=2600)
    assert await two.cents(customer.id) == 40


async def test_s6_a_start_without_a_readable_connector_is_kept_where_no_port_is(garage: Garage, two: Station) -> None:
    customer = await garage.start(await garage.check_in())
    answer = await two.start(customer.id_tag)
    for meter, connector in enumerate((None, -1, 0, 999, "x")):
        assert (await two.start("CARD", connector=connector, meter=meter))["transactionId"] > answer["transactionId"]
    assert (await garage.session(customer.id)).status is SessionStatus.CHARGING
    shown = await PortRow.filter(charge_point_id=garage.charge_point_id, is_reported=True).order_by("connector_id")
    assert [port.connector_id for port in shown] == [1, 2]
    sessions = await two.sessions()
    assert [one.status for one in sessions] == [SessionStatus.CHARGING] * 6


async def test_b4_a_connector_that_a_status_names_at_last_has_its_port_with_its_session(
    garage: Garage, station: Station
) -> None:
    await station.start("CARD", connector=7)
    assert not (await station.port(7)).is_reported
    await station.status("Charging", connector=7)
    port = await station.port(7)
    assert port.is_reported
    (session,) = await station.sessions()
    assert (session.port_id, session.status) == (port.id, SessionStatus.CHARGING)


@pytest.mark.parametrize("meter", UNREADABLE)
async def test_s2_a_waiting_tag_opens_its_session_though_the_register_cannot_be_read(
    garage: Garage, station: Station, meter: object
) -> None:
    await garage.set_rate()
    session = await garage.start(await garage.check_in())
    answer = await station.start(session.id_tag, meter=meter)
    assert answer["transactionId"] == session.id
    garage.clock.turn(minutes=1)
    await station.meter(session.id, 5000)
    garage.clock.turn(minutes=30)
    await station.stop(transactionId=session.id, meterStop=7000)
    ended = await garage.session(session.id)
    assert (ended.energy_wh, has(ended, SessionFlag.METER_START_ESTIMATED)) == (2000, True)
    # And the very same start, sent again, is the same one.
    assert (await station.start(session.id_tag, meter=meter))["transactionId"] == session.id


async def test_s6_s7_the_next_start_ends_a_session_whose_start_nobody_knows_without_energy(
    garage: Garage, station: Station
) -> None:
    """And what is read of it later tells what it drew."""
    session = await garage.start(await garage.check_in())
    began = garage.clock.now()
    await station.start(session.id_tag, meter=None)
    garage.clock.turn(minutes=30)
    await station.start("CARD", meter=6772)
    assert (await garage.session(session.id)).energy_wh == 0
    for minute, register in ((10, 2608), (20, 5000)):
        ago = garage.clock.now() - began - timedelta(minutes=minute)
        await station.meter(session.id, register, stamp=station.stamp(seconds=ago.total_seconds()))
    assert (await garage.session(session.id)).energy_wh == 2392
    await station.stop(transactionId=session.id, meterStop=6772, timestamp=station.stamp(minutes=5))
    assert (await garage.session(session.id)).energy_wh == 4164


@pytest.mark.parametrize("order", [(5, 10), (10, 5)])
async def test_s6_x2_the_first_register_is_that_of_the_earliest_reading_whichever_came_first(
    garage: Garage, station: Station, order: tuple[int, ...]
) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag, meter=None)
    began = garage.clock.now()
    garage.clock.turn(minutes=15)
    registers = {5: 1800, 10: 2100}
    for minute in order:
        ago = garage.clock.now() - began - timedelta(minutes=minute)
        await station.meter(session.id, registers[minute], stamp=station.stamp(seconds=ago.total_seconds()))
    await station.stop(transactionId=session.id, meterStop=2500)
    ended = await garage.session(session.id)
    assert (ended.meter_start_wh, ended.energy_wh) == (1800, 700)


async def test_s6_t11_without_a_reading_the_ports_last_register_stands_in(garage: Garage, station: Station) -> None:
    first = await garage.start(await garage.check_in("A"))
    await station.start(first.id_tag, meter=1000)
    garage.clock.turn(minutes=30)
    await station.stop(transactionId=first.id, meterStop=3000)
    await station.status("Available")
    second = await garage.start(await garage.check_in("B"))
    await station.start(second.id_tag, meter=None)
    garage.clock.turn(minutes=30)
    await station.stop(transactionId=second.id, meterStop=4500)
    assert (await garage.session(second.id)).energy_wh == 1500


# ------------------------------------------------------------------------------------------------ stops in quarantine


@pytest.mark.parametrize(
    "part", [{"transactionData": ""}, {"reason": {}}, {"meterStop": None}, {"transactionData": [1]}, {"idTag": {}}]
)
async def test_t3_x2_a_stop_that_was_applied_never_ends_the_next_session(
    garage: Garage, station: Station, part: dict[str, object]
) -> None:
    await garage.set_rate()
    first = await garage.start(await garage.check_in("A"))
    await station.start(first.id_tag)
    garage.clock.turn(minutes=10)
    ahead = station.stamp(minutes=-4)
    await station.stop(**{"transactionId": first.id, "meterStop": 2000, "timestamp": ahead, **part})
    assert (await garage.session(first.id)).status is SessionStatus.ENDED
    await station.status("Available")
    second = await garage.start(await garage.check_in("B"))
    await station.start(second.id_tag, meter=2000)
    assert (await garage.session(second.id)).status is SessionStatus.CHARGING
    garage.clock.turn(minutes=10)
    await station.stop(transactionId=second.id, meterStop=3000)
    assert await station.cents(second.id) == 25


async def test_x2_an_orphan_without_a_tag_ends_no_session_that_begins_after_it(
    garage: Garage, station: Station
) -> None:
    await station.stop(transactionId=-1, meterStop=2000, timestamp=station.stamp(minutes=-3))
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag, meter=2000)
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING


async def test_x2_an_orphan_ends_its_session_by_its_one_time_tag_once_that_begins(
    garage: Garage, station: Station
) -> None:
    session = await garage.start(await garage.check_in())
    began = station.stamp()
    garage.clock.turn(minutes=20)
    await station.stop(transactionId=-1, idTag=session.id_tag, meterStop=2500)
    await station.start(session.id_tag, meter=1000, stamp=began)
    ended = await garage.session(session.id)
    assert (ended.status, ended.energy_wh) == (SessionStatus.ENDED, 1500)


async def test_t3_a_missing_transaction_id_is_null(garage: Garage, station: Station) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    garage.clock.turn(minutes=10)
    await station.meter(session.id, 2000)
    await station.stop(meterStop=2000)
    ended = await garage.session(session.id)
    assert (ended.status, ended.energy_wh) == (SessionStatus.ENDED, 1000)


async def test_t3_a_stop_bears_whoever_stopped_and_ends_the_session_that_it_names(
    garage: Garage, station: Station
) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    garage.clock.turn(minutes=10)
    await station.stop(transactionId=session.id, idTag="MASTERCARD", meterStop=2000)
    assert (await garage.session(session.id)).energy_wh == 1000


async def test_t3_a_foreign_stop_from_before_the_start_of_what_it_names_is_kept(
    garage: Garage, station: Station
) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    garage.clock.turn(minutes=10)
    await station.stop(transactionId=session.id, idTag="SOMEBODY", meterStop=2000, timestamp=station.stamp(hours=2))
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING
    (kept,) = await station.quarantined()
    assert (kept.energy_wh, kept.is_orphan) == (2000, False)


@pytest.mark.parametrize("simulated_speed", [1])
@pytest.mark.parametrize("tag", ["FREEVEND", "CARD"])
@pytest.mark.parametrize("register", [2000, 158_000])
async def test_t3_of_two_sessions_with_one_tag_a_stop_ends_the_one_that_its_register_fits(
    garage: Garage, two: Station, tag: str, register: int
) -> None:
    await PortRow.filter(charge_point_id=garage.charge_point_id).update(max_power_w=11_500)
    for connector, meter in ((1, 1000), (2, 157_000)):
        await two.start(tag, meter=meter, connector=connector)
    garage.clock.turn(minutes=30)
    await two.stop(transactionId=None, idTag=tag, meterStop=register)
    sessions = await two.sessions()
    ended = [one for one in sessions if one.status is SessionStatus.ENDED]
    assert [(one.meter_start_wh, one.energy_wh) for one in ended] == [(register - 1000, 1000)]
    assert not any(has(one, SessionFlag.METER_RESET) for one in sessions)


@pytest.mark.parametrize("register", [3000, 400, None])
async def test_t3_of_two_sessions_with_one_tag_a_stop_that_leaves_a_choice_ends_none(
    garage: Garage, two: Station, register: int | None
) -> None:
    for connector, meter in ((1, 1000), (2, 1500)):
        await two.start("CARD", meter=meter, connector=connector)
    garage.clock.turn(minutes=30)
    await two.stop(transactionId=0, idTag="CARD", meterStop=register)
    assert [one.status for one in await two.sessions()] == [SessionStatus.CHARGING] * 2
    (kept,) = await two.quarantined()
    assert kept.energy_wh == register


async def test_t3_a_second_different_stop_is_a_correction_within_ten_minutes_and_else_kept(
    garage: Garage, station: Station
) -> None:
    await garage.set_rate(cents="100")
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    garage.clock.turn(minutes=10)
    await station.stop(transactionId=session.id, meterStop=1028)
    garage.clock.turn(minutes=5)
    await station.stop(transactionId=session.id, meterStop=1109)
    ended = await garage.session(session.id)
    assert (ended.energy_wh, await station.cents(session.id)) == (109, 11)
    assert await station.quarantined() == []
    await station.stop(transactionId=session.id, meterStop=1109)
    garage.clock.turn(minutes=30)
    await station.stop(transactionId=session.id, meterStop=9000)
    assert (await garage.session(session.id)).energy_wh == 109
    (kept,) = await station.quarantined()
    assert kept.energy_wh == 9000


@pytest.mark.parametrize("wrong", [FACTORY_CLOCK, "before the start", "nonsense"])
@pytest.mark.parametrize("is_right_first", [True, False])
async def test_t3_x2_of_two_stops_the_one_whose_stamp_is_believed_counts(
    garage: Garage, station: Station, wrong: str, is_right_first: bool
) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    garage.clock.turn(minutes=10)
    ended_at = garage.clock.now()
    stops = [
        {"meterStop": 1500, "timestamp": station.stamp()},
        {"meterStop": 1900, "timestamp": station.stamp(hours=3) if wrong == "before the start" else wrong},
    ]
    for stop in stops if is_right_first else reversed(stops):
        garage.clock.turn(minutes=1)
        await station.stop(transactionId=session.id, **stop)
    ended = await garage.session(session.id)
    assert (ended.ended_at, ended.energy_wh) == (ended_at, 500)


@pytest.mark.parametrize("tag", [{}, {"idTag": "SOMEONE"}])
async def test_t3_t7_a_stop_that_names_the_session_takes_the_place_of_one_that_merely_fitted(
    garage: Garage, station: Station, tag: dict[str, str]
) -> None:
    session = await garage.start(await garage.check_in())
    answer = await station.start(session.id_tag)
    garage.clock.turn(minutes=10)
    await station.stop(transactionId=None, meterStop=1900)
    garage.clock.turn(minutes=30)
    await station.stop(transactionId=answer["transactionId"], meterStop=1500, **tag)
    assert (await garage.session(session.id)).energy_wh == 500
    assert await station.quarantined() == []


async def test_t7_a_late_stop_that_tells_nothing_at_all_leaves_a_choice_among_connectors(
    garage: Garage, two: Station
) -> None:
    session = await garage.start(await garage.check_in())
    await two.start(session.id_tag)
    await two.start("CARD", connector=2)
    garage.clock.turn(minutes=10)
    await two.status("Available")
    garage.clock.turn(minutes=6)
    await two.look()
    before = await garage.session(session.id)
    await two.stop(transactionId=None, meterStop=None, timestamp=two.stamp(minutes=3))
    assert (await garage.session(session.id)).ended_at == before.ended_at
    assert len(await two.quarantined()) == 1


async def test_t7_b7_a_late_stop_that_names_nothing_is_placed_by_a_clock_that_is_put_right(
    garage: Garage, station: Station
) -> None:
    await station.connect()
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag, stamp=station.stamp(hours=8))
    garage.clock.turn(minutes=10)
    ended_at = garage.clock.now()
    stamp = station.stamp(hours=8)
    await station.status("Available", stamp=stamp)
    garage.clock.turn(minutes=6)
    await station.look()
    garage.clock.turn(minutes=30)
    await station.stop(transactionId=-1, meterStop=1500, timestamp=stamp)
    ended = await garage.session(session.id)
    assert (ended.ended_at, ended.energy_wh) == (ended_at, 500)


async def test_t3_x2_a_stop_that_names_the_session_sets_its_end_also_by_its_receipt(
    garage: Garage, station: Station
) -> None:
    await garage.set_rate(RateKind.PER_MINUTE, "10")
    session = await garage.start(await garage.check_in())
    answer = await station.start(session.id_tag)
    garage.clock.turn(minutes=10)
    await station.stop(transactionId=None, meterStop=1500)
    garage.clock.turn(minutes=10)
    await station.stop(transactionId=answer["transactionId"], meterStop=1900, timestamp=station.stamp(hours=3))
    ended = await garage.session(session.id)
    assert (ended.ended_at, ended.energy_wh) == (garage.clock.now(), 900)
    assert await station.cents(session.id) == 200


async def test_t3_a_stop_that_names_nothing_leaves_a_session_that_went_on_after_it(
    garage: Garage, two: Station
) -> None:
    session = await garage.start(await garage.check_in())
    await two.start(session.id_tag)
    garage.clock.turn(minutes=10)
    queued = two.stamp(minutes=3)
    await two.meter(session.id, 2000, stamp=two.stamp(minutes=5))
    await two.meter(session.id, 2500)
    await two.stop(transactionId=-1, meterStop=9000, timestamp=queued)
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING
    assert len(await two.quarantined()) == 1


# ---------------------------------------------------------------------------------------------- clocks that lie (B7)


@pytest.mark.parametrize("wrong", ["2022-01-01T00:00:00Z", FACTORY_CLOCK, "nonsense", ""])
async def test_b7_a_session_that_was_asked_for_does_not_begin_before_that(
    garage: Garage, station: Station, wrong: str
) -> None:
    await garage.set_rate(RateKind.PER_MINUTE, "10")
    await station.connect()
    session = await garage.start(await garage.check_in())
    garage.clock.turn(seconds=30)
    asked = garage.clock.now()
    await station.start(session.id_tag, stamp=wrong)
    garage.clock.turn(minutes=10)
    await station.stop(transactionId=session.id, meterStop=3000)
    ended = await garage.session(session.id)
    assert (ended.started_at, ended.lasted(garage.clock.now())) == (asked, timedelta(minutes=10))
    assert has(ended, SessionFlag.CLOCK_REPLACED)
    assert await station.cents(session.id) == 100


async def test_b7_a_clock_hours_behind_counts_with_its_error_until_it_is_corrected(
    garage: Garage, station: Station
) -> None:
    await garage.set_rate(RateKind.PER_MINUTE, "10")
    await station.connect()
    session = await garage.start(await garage.check_in())
    began = garage.clock.now()
    await station.start(session.id_tag, stamp=station.stamp(hours=8))
    garage.clock.turn(minutes=10)
    await station.meter(session.id, 1500, stamp=station.stamp(hours=8))
    assert (await garage.session(session.id)).last_meter_at == garage.clock.now()
    garage.clock.turn(minutes=10)
    # The cable is pulled, the network is down, and the clock is right by the time that the stop comes.
    ended_at = garage.clock.now()
    stamps = [station.stamp(hours=8), station.stamp()]
    garage.clock.turn(minutes=20)
    for stamp in stamps:
        await station.stop(transactionId=session.id, meterStop=3000, timestamp=stamp)
        ended = await garage.session(session.id)
        assert (ended.started_at, ended.ended_at) == (began, ended_at)
    assert await station.cents(session.id) == 200


async def test_b7_an_offline_start_of_a_lying_clock_begins_when_it_was_asked_for(
    garage: Garage, station: Station
) -> None:
    await station.connect()
    session = await garage.start(await garage.check_in())
    asked = garage.clock.now()
    await station.hang_up()
    garage.clock.turn(minutes=40)
    await station.start(session.id_tag, stamp=FACTORY_CLOCK)
    assert (await garage.session(session.id)).started_at == asked


async def test_b7_no_session_ends_before_it_starts(garage: Garage, station: Station) -> None:
    await garage.set_rate(RateKind.PER_MINUTE, "10")
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    garage.clock.turn(minutes=10)
    await station.stop(transactionId=session.id, meterStop=3000, timestamp=station.stamp(hours=3))
    ended = await garage.session(session.id)
    assert (ended.ended_at, has(ended, SessionFlag.CLOCK_REPLACED)) == (garage.clock.now(), True)
    assert await station.cents(session.id) == 100


@pytest.mark.parametrize("is_asked_for", [True, False])
@pytest.mark.parametrize("slow", [timedelta(hours=8), timedelta(days=1800), timedelta(days=20_700)])
async def test_s7_b7_a_session_ends_at_the_next_start_by_a_clock_that_is_put_right(
    garage: Garage, two: Station, slow: timedelta, is_asked_for: bool
) -> None:
    await garage.set_rate(RateKind.PER_MINUTE, "10")
    first = await garage.start(await garage.check_in())
    began = garage.clock.now()
    await two.start(first.id_tag, meter=1000, stamp=two.stamp(seconds=slow.total_seconds()))
    garage.clock.turn(minutes=5)
    await two.meter(first.id, 1500, stamp=two.stamp(seconds=slow.total_seconds()))
    garage.clock.turn(minutes=15)
    # One that was asked for elsewhere begins here, or one that nobody asked for.
    asked_for = await garage.start(await garage.check_in(), (await two.port(2)).id) if is_asked_for else None
    tag = asked_for.id_tag if asked_for is not None else "CARD"
    await two.start(tag, meter=2000, stamp=two.stamp(seconds=slow.total_seconds()))
    ended = await garage.session(first.id)
    assert (ended.started_at, ended.ended_at, ended.energy_wh) == (began, garage.clock.now(), 1000)
    assert has(ended, SessionFlag.CLOCK_REPLACED)
    assert await two.cents(first.id) == 200


async def test_b7_a_stop_whose_stamp_cannot_be_read_ends_at_the_last_reading(garage: Garage, station: Station) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    garage.clock.turn(minutes=10)
    await station.meter(session.id, 2000)
    read_at = garage.clock.now()
    garage.clock.turn(minutes=50)
    await station.stop(transactionId=session.id, meterStop=2100, timestamp="yesterday")
    ended = await garage.session(session.id)
    assert (ended.ended_at, ended.energy_wh, has(ended, SessionFlag.CLOCK_REPLACED)) == (read_at, 1100, True)


@pytest.mark.parametrize("seconds", [1, 240])
async def test_b7_a_stamp_a_little_ahead_counts_as_its_receipt(
    garage: Garage, station: Station, seconds: float
) -> None:
    session = await garage.start(await garage.check_in())
    began = garage.clock.now()
    await station.start(session.id_tag, stamp=station.stamp(seconds=-seconds))
    garage.clock.turn(minutes=10)
    await station.stop(transactionId=session.id, meterStop=2100, timestamp=station.stamp(seconds=-seconds))
    ended = await garage.session(session.id)
    assert (ended.started_at, ended.ended_at) == (began, garage.clock.now())


# ------------------------------------------------------------------------- what comes after, or in other orders


@pytest.mark.parametrize("stop_first", [True, False])
@pytest.mark.parametrize("named", [True, False])
async def test_t1_x2_readings_dated_after_the_stop_are_not_the_sessions_whichever_came_first(
    garage: Garage, station: Station, stop_first: bool, named: bool
) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    garage.clock.turn(seconds=600)
    stop = {"transactionId": session.id if named else -1, "meterStop": 1230, "timestamp": station.stamp(seconds=400)}
    for what in ("stop", "reading") if stop_first else ("reading", "stop"):
        if what == "stop":
            await station.stop(**stop)
        else:
            await station.meter(session.id, 1900, stamp=station.stamp(seconds=100))
    ended = await garage.session(session.id)
    assert (ended.status, ended.energy_wh, ended.flags) == (SessionStatus.ENDED, 230, frozenset())


async def test_s7_an_unconfirmed_session_ends_when_and_where_it_was_last_heard_of(
    garage: Garage, station: Station
) -> None:
    await garage.set_rate(RateKind.PER_MINUTE, "10")
    lost = await garage.start(await garage.check_in("A"))
    await station.start(lost.id_tag)
    garage.clock.turn(minutes=10)
    await station.meter(lost.id, 2000)
    read_at = garage.clock.now()
    garage.clock.turn(minutes=50)
    await station.boot()
    await station.start("CARD", meter=2600)
    ended = await garage.session(lost.id)
    assert (ended.ended_at, ended.energy_wh, await station.cents(lost.id)) == (read_at, 1000, 100)
    following = (await station.sessions())[-1]
    assert has(following, SessionFlag.METER_GAP)


@pytest.mark.parametrize(
    ("status", "info"), [("SuspendedEV", "EV side disconnected"), ("Available", ""), ("Charging", "")]
)
async def test_b6_t4_t7_a_status_from_before_the_start_says_nothing_of_the_session(
    garage: Garage, station: Station, status: str, info: str
) -> None:
    await station.connect()
    garage.clock.turn(minutes=10)
    session = await garage.start(await garage.check_in())
    answer = await station.start(session.id_tag)
    garage.clock.turn(minutes=2)
    await station.status(status, info=info, stamp=station.stamp(minutes=5))
    garage.clock.turn(minutes=8)
    await station.look()
    running = await garage.session(session.id)
    assert (running.status, running.available_since, running.ev_gone_at) == (SessionStatus.CHARGING, None, None)
    assert (running.must_stop, running.charging_seen_at) == (False, None)
    await station.meter(answer["transactionId"], 1400)
    assert (await garage.session(session.id)).energy_wh == 400


async def test_t4_what_flows_after_the_vehicle_left_is_another_sessions(garage: Garage, station: Station) -> None:
    await garage.set_rate(cents="100")
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    garage.clock.turn(minutes=10)
    await station.meter(session.id, 2000)
    garage.chargers.answer = ChargerRejected("not now")
    await station.status("SuspendedEV", info="EV side disconnected")
    await station.look()
    assert garage.chargers.stopped == [session.id]
    garage.clock.turn(seconds=30)
    await station.look()
    assert garage.chargers.stopped == [session.id]
    garage.clock.turn(seconds=31)
    await station.look()
    assert garage.chargers.stopped == [session.id] * 2
    for register in (2000, 2000, 2400, 2900):
        garage.clock.turn(minutes=1)
        await station.meter(session.id, register)
    assert (await garage.session(session.id)).energy_wh == 1000
    await station.stop(transactionId=session.id, meterStop=2900)
    first, rest = await station.sessions()
    assert (first.energy_wh, await station.cents(first.id)) == (1000, 100)
    assert (rest.energy_wh, rest.stay_id, rest.status) == (900, None, SessionStatus.ENDED)
    assert has(rest, SessionFlag.AFTER_UNPLUG)


# --------------------------------------------------------------------------------------------------- lost and late (T7)


async def _free_session(garage: Garage, station: Station, register: int = 2000) -> int:
    """Closed by us: its port was free for five minutes, and no stop came."""
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    garage.clock.turn(minutes=10)
    await station.meter(session.id, register)
    await station.status("Available")
    garage.clock.turn(minutes=6)
    await station.look()
    assert has(await garage.session(session.id), SessionFlag.ESTIMATED)
    return session.id


async def test_t7_a_stop_that_names_nothing_hours_later_is_nobodys(garage: Garage, station: Station) -> None:
    await garage.set_rate()
    session_id = await _free_session(garage, station)
    garage.clock.turn(hours=3)
    await station.stop(transactionId=-1, meterStop=9000)
    assert (await garage.session(session_id)).energy_wh == 1000
    (kept,) = await station.quarantined()
    assert kept.energy_wh == 9000


async def test_t7_a_stop_that_names_nothing_and_fits_is_the_late_truth(garage: Garage, station: Station) -> None:
    session_id = await _free_session(garage, station)
    stopped_at = station.stamp(minutes=6)
    garage.clock.turn(hours=3)
    await station.stop(transactionId=-1, meterStop=2100, timestamp=stopped_at)
    ended = await garage.session(session_id)
    assert (ended.energy_wh, has(ended, SessionFlag.ESTIMATED)) == (1100, False)


async def test_t7_a_session_that_we_closed_and_that_runs_on_is_open_again(garage: Garage, station: Station) -> None:
    await garage.set_rate(cents="100")
    session_id = await _free_session(garage, station)
    assert await station.cents(session_id) == 100
    garage.clock.turn(minutes=1)
    await station.meter(session_id, 2500)
    again = await garage.session(session_id)
    assert (again.status, again.energy_wh) == (SessionStatus.CHARGING, 1500)
    await station.look()
    assert garage.chargers.stopped == [session_id]
    await station.stop(transactionId=session_id, meterStop=2600)
    assert await station.cents(session_id) == 160


async def test_t7_a_session_that_was_lost_before_any_energy_waits_again_and_says_why(
    garage: Garage, station: Station
) -> None:
    stay = await garage.check_in()
    session = await garage.start(stay)
    await station.start(session.id_tag)
    await station.hang_up()
    await station.connect()
    await station.boot()
    await station.status("Available")
    garage.clock.turn(minutes=6)
    await station.look()
    request = await garage.request_of(stay)
    assert request.status is RequestStatus.NEEDS_CHARGING
    assert "lost the session" in (request.last_start_failure or "")


async def _refuses_to_stop(garage: Garage, session_id: int) -> None:
    garage.chargers.answer = ChargerRejected("no such transaction")
    with pytest.raises(Refusal):
        await garage.house.charging.stop(garage.operator, session_id)


@pytest.mark.parametrize("status", ["Unavailable", "Faulted", "Preparing", "Finishing"])
async def test_t7_a_transaction_that_was_lost_at_a_boot_is_closed_a_minute_after_its_stop_was_rejected(
    garage: Garage, station: Station, status: str
) -> None:
    await garage.set_rate(cents="100")
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    garage.clock.turn(minutes=10)
    await station.meter(session.id, 2000)
    read_at = garage.clock.now()
    await station.boot()
    await station.status(status)
    garage.clock.turn(minutes=2)
    await _refuses_to_stop(garage, session.id)
    garage.clock.turn(seconds=59)
    await station.call("Heartbeat", {})
    await station.look()
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING
    garage.clock.turn(seconds=1)
    await station.look()
    ended = await garage.session(session.id)
    assert (ended.ended_at, ended.energy_wh, await station.cents(session.id)) == (read_at, 1000, 100)
    assert has(ended, SessionFlag.ESTIMATED)


async def test_t7_a_rejection_right_after_a_boot_does_not_prove_that_the_transaction_is_lost(
    garage: Garage, station: Station
) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    await station.meter(session.id, 1000)
    garage.clock.turn(seconds=15)
    await station.meter(session.id, 1040)
    await station.boot()
    garage.clock.turn(seconds=30)
    await _refuses_to_stop(garage, session.id)
    garage.clock.turn(minutes=4)
    await station.look()
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING
    garage.clock.turn(minutes=1)
    await station.look()
    assert has(await garage.session(session.id), SessionFlag.ESTIMATED)


@pytest.mark.parametrize(("interval", "patience"), [(15, 300), (120, 300), (600, 1800)])
async def test_t7_without_a_boot_it_is_lost_when_no_reading_comes(
    garage: Garage, station: Station, interval: float, patience: float
) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    for register in (1100, 1200):
        garage.clock.turn(seconds=interval)
        await station.meter(session.id, register)
    await _refuses_to_stop(garage, session.id)
    garage.clock.turn(seconds=patience - 1)
    await station.look()
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING
    garage.clock.turn(seconds=1)
    await station.look()
    assert has(await garage.session(session.id), SessionFlag.ESTIMATED)


async def test_t7_a_session_whose_readings_go_on_is_not_lost_though_its_stop_was_rejected(
    garage: Garage, station: Station
) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    await station.boot()
    garage.clock.turn(minutes=3)
    await _refuses_to_stop(garage, session.id)
    for register in range(1000, 2000, 100):
        garage.clock.turn(seconds=50)
        await station.meter(session.id, register)
        await station.look()
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING


@pytest.mark.parametrize("reason", ["PowerLoss", "Reboot", "HardReset", "SoftReset"])
async def test_t7_a_session_that_was_interrupted_before_any_energy_waits_again(
    garage: Garage, station: Station, reason: str
) -> None:
    stay = await garage.check_in()
    session = await garage.start(stay)
    await station.start(session.id_tag)
    await station.stop(transactionId=session.id, meterStop=1005, reason=reason)
    assert (await garage.request_of(stay)).status is RequestStatus.NEEDS_CHARGING


async def test_t7_t12_no_request_of_a_closed_stay_waits_again(garage: Garage, station: Station) -> None:
    stay = await garage.check_in()
    session = await garage.start(stay)
    await station.start(session.id_tag)
    await station.hang_up()
    garage.chargers.answer = ChargerOffline("gone")
    await garage.house.stays.check_out(garage.operator, CheckOut(stay_id=stay.id, stop_charging=True))
    garage.clock.turn(minutes=6)
    await station.status("Available")
    garage.clock.turn(minutes=6)
    await station.look()
    assert (await garage.request_of(stay)).status is not RequestStatus.NEEDS_CHARGING


# --------------------------------------------------------------------------------- chargers' own idTags (S2, S3)


async def test_s2_a_start_with_the_chargers_own_tag_is_the_one_that_waits_there(
    garage: Garage, station: Station
) -> None:
    stay = await garage.check_in()
    session = await garage.start(stay)
    assert (await station.call("Authorize", {"idTag": "STATION"}))["idTagInfo"]["status"] == "Accepted"
    answer = await station.start("STATION")
    assert answer == {"transactionId": session.id, "idTagInfo": {"status": "Accepted"}}
    again = await station.start("STATION", stamp=station.stamp())
    assert again["transactionId"] == session.id
    garage.clock.turn(minutes=10)
    await station.stop(transactionId=-1, idTag="STATION", meterStop=2000)
    ended = await garage.session(session.id)
    assert (ended.energy_wh, has(ended, SessionFlag.OTHER_ID_TAG)) == (1000, True)
    assert (await garage.request_of(stay)).status is RequestStatus.CHARGED


async def test_s2_not_at_another_connector_nor_with_a_card_nor_after_the_window(garage: Garage, two: Station) -> None:
    session = await garage.start(await garage.check_in())
    assert (await two.start("STATION", connector=2))["transactionId"] != session.id
    assert (await two.start("STATION", stamp=FACTORY_CLOCK, meter=5))["transactionId"] != session.id


async def test_s2_our_own_tag_after_all_makes_the_other_one_unassigned(garage: Garage, two: Station) -> None:
    stay = await garage.check_in()
    session = await garage.start(stay)
    await two.start("STATION")
    garage.clock.turn(minutes=1)
    await two.meter(session.id, 1500)
    answer = await two.start(session.id_tag, meter=50, connector=2)
    taken, ours = await two.sessions()
    assert (taken.id, taken.stay_id, taken.request_id) == (session.id, None, None)
    assert (answer["transactionId"], ours.stay_id, ours.connector_id) == (ours.id, stay.id, 2)
    request = await garage.request_of(stay)
    assert (request.status, request.session_id) == (RequestStatus.CHARGING, ours.id)


@pytest.mark.parametrize(("late_by", "is_ours"), [(20, True), (40, False)])
async def test_s5_a_start_after_the_window_is_not_the_vehicle_that_it_was_meant_for(
    garage: Garage, station: Station, late_by: float, is_ours: bool
) -> None:
    session = await garage.start(await garage.check_in())
    garage.clock.turn(seconds=180 + late_by)
    await station.look()
    answer = await station.start(session.id_tag)
    assert (answer["transactionId"] == session.id) is is_ours
    assert (answer["idTagInfo"]["status"] == "Accepted") is is_ours


async def test_s5_a_start_within_the_window_that_is_told_late_is_revived(garage: Garage, station: Station) -> None:
    session = await garage.start(await garage.check_in())
    garage.clock.turn(seconds=60)
    began = station.stamp()
    garage.clock.turn(minutes=30)
    await station.look()
    assert (await station.start(session.id_tag, stamp=began))["transactionId"] == session.id
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING


# ------------------------------------------------------------------------------------------------- mixed up, and late


async def test_s7_x2_a_start_that_waited_in_the_queue_ends_nothing_that_began_after_it(
    garage: Garage, station: Station
) -> None:
    await garage.set_rate(cents="100")
    long_ago = station.stamp(minutes=90)
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    garage.clock.turn(minutes=10)
    await station.meter(session.id, 1500)
    queued = await station.start("CARD", meter=200, stamp=long_ago)
    await station.stop(transactionId=queued["transactionId"], meterStop=900, timestamp=station.stamp(minutes=70))
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING
    await station.stop(transactionId=session.id, meterStop=3000)
    mine, theirs = await station.sessions()
    assert (mine.energy_wh, await station.cents(mine.id), mine.flags) == (2000, 200, frozenset())
    assert (theirs.energy_wh, theirs.stay_id) == (700, None)


async def test_t3_a_stop_with_the_tag_of_a_start_that_is_under_way_waits_for_it(garage: Garage, two: Station) -> None:
    first = await garage.start(await garage.check_in("A"))
    await two.start(first.id_tag)
    second = await garage.start(await garage.check_in("B"), (await two.port(2)).id)
    began = two.stamp()
    garage.clock.turn(minutes=10)
    await two.stop(transactionId=first.id, idTag=second.id_tag, meterStop=5000)
    assert (await garage.session(first.id)).status is SessionStatus.CHARGING
    await two.start(second.id_tag, connector=2, meter=4000, stamp=began)
    ended = await garage.session(second.id)
    assert (ended.status, ended.energy_wh) == (SessionStatus.ENDED, 1000)


async def test_s2_a_one_time_tag_at_two_connectors_is_two_transactions(garage: Garage, two: Station) -> None:
    session = await garage.start(await garage.check_in())
    first = await two.start(session.id_tag, meter=0)
    second = await two.start(session.id_tag, meter=0, connector=2)
    assert first["transactionId"] != second["transactionId"]


async def test_b6_a_clock_that_stands_still_repeats_no_status(garage: Garage, station: Station) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    for status in ("Available", "Charging", "Available"):
        await station.status(status, stamp="2021-01-01T00:00:00Z")
    assert (await station.port(1)).reported_status.value == "Available"

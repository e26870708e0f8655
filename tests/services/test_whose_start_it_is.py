"""Whose start it is: our own idTag that comes after another was taken for it, and a vehicle that goes on by itself."""

import pytest

from evgraph.domain.charging_request import RequestStatus
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.rate import RateKind
from evgraph.domain.stay import Stay
from evgraph.models import GarageRow
from evgraph.services.stays import CheckOut
from tests.services.bills import bill, differences
from tests.services.station import FACTORY_CLOCK, Station

from .conftest import Garage


async def latest(station: Station) -> ChargingSession:
    return (await station.sessions())[-1]


async def begun_with_its_own_tag(garage: Garage, station: Station) -> tuple[Stay, ChargingSession]:
    """A session that was asked for, at a dollar a kWh, and that its charger began with an idTag of its own."""
    await garage.set_rate(cents="100")
    stay = await garage.check_in()
    session = await garage.start(stay)
    await station.start("STATION")
    return stay, session


@pytest.mark.parametrize("free_starts", [False, True])
@pytest.mark.parametrize(("late_by", "status"), [(20, "Accepted"), (40, "Invalid"), (18_000, "Invalid")])
async def test_s3_s5_authorize_and_start_agree_on_a_start_that_was_given_up(
    garage: Garage, station: Station, late_by: float, status: str, free_starts: bool
) -> None:
    """Another vehicle may have come; that the garage lets anyone start is no reason to take it for ours."""
    await GarageRow.filter(id=garage.id).update(free_starts=free_starts)
    session = await garage.start(await garage.check_in())
    garage.clock.turn(seconds=180 + late_by)
    await station.look()
    assert (await garage.session(session.id)).status is SessionStatus.FAILED
    authorized = await station.call("Authorize", {"idTag": session.id_tag})
    started = await station.start(session.id_tag)
    assert [answer["idTagInfo"]["status"] for answer in (authorized, started)] == [status] * 2
    assert ((await latest(station)).id == session.id) == (status == "Accepted")


# --------------------------------------------------------------------- our own idTag, after another was taken for it


@pytest.mark.parametrize(("late_by", "is_ours"), [(20, True), (40, False)])
async def test_s5_our_own_tag_after_another_opened_its_session_is_ours_only_within_the_window(
    garage: Garage, two: Station, late_by: float, is_ours: bool
) -> None:
    stay, session = await begun_with_its_own_tag(garage, two)
    garage.clock.turn(seconds=180 + late_by)
    answer = await two.start(session.id_tag, meter=5000, connector=2)
    assert (answer["idTagInfo"]["status"] == "Accepted") is is_ours
    garage.clock.turn(minutes=30)
    await two.stop(transactionId=session.id, meterStop=2000)
    await two.stop(transactionId=answer["transactionId"], meterStop=10_000)
    assert await bill(stay) == (500 if is_ours else 100)
    assert not await differences(garage)


async def test_s5_our_own_tag_told_late_but_stamped_within_the_window_is_ours(garage: Garage, two: Station) -> None:
    stay, session = await begun_with_its_own_tag(garage, two)
    garage.clock.turn(minutes=2)
    began = two.stamp()
    garage.clock.turn(hours=2)
    answer = await two.start(session.id_tag, meter=5000, connector=2, stamp=began)
    await two.stop(transactionId=answer["transactionId"], meterStop=10_000)
    assert await bill(stay) == 500


async def test_s5_a_closed_ticket_is_not_billed_for_our_own_tag_days_later(garage: Garage, station: Station) -> None:
    stay, session = await begun_with_its_own_tag(garage, station)
    garage.clock.turn(minutes=30)
    await station.stop(transactionId=session.id, meterStop=5000)
    await garage.house.stays.check_out(garage.operator, CheckOut(stay_id=stay.id))
    garage.clock.turn(days=1)
    answer = await station.start(session.id_tag, meter=5000)
    assert answer["idTagInfo"]["status"] == "Invalid"
    garage.clock.turn(minutes=30)
    await station.stop(transactionId=answer["transactionId"], meterStop=10_000)
    assert (await bill(stay), (await latest(station)).stay_id) == (400, None)
    assert not await differences(garage)


async def test_s5_our_own_tag_within_the_window_of_a_closed_ticket_is_nobodys(garage: Garage, station: Station) -> None:
    stay, session = await begun_with_its_own_tag(garage, station)
    garage.clock.turn(minutes=1)
    await station.stop(transactionId=session.id, meterStop=1500)
    await garage.house.stays.check_out(garage.operator, CheckOut(stay_id=stay.id))
    answer = await station.start(session.id_tag, meter=1500)
    await station.stop(transactionId=answer["transactionId"], meterStop=10_000)
    assert (await bill(stay), (await latest(station)).stay_id) == (50, None)


@pytest.mark.parametrize("is_running", [True, False])
async def test_s2_our_own_tag_is_of_the_request_that_it_was_made_for_though_the_session_was_moved(
    garage: Garage, two: Station, is_running: bool
) -> None:
    await garage.set_rate(cents="100")
    ours, other = await garage.check_in("A"), await garage.check_in("B")
    session = await garage.start(ours)
    await two.start("STATION")
    garage.clock.turn(minutes=1)
    if not is_running:
        await two.stop(transactionId=session.id, meterStop=3000)
    await garage.house.assigning.reassign(garage.operator, session.id, other.id)
    answer = await two.start(session.id_tag, meter=50, connector=2)
    assert answer["idTagInfo"]["status"] == "Accepted"
    assert (await latest(two)).request_id == (await garage.request_of(ours)).id
    garage.clock.turn(minutes=10)
    await two.stop(transactionId=answer["transactionId"], meterStop=1050)
    if is_running:
        await two.stop(transactionId=session.id, meterStop=3000)
    assert (await bill(ours), await bill(other)) == (100, 200)
    assert (await garage.session(session.id)).stay_id == other.id
    # Neither start is taken for another one when it is sent again.
    assert (await two.start(session.id_tag, meter=50, connector=2))["transactionId"] == answer["transactionId"]
    assert not await differences(garage)


async def test_s2_our_own_tag_begins_nothing_more_for_a_request_that_charges_elsewhere(
    garage: Garage, two: Station
) -> None:
    await garage.set_rate(cents="100")
    ours, other = await garage.check_in("A"), await garage.check_in("B")
    session = await garage.start(ours)
    await two.start("STATION")
    await garage.house.assigning.reassign(garage.operator, session.id, other.id)
    await garage.start(ours, port_id=garage.other_port_id)
    answer = await two.start(session.id_tag, meter=50, connector=2)
    assert answer["idTagInfo"]["status"] == "Invalid"
    assert (await latest(two)).stay_id is None


async def test_s2_a_session_that_was_moved_and_moved_back_is_unassigned_by_our_own_tag(
    garage: Garage, two: Station
) -> None:
    ours, other = await garage.check_in("A"), await garage.check_in("B")
    session = await garage.start(ours)
    await two.start("STATION")
    for stay in (other, ours):
        await garage.house.assigning.reassign(garage.operator, session.id, stay.id)
    answer = await two.start(session.id_tag, meter=50, connector=2)
    assert ((await garage.session(session.id)).stay_id, (await latest(two)).stay_id) == (None, ours.id)
    assert answer["transactionId"] != session.id


# -------------------------------------------------------------------------- a charger that was cut off, and goes on


async def test_t8_b7_a_continued_session_does_not_begin_before_the_one_that_it_continues_ended(
    garage: Garage, station: Station
) -> None:
    """Its clock is an hour slow, also after the power cut, until it is put right."""
    await garage.set_rate(RateKind.PER_MINUTE, "10")
    garage.clock.turn(hours=4)
    await station.connect()
    stay = await garage.check_in()
    first = await garage.start(stay)
    await station.start(first.id_tag, stamp=station.stamp(hours=1))
    garage.clock.turn(minutes=30)
    await station.stop(transactionId=first.id, meterStop=4000, timestamp=station.stamp(hours=1), reason="PowerLoss")
    garage.clock.turn(minutes=5)
    began_at = garage.clock.now()
    answer = await station.start(first.id_tag, meter=4000, stamp=station.stamp(hours=1))
    garage.clock.turn(minutes=30)
    await station.stop(transactionId=answer["transactionId"], meterStop=7000)
    second = await latest(station)
    assert (second.started_at, second.ended_at) == (began_at, garage.clock.now())
    assert await bill(stay) == 600
    assert not await differences(garage)


@pytest.mark.parametrize(
    ("stamp", "minutes"),
    [
        ({"minutes": 3}, 33),  # its own, after the end of the first part
        ({"minutes": 5, "seconds": 30}, 35),  # a little before that
        ({"hours": 1}, 30),  # an hour before that: when it was received
        (None, 30),  # the factory's clock
    ],
)
async def test_t8_b7_a_continued_session_is_stamped_by_a_clock_that_was_right(
    garage: Garage, station: Station, stamp: dict[str, float] | None, minutes: int
) -> None:
    await garage.set_rate(RateKind.PER_MINUTE, "10")
    garage.clock.turn(hours=4)
    await station.connect()
    stay = await garage.check_in()
    first = await garage.start(stay)
    await station.start(first.id_tag)
    garage.clock.turn(minutes=30)
    await station.stop(transactionId=first.id, meterStop=4000, reason="PowerLoss")
    garage.clock.turn(minutes=5)
    told = FACTORY_CLOCK if stamp is None else station.stamp(**stamp)
    answer = await station.start(first.id_tag, meter=4000, stamp=told)
    garage.clock.turn(minutes=30)
    await station.stop(transactionId=answer["transactionId"], meterStop=7000)
    assert await bill(stay) == (30 + minutes) * 10
    assert not await differences(garage)


@pytest.mark.parametrize("boots", [True, False])
@pytest.mark.parametrize("counts_from_0", [True, False])
@pytest.mark.parametrize("order", ["stop, start", "start, stop", "start"])
async def test_t8_x2_a_power_cut_with_the_same_tag_is_one_vehicles_in_any_order(
    garage: Garage, station: Station, order: str, counts_from_0: bool, boots: bool
) -> None:
    await garage.set_rate(cents="100")
    await station.connect()
    stay = await garage.check_in()
    first = await garage.start(stay)
    begun_at = 0 if counts_from_0 else 1000
    await station.start(first.id_tag, meter=begun_at)
    garage.clock.turn(minutes=10)
    await station.meter(first.id, begun_at + 1000)
    cut = station.stamp()
    garage.clock.turn(minutes=10)
    if boots:
        await station.boot()
    anew_at = 0 if counts_from_0 else 2000
    answer = {}
    for word in order.split(", "):
        if word == "stop":
            await station.stop(transactionId=first.id, meterStop=begun_at + 1000, timestamp=cut, reason="PowerLoss")
        else:
            answer = await station.start(first.id_tag, meter=anew_at)
    assert (answer["idTagInfo"]["status"], answer["transactionId"] == first.id) == ("Accepted", False)
    request = await garage.request_of(stay)
    assert (request.status, request.session_id) == (RequestStatus.CHARGING, answer["transactionId"])
    garage.clock.turn(minutes=10)
    await station.stop(transactionId=answer["transactionId"], meterStop=anew_at + 2000)
    assert await bill(stay) == 300
    assert (await garage.request_of(stay)).status is RequestStatus.CHARGED
    assert not await differences(garage)


async def test_t8_x2_both_starts_of_a_vehicle_that_goes_on_are_known_when_they_are_sent_again(
    garage: Garage, station: Station
) -> None:
    await garage.set_rate(cents="100")
    await station.connect()
    stay = await garage.check_in()
    first = await garage.start(stay)
    stamps = []
    answers = []
    for _ in range(2):
        stamps.append(station.stamp())
        answers.append(await station.start(first.id_tag, stamp=stamps[-1]))
        garage.clock.turn(minutes=10)
    assert answers[0] != answers[1]
    for _ in range(2):
        for stamp, answer in zip(stamps, answers, strict=True):
            assert await station.start(first.id_tag, stamp=stamp) == answer
    await station.stop(transactionId=answers[1]["transactionId"], meterStop=3000)
    assert await bill(stay) == 200
    assert not await differences(garage)


async def test_s2_a_start_that_a_clock_which_is_put_right_stamps_anew_is_the_same(
    garage: Garage, station: Station
) -> None:
    await station.connect()
    first = await garage.start(await garage.check_in())
    answer = await station.start(first.id_tag, stamp=FACTORY_CLOCK)
    assert await station.start(first.id_tag) == answer


async def test_s6_the_tag_of_what_runs_begins_nothing_for_its_ticket_at_another_connector(
    garage: Garage, two: Station
) -> None:
    first = await garage.start(await garage.check_in())
    await two.start(first.id_tag)
    answer = await two.start(first.id_tag, meter=77, connector=2)
    assert answer["idTagInfo"]["status"] == "Invalid"
    running, other = await two.sessions()
    assert (running.is_active, other.stay_id) == (True, None)


async def test_t3_t8_a_stop_that_bears_only_the_tag_ends_the_part_of_its_time(garage: Garage, station: Station) -> None:
    await garage.set_rate(cents="100")
    await station.connect()
    stay = await garage.check_in()
    first = await garage.start(stay)
    await station.start(first.id_tag)
    garage.clock.turn(minutes=10)
    cut = station.stamp()
    garage.clock.turn(minutes=10)
    answer = await station.start(first.id_tag, meter=2000)
    await station.stop(transactionId=-1, idTag=first.id_tag, meterStop=2000, timestamp=cut, reason="PowerLoss")
    garage.clock.turn(minutes=10)
    assert (await garage.session(answer["transactionId"])).is_active
    await station.stop(transactionId=-1, idTag=first.id_tag, meterStop=4000)
    first_part, second_part = await station.sessions()
    assert (first_part.energy_wh, second_part.energy_wh) == (1000, 2000)
    assert await bill(stay) == 300
    assert not await differences(garage)


async def test_t8_a_charger_goes_on_for_no_ticket_that_is_closed(garage: Garage, station: Station) -> None:
    await garage.set_rate(cents="100")
    await station.connect()
    stay = await garage.check_in()
    first = await garage.start(stay)
    await station.start(first.id_tag)
    garage.clock.turn(minutes=10)
    await station.stop(transactionId=first.id, meterStop=2000, reason="PowerLoss")
    await garage.house.stays.check_out(garage.operator, CheckOut(stay_id=stay.id))
    answer = await station.start(first.id_tag, meter=2000)
    garage.clock.turn(minutes=10)
    await station.stop(transactionId=answer["transactionId"], meterStop=9000)
    assert (answer["idTagInfo"]["status"], await bill(stay)) == ("Invalid", 100)
    assert not await differences(garage)

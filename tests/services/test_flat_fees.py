"""A flat fee is owed once by a charge that a power cut split, in whatever order that becomes known (T8, X2)."""

import itertools

import pytest

from evgraph.domain.charging_session import ChargingSession
from evgraph.domain.rate import RateKind
from evgraph.domain.stay import Stay
from tests.services.bills import bill, differences
from tests.services.station import Station

from .conftest import Garage


async def running(garage: Garage, station: Station) -> tuple[Stay, ChargingSession]:
    await garage.set_rate(RateKind.FLAT_FEE, "500")
    garage.clock.turn(hours=4)
    await station.connect()
    stay = await garage.check_in()
    session = await garage.start(stay)
    await station.start(session.id_tag)
    garage.clock.turn(minutes=10)
    return stay, session


@pytest.mark.parametrize("order", list(itertools.permutations(["first", "second"])))
@pytest.mark.parametrize(("reason", "owed"), [("PowerLoss", 500), ("Local", 1000)])
async def test_t8_x2_the_late_end_of_a_part_that_was_cut_off_bears_the_fee_of_the_next(
    garage: Garage, station: Station, order: tuple[str, ...], reason: str, owed: int
) -> None:
    """The first part is closed as forgotten, without energy; the vehicle is started again; then its stop comes."""
    stay, first = await running(garage, station)
    cut = station.stamp()
    garage.clock.turn(minutes=5)
    await station.boot()
    await station.status("Available")
    garage.clock.turn(minutes=6)
    await station.look()
    second = await garage.start(stay)
    await station.start(second.id_tag, meter=2500)
    garage.clock.turn(minutes=20)
    for which in order:
        if which == "first":
            await station.stop(transactionId=first.id, meterStop=2500, timestamp=cut, reason=reason)
        else:
            await station.stop(transactionId=second.id, meterStop=5500)
    assert await bill(stay) == owed
    assert not await differences(garage)


@pytest.mark.parametrize("moved", ["the part that bears it", "the part that does not"])
@pytest.mark.parametrize("when", ["after the end", "while it runs"])
async def test_t8_a_part_whose_fee_is_moved_away_is_asked_its_own(
    garage: Garage, station: Station, moved: str, when: str
) -> None:
    stay, first = await running(garage, station)
    other = await garage.check_in("B")
    await station.stop(transactionId=first.id, meterStop=2000, reason="PowerLoss")
    second_id = (await station.start(first.id_tag, meter=2000))["transactionId"]
    garage.clock.turn(minutes=10)

    async def end() -> None:
        await station.stop(transactionId=second_id, meterStop=4000)

    async def move(session_id: int, to: Stay) -> None:
        await garage.house.assigning.reassign(garage.operator, session_id, to.id)

    moved_id = first.id if moved == "the part that bears it" else second_id
    if when == "after the end":
        await end()
        await move(moved_id, other)
    else:
        await move(moved_id, other)
        await end()
    assert (await bill(stay), await bill(other)) == (500, 500)
    assert not await differences(garage)
    # And once only when it comes back.
    await move(moved_id, stay)
    assert (await bill(stay), await bill(other)) == (500, 0)
    assert not await differences(garage)


async def test_t8_a_later_part_that_is_cut_off_bears_no_fee_of_an_earlier_one(garage: Garage, station: Station) -> None:
    stay, first = await running(garage, station)
    await station.stop(transactionId=first.id, meterStop=2000, reason="Local")
    await station.start("CARD", meter=2000)
    second = (await station.sessions())[-1]
    garage.clock.turn(minutes=10)
    await station.stop(transactionId=second.id, meterStop=4000, reason="PowerLoss")
    await garage.house.assigning.assign(garage.operator, second.id, stay.id)
    assert await bill(stay) == 1000
    assert not await differences(garage)


async def test_t8_s2_a_fee_that_goes_back_with_our_own_tag_is_asked_of_what_is_left(
    garage: Garage, station: Station
) -> None:
    """A session under the charger's own idTag bore the fee, and turns out to be a stranger's."""
    await garage.set_rate(RateKind.FLAT_FEE, "500")
    await station.connect()
    stay = await garage.check_in()
    first = await garage.start(stay)
    await station.start("STATION")
    garage.clock.turn(minutes=1)
    await station.stop(transactionId=first.id, meterStop=3000, reason="PowerLoss")
    assert await bill(stay) == 500
    answer = await station.start(first.id_tag, meter=3000)
    assert await bill(stay) == 0
    garage.clock.turn(minutes=10)
    await station.stop(transactionId=answer["transactionId"], meterStop=6000)
    assert await bill(stay) == 500
    assert not await differences(garage)

"""A board is read again as far as it has changed, in one look at the database."""

import pytest
from tortoise.exceptions import DoesNotExist

from evgraph.services.boards import Boards
from tests.conftest import POSTGRES
from tests.statements import Recorder

from .conftest import Garage


async def test_what_has_not_changed_is_the_very_same(garage: Garage) -> None:
    await garage.set_rate()
    session = await garage.start(await garage.check_in("A"))
    await garage.check_in("B")
    await garage.begin(session)
    boards = Boards()
    before = await boards.read(garage.id)
    assert await boards.read(garage.id) is before
    garage.clock.turn(minutes=1)
    await garage.meter(session.id, 1100)
    metered = await boards.read(garage.id)
    (charging,) = metered.charging
    assert charging.session is not None
    assert charging.session.energy_wh == 100
    assert charging.rate is before.rate is metered.rate
    assert metered.needs_charging[0] is before.needs_charging[0]
    # Read from the start, by somebody else.
    assert (await Boards().read(garage.id)).charging == metered.charging
    await garage.check_in("C")
    after = await boards.read(garage.id)
    assert after.needs_charging[0] is before.needs_charging[0]
    assert len(after.needs_charging) == 2
    assert after.charging[0].stay is charging.stay
    assert after.charging[0].session == charging.session
    assert after.charging[0].rate is charging.rate


async def test_a_look_is_one_statement_and_one_more_where_the_board_has_changed(
    garage: Garage, statements: Recorder
) -> None:
    whole = 1 if POSTGRES else 3
    await garage.set_rate()
    session = await garage.start(await garage.check_in("A"))
    await garage.begin(session)
    boards = Boards()
    with statements.counting() as said:
        await boards.read(garage.id)
        # Its rate is asked for once.
        assert len(said) == whole + 1
        said.clear()
        await boards.read(garage.id)
        assert len(said) == 1
    garage.clock.turn(minutes=1)
    await garage.meter(session.id, 1100)
    with statements.counting() as said:
        await boards.read(garage.id)
        assert len(said) == 1
    await garage.check_in("B")
    with statements.counting() as said:
        assert len((await boards.read(garage.id)).needs_charging) == 1
        assert len(said) == 1 + whole


async def test_of_several_garages_each_is_read_as_far_as_it_has_changed(garage: Garage) -> None:
    other = await garage.house.registration.add_garage(
        organization="Midtown Parking", location_id="X-1", name="Another garage"
    )
    boards = Boards()
    first = await boards.read(garage.id)
    both = await boards.read_all([garage.id, other.id, garage.id, 999])
    assert both.keys() == {garage.id, other.id}
    assert both[garage.id] is first
    assert both[other.id].ports == ()
    await garage.check_in("A")
    again = await boards.read_all([garage.id, other.id])
    assert again[other.id] is both[other.id]
    assert len(again[garage.id].needs_charging) == 1
    with pytest.raises(DoesNotExist):
        await boards.read(999)

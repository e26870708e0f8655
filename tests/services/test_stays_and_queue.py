"""Check-in, the queue, check-out, keys against doing it twice, and what live boards are told."""

import asyncio
from datetime import timedelta

import pytest

from evgraph.bus import EventBus
from evgraph.domain.board import Board
from evgraph.domain.charging_request import RequestStatus
from evgraph.domain.charging_session import SessionStatus
from evgraph.domain.events import BoardChanged
from evgraph.domain.people import Role, Viewer
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.stay import StayStatus, Vehicle
from evgraph.models import RequestRow, StayRow
from evgraph.services.house import open_house
from evgraph.services.live import alone
from evgraph.services.live_board import LiveBoard
from evgraph.services.permissions import Forbidden
from evgraph.services.requests import MakeRequest
from evgraph.services.stays import KEEP, CheckOut, UpdateStay
from tests.patience import PATIENCE_S

from .conftest import UNHURRIED, Garage


async def test_a_check_in_with_ev_charge_puts_the_vehicle_on_the_queue(garage: Garage) -> None:
    done = await garage.house.stays.check_in(garage.operator, garage.a_check_in("jvr 8810"))
    assert (done.stay.license_plate, done.stay.ticket_number) == ("JVR 8810", "EV000001")
    assert done.request is not None
    board = await garage.house.boards.read(garage.id)
    assert [card.request.id for card in board.needs_charging] == [done.request.id]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"vehicle": Vehicle(license_plate="  ")}, ("input", "vehicle", "licensePlate")),
        ({"vehicle": Vehicle(license_plate="X" * 21)}, ("input", "vehicle", "licensePlate")),
        ({"vehicle": Vehicle(license_plate="A", make="m" * 41)}, ("input", "vehicle", "make")),
        ({"ticket_number": " "}, ("input", "ticketNumber")),
        ({"charging_note": "n" * 501}, ("input", "chargingNote")),
    ],
)
async def test_bad_input_is_refused_with_its_field_and_nothing_is_kept(
    garage: Garage, change: dict[str, object], field: tuple[str, ...]
) -> None:
    with pytest.raises(Refusal) as refused:
        await garage.house.stays.check_in(garage.operator, garage.a_check_in(**change))
    assert (refused.value.code, refused.value.field) == (ErrorCode.INVALID, field)
    assert await StayRow.all().count() == 0


async def test_a_checkout_in_the_past_is_refused(garage: Garage) -> None:
    past = garage.clock.now() - timedelta(minutes=1)
    with pytest.raises(Refusal) as refused:
        await garage.house.stays.check_in(garage.operator, garage.a_check_in(estimated_checkout_at=past))
    assert refused.value.field == ("input", "estimatedCheckoutAt")


async def test_a_ticket_number_is_open_once_and_free_again_after_the_checkout(garage: Garage) -> None:
    stay = await garage.check_in("A 1", ticket_number="10482")
    with pytest.raises(Refusal) as refused:
        await garage.check_in("B 2", ticket_number="10482")
    assert refused.value.code is ErrorCode.DUPLICATE_TICKET
    await garage.house.stays.check_out(garage.operator, CheckOut(garage_id=garage.id, ticket_number="10482"))
    again = await garage.check_in("B 2", ticket_number="10482")
    assert again.id != stay.id


async def test_a_stay_has_one_request_and_a_charged_vehicle_may_ask_again(garage: Garage) -> None:
    await garage.set_rate()
    stay = await garage.check_in()
    with pytest.raises(Refusal) as refused:
        await garage.house.requests.make(garage.operator, MakeRequest(stay_id=stay.id))
    assert refused.value.code is ErrorCode.REQUEST_EXISTS
    await garage.charge(stay)
    again = await garage.house.requests.make(garage.operator, MakeRequest(stay_id=stay.id))
    assert again.status is RequestStatus.NEEDS_CHARGING
    assert await RequestRow.all().count() == 1


async def test_a_cancelled_request_leaves_the_board_and_a_new_one_may_be_made(garage: Garage) -> None:
    stay = await garage.check_in()
    request = await garage.request_of(stay)
    await garage.house.requests.cancel(garage.operator, request.id)
    assert (await garage.house.boards.read(garage.id)).cards == ()
    made = await garage.house.requests.make(garage.operator, MakeRequest(stay_id=stay.id))
    assert made.id != request.id


async def test_a_closed_stay_takes_no_request(garage: Garage) -> None:
    stay = await garage.check_in(ev_charge=False)
    await garage.house.stays.check_out(garage.operator, CheckOut(stay_id=stay.id))
    with pytest.raises(Refusal) as refused:
        await garage.house.requests.make(garage.operator, MakeRequest(stay_id=stay.id))
    assert refused.value.code is ErrorCode.STAY_CLOSED


async def test_a_running_session_refuses_the_checkout_until_it_has_ended(garage: Garage) -> None:
    await garage.set_rate()
    stay = await garage.check_in()
    session = await garage.start(stay)
    await garage.begin(session)
    with pytest.raises(Refusal) as refused:
        await garage.house.stays.check_out(garage.operator, CheckOut(stay_id=stay.id))
    assert refused.value.code is ErrorCode.STILL_CHARGING
    assert "`stopCharging: true`" in refused.value.message
    garage.chargers.asked.clear()
    leaving = asyncio.create_task(
        garage.house.stays.check_out(garage.operator, CheckOut(stay_id=stay.id, stop_charging=True))
    )
    await garage.chargers.asked.wait()
    await garage.end(session.id, meter=5000)
    assert (await leaving).stay.status is StayStatus.CLOSED
    assert [(i.amount_cents, i.after_checkout) for i in await garage.line_items(stay)] == [(100, False)]


async def test_a_charger_that_does_not_end_the_session_refuses_the_checkout(garage: Garage) -> None:
    stay = await garage.check_in()
    session = await garage.start(stay)
    await garage.begin(session)
    with pytest.raises(Refusal) as refused:
        await garage.house.stays.check_out(garage.operator, CheckOut(stay_id=stay.id, stop_charging=True))
    assert refused.value.code is ErrorCode.CHARGER_TIMEOUT
    assert (await StayRow.get(id=stay.id)).status is StayStatus.OPEN


async def test_an_update_changes_what_was_given_and_moves_the_vehicle_in_the_queue(garage: Garage) -> None:
    first = await garage.check_in("A 1", estimated_checkout_at=garage.clock.now() + timedelta(hours=2))
    second = await garage.check_in("B 2", estimated_checkout_at=garage.clock.now() + timedelta(hours=3))
    await garage.house.stays.update(
        garage.operator,
        UpdateStay(
            stay_id=second.id,
            vehicle=None,
            charging_note="Hold the button.",
            estimated_checkout_at=garage.clock.now() + timedelta(hours=1),
        ),
    )
    board = await garage.house.boards.read(garage.id)
    assert [card.stay.id for card in board.needs_charging] == [second.id, first.id]
    kept = await garage.house.stays.update(
        garage.operator, UpdateStay(stay_id=second.id, vehicle=None, charging_note=KEEP, estimated_checkout_at=None)
    )
    assert (kept.charging_note, kept.estimated_checkout_at, kept.license_plate) == ("Hold the button.", None, "B 2")


async def test_the_same_key_answers_as_the_first_call_did(garage: Garage) -> None:
    command = garage.a_check_in(idempotency_key="tap-1")
    first = await garage.house.stays.check_in(garage.operator, command)
    assert await garage.house.stays.check_in(garage.operator, command) == first
    assert await StayRow.all().count() == 1


async def test_the_same_key_at_once_does_it_once(garage: Garage) -> None:
    command = garage.a_check_in(idempotency_key="tap-1")
    answers = await asyncio.gather(*(garage.house.stays.check_in(garage.operator, command) for _ in range(6)))
    assert len({answer.stay.id for answer in answers}) == 1
    assert await StayRow.all().count() == 1


async def test_the_same_key_in_two_processes_at_once_does_it_once(garage: Garage) -> None:
    other = open_house(bus=EventBus(), clock=garage.clock, gateway=garage.chargers, simulated_speed=UNHURRIED)
    command = garage.a_check_in(idempotency_key="tap-1")
    answers = await asyncio.gather(*(house.stays.check_in(garage.operator, command) for house in (garage.house, other)))
    assert answers[0].stay.id == answers[1].stay.id
    assert await StayRow.all().count() == 1


async def test_the_same_key_after_a_restart_answers_as_before_also_a_refusal(garage: Garage) -> None:
    await garage.check_in(ticket_number="7")
    command = garage.a_check_in(ticket_number="7", idempotency_key="tap-1")
    with pytest.raises(Refusal) as first:
        await garage.house.stays.check_in(garage.operator, command)
    await garage.house.stays.check_out(garage.operator, CheckOut(garage_id=garage.id, ticket_number="7"))
    restarted = open_house(bus=EventBus(), clock=garage.clock, gateway=garage.chargers, simulated_speed=UNHURRIED)
    with pytest.raises(Refusal) as again:
        await restarted.stays.check_in(garage.operator, command)
    assert (again.value.code, again.value.message, again.value.field) == (
        first.value.code,
        first.value.message,
        first.value.field,
    )


async def test_the_same_key_with_another_input_is_a_conflict(garage: Garage) -> None:
    await garage.house.stays.check_in(garage.operator, garage.a_check_in("A 1", idempotency_key="tap-1"))
    with pytest.raises(Refusal) as refused:
        await garage.house.stays.check_in(garage.operator, garage.a_check_in("B 2", idempotency_key="tap-1"))
    assert refused.value.code is ErrorCode.IDEMPOTENCY_CONFLICT


async def test_a_start_with_a_key_is_sent_once_and_answered_alike(garage: Garage) -> None:
    stay = await garage.check_in()
    first, second = await asyncio.gather(garage.start(stay, key="tap"), garage.start(stay, key="tap"))
    assert first.id == second.id == (await garage.start(stay, key="tap")).id
    assert len(garage.chargers.started) == 1
    assert (await garage.session(first.id)).status is SessionStatus.STARTING


async def test_a_client_that_hangs_up_does_not_stop_half_of_a_start(garage: Garage) -> None:
    stay = await garage.check_in()
    garage.chargers.gate = asyncio.Event()
    tapped = asyncio.create_task(garage.start(stay))
    await garage.chargers.asked.wait()
    tapped.cancel()
    garage.chargers.gate.set()
    await garage.house.once.close()
    (request,) = [await garage.request_of(stay)]
    assert (await garage.session(request.session_id or 0)).accepted_at is not None


async def test_a_garage_that_one_does_not_see_does_not_exist_and_a_role_limits_what_one_may_do(garage: Garage) -> None:
    with pytest.raises(Refusal) as refused:
        await garage.house.stays.check_in(garage.stranger, garage.a_check_in())
    assert refused.value.code is ErrorCode.NOT_FOUND
    wall = Viewer(
        id=9,
        organization_id=1,
        organization="Midtown Parking",
        name="Wall",
        email=None,
        roles={garage.id: Role.DISPLAY},
    )
    with pytest.raises(Forbidden):
        await garage.house.stays.check_in(wall, garage.a_check_in())


async def test_port_names_are_unique_in_a_garage_and_sort_naturally(garage: Garage) -> None:
    await garage.house.ports.rename(garage.operator, garage.port_id, "Port 10")
    await garage.house.ports.rename(garage.operator, garage.other_port_id, "Port 2")
    board = await garage.house.boards.read(garage.id)
    assert [view.port.name for view in board.ports] == ["Port 2", "Port 10"]
    with pytest.raises(Refusal) as refused:
        await garage.house.ports.rename(garage.operator, garage.port_id, "port 2")
    assert refused.value.code is ErrorCode.NAME_TAKEN
    assert (await garage.house.ports.rename(garage.operator, garage.port_id, "")).name == "AX48-1-1"


async def test_a_board_is_told_first_as_a_whole_and_then_each_change_without_a_gap(garage: Garage) -> None:
    told: list[Board | BoardChanged] = []
    updates = alone(LiveBoard(garage.house.boards, garage.house.bus, garage.id))
    told.append(await anext(updates))
    stay = await garage.check_in()
    session = await garage.start(stay)
    await garage.begin(session)
    await garage.end(session.id, meter=5000)
    await garage.house.stays.check_out(garage.operator, CheckOut(stay_id=stay.id))
    async with asyncio.timeout(PATIENCE_S):
        while not (isinstance(told[-1], BoardChanged) and told[-1].removed_request_ids):
            told.append(await anext(updates))
    await updates.aclose()
    revisions = [update.revision for update in told]
    assert revisions == list(range(revisions[0], revisions[0] + len(told)))
    assert isinstance(told[0], Board)
    assert told[-1].revision == (await garage.house.boards.read(garage.id)).revision


async def test_no_change_is_lost_between_the_snapshot_and_the_stream(garage: Garage) -> None:
    async def watch() -> tuple[int, int]:
        """The revision of the snapshot, and of the last change."""
        async for update in alone(LiveBoard(garage.house.boards, garage.house.bus, garage.id)):
            if isinstance(update, Board):
                first = last = update.revision
            else:
                assert update.revision == last + 1
                last = update.revision
            if last >= goal:
                return first, last
        raise AssertionError("the stream ended")

    goal = (await garage.house.boards.read(garage.id)).revision + 30
    watchers = []
    for number in range(30):
        if number % 3 == 0:
            watchers.append(asyncio.create_task(watch()))
        await garage.check_in(f"CAR {number}")
    async with asyncio.timeout(PATIENCE_S):
        assert {last for _, last in await asyncio.gather(*watchers)} == {goal}


async def test_a_reader_that_lags_gets_the_whole_board_again(garage: Garage) -> None:
    bus = EventBus(bound=3)
    house = open_house(bus=bus, clock=garage.clock, gateway=garage.chargers, simulated_speed=UNHURRIED)
    updates = alone(LiveBoard(house.boards, bus, garage.id))
    assert isinstance(await anext(updates), Board)
    for number in range(8):
        await house.stays.check_in(garage.operator, garage.a_check_in(f"CAR {number}"))
    again = await anext(updates)
    assert isinstance(again, Board)
    assert len(again.needs_charging) == 8
    await updates.aclose()

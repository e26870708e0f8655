"""Sessions that nobody asked for get a ticket (S6), and those at the wrong plug get theirs (T5)."""

import asyncio

import pytest

from evgraph.domain.charging_request import RequestStatus
from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus, StopReason
from evgraph.domain.events import BoardChanged, SessionChanged
from evgraph.domain.people import Role, Viewer
from evgraph.domain.rate import RateKind
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.stay import Stay
from evgraph.domain.transactions import TransactionStart
from evgraph.models import LineItemRow, SessionMoveRow, SessionRow
from evgraph.services.stays import CheckOut
from tests.services.conftest import Garage


async def staff_start(garage: Garage, *, minutes: float = 30, wh: int = 5_000, stamp: str = "2026") -> ChargingSession:
    """A staff card starts the charger on the spot, and energy flows for a while."""
    answer = await garage.begin("STAFF-7", reported_at=stamp)
    garage.clock.turn(minutes=minutes)
    await garage.meter(answer.transaction_id, 1000 + wh)
    return await garage.session(answer.transaction_id)


async def start_at_the_other(garage: Garage, stay: Stay) -> ChargingSession:
    session = await garage.start(stay, garage.other_port_id)
    await garage.house.transactions.transaction_started(
        garage.other_charge_point_id,
        TransactionStart(
            connector_id=1,
            id_tag=session.id_tag,
            meter_start_wh=1000,
            at=garage.clock.now(),
            reported_at="then",
            clock_replaced=False,
        ),
    )
    return await garage.session(session.id)


async def check_out(garage: Garage, stay: Stay) -> None:
    await garage.house.stays.check_out(garage.operator, CheckOut(stay_id=stay.id))


async def refusal(attempt: object) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await attempt  # type: ignore[misc]
    return refused.value


def bill(items: list[LineItemRow]) -> list[tuple[int, str, int, bool]]:
    return [(item.sequence, f"{item.quantity:.3f}", item.amount_cents, item.is_correction) for item in items]


async def test_s6_a_session_that_nobody_asked_for_is_billed_from_its_start_by_the_rate_in_force_then(
    garage: Garage,
) -> None:
    await garage.set_rate(cents="25")
    session = await staff_start(garage)
    await garage.set_rate(cents="99")
    stay = await garage.check_in()
    with garage.house.bus.subscribe(garage.id) as feed:
        assigned = await garage.house.assigning.assign(garage.operator, session.id, stay.id)
        told = [await anext(feed), await anext(feed)]
    request = await garage.request_of(stay)
    assert (assigned.stay_id, assigned.request_id, assigned.status) == (stay.id, request.id, SessionStatus.CHARGING)
    assert (request.status, request.session_id) == (RequestStatus.CHARGING, session.id)
    assert isinstance(told[0], BoardChanged)
    assert [card.request.id for card in told[0].cards] == [request.id]
    assert isinstance(told[1], SessionChanged)
    await garage.end(session.id, meter=11_000)
    assert bill(await garage.line_items(stay)) == [(1, "10.000", 250, False)]
    assert (await garage.request_of(stay)).status is RequestStatus.CHARGED


async def test_s6_a_session_that_has_ended_is_billed_at_once_on_a_request_that_is_made_for_it(garage: Garage) -> None:
    await garage.set_rate()
    session = await staff_start(garage)
    await garage.end(session.id, meter=9_000)
    assert await LineItemRow.all().count() == 0
    stay = await garage.check_in(ev_charge=False)
    await garage.house.assigning.assign(garage.operator, session.id, stay.id)
    assert bill(await garage.line_items(stay)) == [(1, "8.000", 200, False)]
    request = await garage.request_of(stay)
    assert (request.status, request.session_id) == (RequestStatus.CHARGED, session.id)
    (move,) = await SessionMoveRow.all()
    assert (move.from_stay_id, move.to_stay_id, move.moved_by) == (None, stay.id, "Olivia")


async def test_s6_to_assign_twice_is_to_assign_once_and_to_another_is_refused(garage: Garage) -> None:
    await garage.set_rate()
    session = await staff_start(garage)
    await garage.end(session.id, meter=9_000)
    stay, other = await garage.check_in(), await garage.check_in("TKW 2214")
    assign = garage.house.assigning.assign
    once, again = await asyncio.gather(*(assign(garage.operator, session.id, stay.id) for _ in range(2)))
    assert once == again
    assert len(await garage.line_items(stay)) == 1
    assert await SessionMoveRow.all().count() == 1
    assert (await refusal(assign(garage.operator, session.id, other.id))).code is ErrorCode.SESSION_ASSIGNED


async def test_s6_only_an_open_ticket_whose_vehicle_is_at_no_other_port_takes_a_running_session(
    garage: Garage,
) -> None:
    assign = garage.house.assigning.assign
    gone, busy = await garage.check_in("GONE 1", ev_charge=False), await garage.check_in("BUSY 1")
    await check_out(garage, gone)
    session = await staff_start(garage)
    assert (await refusal(assign(garage.operator, session.id, gone.id))).code is ErrorCode.STAY_CLOSED
    await garage.start(busy, garage.other_port_id)
    assert (await refusal(assign(garage.operator, session.id, busy.id))).code is ErrorCode.REQUEST_NOT_WAITING
    assert (await refusal(assign(garage.operator, session.id, 4711))).field == ("input", "stayId")
    assert (await refusal(assign(garage.operator, 4711, busy.id))).field == ("input", "sessionId")
    assert (await refusal(assign(garage.stranger, session.id, busy.id))).code is ErrorCode.NOT_FOUND
    assert (await garage.session(session.id)).stay_id is None


async def test_s6_an_ended_session_is_billed_beside_what_the_vehicle_is_at_now(garage: Garage) -> None:
    await garage.set_rate()
    session = await staff_start(garage)
    await garage.end(session.id, meter=9_000)
    stay = await garage.check_in()
    running = await start_at_the_other(garage, stay)
    await garage.house.assigning.assign(garage.operator, session.id, stay.id)
    request = await garage.request_of(stay)
    assert (request.status, request.session_id) == (RequestStatus.CHARGING, running.id)
    assert bill(await garage.line_items(stay)) == [(1, "8.000", 200, False)]


async def test_s6_assigning_and_stopping_at_once_yield_one_bill(garage: Garage) -> None:
    await garage.set_rate()
    for number in range(6):
        session = await staff_start(garage, stamp=f"stamp {number}")
        stay = await garage.check_in(f"PLATE {number}")
        work = [
            garage.house.assigning.assign(garage.operator, session.id, stay.id),
            garage.end(session.id, meter=11_000),
        ]
        await asyncio.gather(*(work if number % 2 else reversed(work)))
        assert bill(await garage.line_items(stay)) == [(1, "10.000", 250, False)]
        assert (await garage.request_of(stay)).status is RequestStatus.CHARGED


async def test_s6_a_card_that_begins_again_is_no_part_of_the_session_that_was_assigned(garage: Garage) -> None:
    await garage.set_rate()
    first = await staff_start(garage, wh=0)
    stay = await garage.check_in()
    await garage.house.assigning.assign(garage.operator, first.id, stay.id)
    await garage.end(first.id, meter=1_000, reason=StopReason.POWER_LOSS)
    again = await garage.begin("STAFF-7", meter=1_000, reported_at="later")
    assert again.transaction_id != first.id
    assert (await garage.session(again.transaction_id)).stay_id is None


async def test_s6_an_attendant_stops_a_session_without_a_ticket(garage: Garage) -> None:
    session = await staff_start(garage)
    attendant = Viewer(
        id=3, organization_id=1, organization="Midtown", name="Ann", email=None, roles={garage.id: Role.ATTENDANT}
    )
    await garage.house.charging.stop(attendant, session.id)
    assert garage.chargers.stopped == [session.id]


async def test_t8_a_flat_fee_that_a_cut_off_part_bore_is_not_asked_again_of_an_assigned_part(garage: Garage) -> None:
    await garage.set_rate(RateKind.FLAT_FEE, "500")
    stay = await garage.check_in()
    session = await garage.start(stay)
    first = await garage.begin(session)
    await garage.end(first.transaction_id, meter=4_000, reason=StopReason.POWER_LOSS)
    second = await garage.begin("AUTOSTART", meter=4_000, reported_at="later")
    await garage.house.assigning.assign(garage.operator, second.transaction_id, stay.id)
    await garage.end(second.transaction_id, meter=9_000)
    assert bill(await garage.line_items(stay)) == [(1, "1.000", 500, False)]


async def test_t5_a_wrong_plug_moves_the_bill_by_further_line_items_and_rewrites_nothing(garage: Garage) -> None:
    await garage.set_rate()
    wrong, right = await garage.check_in("WRONG 1"), await garage.check_in("RIGHT 1")
    session = await garage.charge(wrong)
    billed = (await garage.line_items(wrong))[0].value()
    moved = await garage.house.assigning.reassign(garage.operator, session.id, right.id)
    on_wrong, on_right = await garage.line_items(wrong), await garage.line_items(right)
    assert on_wrong[0].value() == billed
    assert bill(on_wrong) == [(1, "17.234", 431, False), (2, "-17.234", -431, True)]
    assert on_wrong[1].description == "Moved to another ticket: -17.234 kWh"
    assert bill(on_right) == [(3, "17.234", 431, False)]
    assert moved.stay_id == right.id
    assert SessionFlag.AFTER_CHECKOUT not in moved.flags
    waiting, charged = await garage.request_of(wrong), await garage.request_of(right)
    assert (waiting.status, waiting.session_id) == (RequestStatus.NEEDS_CHARGING, None)
    assert (charged.status, charged.session_id) == (RequestStatus.CHARGED, session.id)
    (move,) = await SessionMoveRow.filter(session_id=session.id)
    assert (move.from_stay_id, move.to_stay_id, move.moved_by) == (wrong.id, right.id, "Olivia")


async def test_t5_there_and_back_again_each_ticket_bears_its_own(garage: Garage) -> None:
    await garage.set_rate()
    one, two = await garage.check_in("ONE 1"), await garage.check_in("TWO 2")
    session = await garage.charge(one)
    for stay in (two, two, one):
        await garage.house.assigning.reassign(garage.operator, session.id, stay.id)
    assert [item.amount_cents for item in await garage.line_items(one)] == [431, -431, 431]
    assert [item.amount_cents for item in await garage.line_items(two)] == [431, -431]
    items = await LineItemRow.filter(session_id=session.id).order_by("sequence")
    assert [item.sequence for item in items] == [1, 2, 3, 4, 5]
    assert await SessionMoveRow.filter(session_id=session.id).count() == 2


async def test_t5_a_late_truth_after_a_move_corrects_the_ticket_that_has_the_session_now(garage: Garage) -> None:
    await garage.set_rate()
    wrong, right = await garage.check_in("WRONG 1"), await garage.check_in("RIGHT 1")
    session = await garage.start(wrong)
    answer = await garage.begin(session)
    garage.clock.turn(hours=1)
    await garage.meter(answer.transaction_id, 9_000)
    garage.clock.turn(hours=1)
    await garage.begin("STAFF-7", meter=9_000, reported_at="another")
    assert (await garage.session(session.id)).status is SessionStatus.ENDED
    await garage.house.assigning.reassign(garage.operator, session.id, right.id)
    await garage.end(answer.transaction_id, meter=9_400)
    assert sum(item.amount_cents for item in await garage.line_items(wrong)) == 0
    assert bill(await garage.line_items(right)) == [(3, "8.000", 200, False), (4, "0.400", 10, True)]


async def test_t5_a_bill_may_go_from_and_to_tickets_that_are_checked_out_and_is_marked(garage: Garage) -> None:
    await garage.set_rate()
    wrong, right = await garage.check_in("WRONG 1"), await garage.check_in("RIGHT 1")
    session = await garage.charge(wrong)
    for stay in (wrong, right):
        await check_out(garage, stay)
    moved = await garage.house.assigning.reassign(garage.operator, session.id, right.id)
    assert SessionFlag.AFTER_CHECKOUT in moved.flags
    items = await LineItemRow.filter(session_id=session.id).order_by("sequence")
    assert [(item.amount_cents, item.after_checkout) for item in items] == [(431, False), (-431, True), (431, True)]
    assert (await garage.request_of(wrong)).status is RequestStatus.CANCELED


async def test_a_running_session_at_the_wrong_plug_is_billed_to_the_right_ticket_only(garage: Garage) -> None:
    await garage.set_rate()
    wrong, right = await garage.check_in("WRONG 1"), await garage.check_in("RIGHT 1")
    session = await garage.start(wrong)
    answer = await garage.begin(session)
    await garage.house.assigning.reassign(garage.operator, session.id, right.id)
    assert (await garage.request_of(wrong)).status is RequestStatus.NEEDS_CHARGING
    assert (await garage.request_of(right)).status is RequestStatus.CHARGING
    await garage.end(answer.transaction_id, meter=11_000)
    assert await garage.line_items(wrong) == []
    assert bill(await garage.line_items(right)) == [(1, "10.000", 250, False)]
    await garage.start(wrong)


async def test_two_vehicles_at_each_others_port_change_places(garage: Garage) -> None:
    await garage.set_rate()
    one, two = await garage.check_in("ONE 1"), await garage.check_in("TWO 2")
    first = await garage.start(one)
    await garage.begin(first)
    second = await start_at_the_other(garage, two)
    reassign = garage.house.assigning.reassign
    refused = await refusal(reassign(garage.operator, first.id, two.id))
    assert refused.code is ErrorCode.REQUEST_NOT_WAITING
    await reassign(garage.operator, first.id, two.id, swap=True)
    owners = {row.id: row.stay_id for row in await SessionRow.all()}
    assert owners == {first.id: two.id, second.id: one.id}
    for stay, session in ((one, second), (two, first)):
        request = await garage.request_of(stay)
        assert (request.status, request.session_id) == (RequestStatus.CHARGING, session.id)
    await garage.end(first.id, meter=11_000)
    assert bill(await garage.line_items(two)) == [(1, "10.000", 250, False)]


async def test_a_running_session_goes_to_no_ticket_that_is_checked_out(garage: Garage) -> None:
    wrong, gone = await garage.check_in("WRONG 1"), await garage.check_in("GONE 1")
    await check_out(garage, gone)
    session = await garage.start(wrong)
    await garage.begin(session)
    refused = await refusal(garage.house.assigning.reassign(garage.operator, session.id, gone.id))
    assert refused.code is ErrorCode.STAY_CLOSED

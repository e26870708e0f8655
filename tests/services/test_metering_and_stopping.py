"""M1 to M4 and T1 to T8 of whole sessions, on a real database."""

import asyncio
from datetime import timedelta

import pytest

from evgraph.domain.charging_request import RequestStatus
from evgraph.domain.charging_session import SessionFlag, SessionStatus, StopReason
from evgraph.domain.energy import Reading
from evgraph.domain.events import EnergyMetered, LineItemAdded
from evgraph.domain.port import PortStatus, StatusReport
from evgraph.domain.rate import RateKind
from evgraph.domain.transactions import AuthorizationStatus
from evgraph.models import LineItemRow, MeterSampleRow, QuarantinedMessageRow
from evgraph.services.interfaces import ChargerOffline
from evgraph.services.stays import CheckOut
from tests.patience import PATIENCE_S

from .conftest import Garage


async def test_m1_readings_move_the_energy_and_the_running_cost(garage: Garage) -> None:
    await garage.set_rate()
    session = await garage.start(await garage.check_in())
    await garage.begin(session)
    with garage.house.bus.subscribe(garage.id) as feed:
        garage.clock.turn(minutes=5)
        await garage.meter(session.id, 1750)
        event = await asyncio.wait_for(anext(feed), PATIENCE_S)
    assert isinstance(event, EnergyMetered)
    assert event.rate is not None
    assert (event.session.energy_wh, event.session.power_w, event.rate.amount_cents) == (750, 9800, 25)
    assert (await garage.session(session.id)).energy_wh == 750


async def test_m1_readings_that_arrive_together_are_saved_together_and_each_counts(garage: Garage) -> None:
    session = await garage.start(await garage.check_in())
    await garage.begin(session)
    waiting = []
    for step in range(1, 41):
        garage.clock.turn(seconds=15)
        waiting.append(asyncio.create_task(garage.meter(session.id, 1000 + step * 40)))
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert (await garage.session(session.id)).energy_wh == 1600
    assert await MeterSampleRow.filter(session_id=session.id).count() == 40


async def test_m2_a_register_that_falls_starts_a_new_base_and_is_flagged(garage: Garage) -> None:
    session = await garage.start(await garage.check_in())
    await garage.begin(session)
    for register in (4000, 100, 600):
        garage.clock.turn(minutes=5)
        await garage.meter(session.id, register)
    moved = await garage.session(session.id)
    assert (moved.energy_wh, moved.flags) == (3500, {SessionFlag.METER_RESET})
    garage.clock.turn(minutes=5)
    await garage.end(session.id, meter=700)
    assert (await garage.session(session.id)).energy_wh == 3600


@pytest.mark.parametrize("transaction_id", [None, 0, -1, 999_999, 2**40])
async def test_m3_a_reading_without_a_usable_transaction_is_the_connectors_open_session(
    garage: Garage, transaction_id: int | None
) -> None:
    session = await garage.start(await garage.check_in())
    await garage.begin(session)
    garage.clock.turn(minutes=5)
    await garage.meter(transaction_id, 1800)
    assert (await garage.session(session.id)).energy_wh == 800


async def test_m3_a_reading_of_nobody_is_kept_raw_and_one_of_connector_0_is_the_charge_points_own(
    garage: Garage,
) -> None:
    await garage.meter(4711, 1800)
    assert (await QuarantinedMessageRow.get()).action == "MeterValues"
    await garage.meter(None, 1800, connector=0)
    assert await QuarantinedMessageRow.all().count() == 1
    assert (await MeterSampleRow.get()).connector_id == 0


async def test_m3_what_an_idle_meter_says_is_kept_and_nobody_needs_to_look(garage: Garage) -> None:
    await garage.meter(None, 1800)
    sample = await MeterSampleRow.get()
    assert (sample.connector_id, sample.register_wh, sample.session_id) == (1, 1800, None)  # type: ignore[attr-defined]
    assert not await QuarantinedMessageRow.exists()


async def test_m3_another_charge_points_transaction_is_not_moved(garage: Garage) -> None:
    session = await garage.start(await garage.check_in(), garage.other_port_id)
    await garage.meter(session.id, 9_000)
    assert (await garage.session(session.id)).energy_wh == 0


async def test_m4_an_older_reading_is_stored_and_changes_nothing(garage: Garage) -> None:
    session = await garage.start(await garage.check_in())
    await garage.begin(session)
    garage.clock.turn(minutes=10)
    await garage.meter(session.id, 3000)
    garage.clock.turn(minutes=-5)
    await garage.meter(session.id, 2000)
    assert (await garage.session(session.id)).energy_wh == 2000
    samples = await MeterSampleRow.filter(session_id=session.id).order_by("id")
    assert [(sample.register_wh, sample.energy_wh) for sample in samples] == [(3000, 2000), (2000, None)]


async def test_m4_a_reading_that_is_sent_again_is_stored_once(garage: Garage) -> None:
    session = await garage.start(await garage.check_in())
    await garage.begin(session)
    garage.clock.turn(minutes=10)
    await asyncio.gather(*(garage.meter(session.id, 3000) for _ in range(3)))
    await garage.meter(session.id, 3000)
    assert await MeterSampleRow.filter(session_id=session.id).count() == 1


@pytest.mark.parametrize(
    ("kind", "cents", "amount", "quantity"),
    [
        (RateKind.PER_KWH, "25", 431, "17.234"),
        (RateKind.PER_KWH, "32.5", 560, "17.234"),
        (RateKind.PER_MINUTE, "3", 270, "90.000"),
        (RateKind.FLAT_FEE, "500", 500, "1.000"),
    ],
)
async def test_t1_unplugging_puts_the_final_line_item_on_the_ticket(
    garage: Garage, kind: RateKind, cents: str, amount: int, quantity: str
) -> None:
    await garage.set_rate(kind, cents)
    stay = await garage.check_in()
    ended = await garage.charge(stay)
    assert (ended.status, ended.energy_wh, ended.stop_reason) == (
        SessionStatus.ENDED,
        17_234,
        StopReason.EV_DISCONNECTED,
    )
    (item,) = await garage.line_items(stay)
    assert (item.amount_cents, format(item.quantity, ".3f")) == (amount, quantity)
    assert (await garage.request_of(stay)).status is RequestStatus.CHARGED
    (port, _) = (await garage.house.boards.read(garage.id)).ports
    assert port.port.is_open


async def test_t2_a_resent_stop_bills_nothing_twice(garage: Garage) -> None:
    await garage.set_rate()
    stay = await garage.check_in()
    session = await garage.charge(stay)
    answers = await asyncio.gather(*(garage.end(session.id, meter=18_234, id_tag=session.id_tag) for _ in range(5)))
    assert set(answers) == {AuthorizationStatus.ACCEPTED}
    assert len(await garage.line_items(stay)) == 1


async def test_t2_two_stops_at_once_are_one_bill(garage: Garage) -> None:
    await garage.set_rate()
    stay = await garage.check_in()
    session = await garage.start(stay)
    await garage.begin(session)
    await asyncio.gather(*(garage.end(session.id, meter=5000) for _ in range(5)))
    assert [item.amount_cents for item in await garage.line_items(stay)] == [100]


@pytest.mark.parametrize("transaction_id", [None, 0, -1, 999_999])
async def test_t3_a_stop_without_a_usable_transaction_ends_the_only_open_session(
    garage: Garage, transaction_id: int | None
) -> None:
    session = await garage.start(await garage.check_in())
    await garage.begin(session)
    assert await garage.end(transaction_id, meter=3000) is None
    assert (await garage.session(session.id)).energy_wh == 2000


@pytest.mark.parametrize("names_its_tag", [True, False])
async def test_t2_a_resent_stop_without_a_transaction_leaves_what_runs_by_then(
    garage: Garage, names_its_tag: bool
) -> None:
    await garage.set_rate()
    stay = await garage.check_in()
    first = await garage.start(stay)
    await garage.begin(first)
    garage.clock.turn(minutes=30)
    stopped_at, id_tag = garage.clock.now(), first.id_tag if names_its_tag else None
    await garage.end(-1, meter=3000, id_tag=id_tag, at=stopped_at)
    running = await garage.begin("CARD", meter=3000, at=stopped_at - timedelta(minutes=1))
    await garage.end(-1, meter=3000, id_tag=id_tag, at=stopped_at)
    assert (await garage.session(running.transaction_id)).status is SessionStatus.CHARGING
    assert [item.amount_cents for item in await garage.line_items(stay)] == [50]
    assert await QuarantinedMessageRow.all().count() == 0


async def test_t3_a_stop_from_before_the_start_of_what_runs_leaves_it_running(garage: Garage) -> None:
    session = await garage.start(await garage.check_in())
    await garage.begin(session)
    earlier = garage.clock.now() - timedelta(minutes=30)
    assert await garage.end(-1, meter=900, id_tag="whoever", at=earlier) is AuthorizationStatus.ACCEPTED
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING
    assert (await QuarantinedMessageRow.get()).energy_wh == 900
    await garage.end(-1, meter=3000, at=earlier, clock_replaced=True)
    assert (await garage.session(session.id)).energy_wh == 2000


async def test_t3_a_stop_that_cannot_be_placed_is_accepted_and_kept_with_its_energy(garage: Garage) -> None:
    assert await garage.end(0, meter=3000, id_tag="whoever") is AuthorizationStatus.ACCEPTED
    kept = await QuarantinedMessageRow.get()
    assert (kept.action, kept.energy_wh, kept.frame) == ("StopTransaction", 3000, "[a frame]")


async def test_t4_the_car_is_gone_and_the_charger_keeps_its_transaction_open(garage: Garage) -> None:
    session = await garage.start(await garage.check_in())
    await garage.begin(session)
    garage.clock.turn(minutes=5)
    await garage.report(PortStatus.SUSPENDED_EV, info="EV side disconnected")
    await garage.house.charge_points.close()
    assert garage.chargers.stopped == [session.id]


async def test_t4_available_first_and_the_stop_seconds_later(garage: Garage) -> None:
    session = await garage.start(await garage.check_in())
    await garage.begin(session)
    garage.clock.turn(minutes=5)
    await garage.report(PortStatus.AVAILABLE)
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING
    garage.clock.turn(seconds=3)
    await garage.end(session.id, meter=1900)
    assert (await garage.session(session.id)).energy_wh == 900


async def test_t5_a_stop_after_the_checkout_is_billed_and_marked(garage: Garage) -> None:
    await garage.set_rate()
    stay = await garage.check_in()
    session = await garage.start(stay)
    await garage.begin(session)
    await garage.house.charge_points.disconnected(garage.charge_point_id)
    garage.chargers.answer = ChargerOffline("gone")
    await garage.house.stays.check_out(garage.operator, CheckOut(stay_id=stay.id, stop_charging=True))
    assert (await garage.session(session.id)).flags == {SessionFlag.ESTIMATED}
    with garage.house.bus.subscribe(garage.id) as feed:
        await garage.end(session.id, meter=9000)
        items = [e.line_item for e in [await anext(feed) for _ in range(3)] if isinstance(e, LineItemAdded)]
    assert [(item.amount_cents, item.after_checkout) for item in items] == [(200, True)]
    assert SessionFlag.AFTER_CHECKOUT in (await garage.session(session.id)).flags


async def test_t6_a_stop_below_the_start_never_bills_less_than_was_shown(garage: Garage) -> None:
    await garage.set_rate()
    stay = await garage.check_in()
    session = await garage.start(stay)
    await garage.begin(session, meter=50_000)
    garage.clock.turn(minutes=5)
    await garage.meter(session.id, 53_000)
    await garage.end(session.id, meter=0)
    ended = await garage.session(session.id)
    assert (ended.energy_wh, SessionFlag.METER_RESET in ended.flags) == (3000, True)


async def test_t7_a_session_that_its_charger_forgot_is_closed_with_its_last_reading_and_corrected_by_the_truth(
    garage: Garage,
) -> None:
    await garage.set_rate()
    stay = await garage.check_in()
    session = await garage.start(stay)
    await garage.begin(session)
    garage.clock.turn(minutes=20)
    await garage.meter(session.id, 5000)
    await garage.report(PortStatus.AVAILABLE)
    garage.clock.turn(minutes=4)
    assert await garage.house.transactions.close_forgotten() == 0
    garage.clock.turn(minutes=2)
    assert await garage.house.transactions.close_forgotten() == 1
    assert SessionFlag.ESTIMATED in (await garage.session(session.id)).flags
    await garage.end(session.id, meter=5400)
    items = await garage.line_items(stay)
    assert [(item.amount_cents, item.is_correction) for item in items] == [(100, False), (10, True)]
    assert (await garage.session(session.id)).energy_wh == 4400


async def test_t7_a_silent_charge_point_does_not_hold_a_session_for_ever(garage: Garage) -> None:
    session = await garage.start(await garage.check_in())
    await garage.begin(session)
    await garage.house.charge_points.disconnected(garage.charge_point_id)
    garage.clock.turn(hours=23)
    assert await garage.house.transactions.close_forgotten() == 0
    garage.clock.turn(hours=2)
    assert await garage.house.transactions.close_forgotten() == 1
    assert (await garage.session(session.id)).status is SessionStatus.ENDED


async def test_t7_a_charge_point_that_sends_readings_and_no_heartbeat_is_not_silent(garage: Garage) -> None:
    session = await garage.start(await garage.check_in())
    await garage.begin(session)
    garage.clock.turn(hours=25)
    await garage.meter(session.id, 5000)
    assert await garage.house.transactions.close_forgotten() == 0
    garage.clock.turn(hours=25)
    assert await garage.house.transactions.close_forgotten() == 1


async def test_t8_nothing_is_charged_for_next_to_nothing(garage: Garage) -> None:
    await garage.set_rate(RateKind.FLAT_FEE, "500")
    stay = await garage.check_in()
    await garage.charge(stay, wh=9)
    assert await garage.line_items(stay) == []
    assert (await garage.request_of(stay)).status is RequestStatus.CHARGED


async def test_t10_a_new_rate_never_changes_a_session_that_has_begun(garage: Garage) -> None:
    await garage.set_rate(cents="25")
    stay = await garage.check_in()
    session = await garage.start(stay)
    await garage.set_rate(cents="30")
    await garage.begin(session)
    await garage.set_rate(cents="99")
    await garage.end(session.id, meter=11_000)
    assert [item.amount_cents for item in await garage.line_items(stay)] == [300]


async def test_t10_a_start_that_is_told_late_is_billed_by_the_rate_of_its_own_moment(garage: Garage) -> None:
    await garage.set_rate(cents="25")
    stay = await garage.check_in()
    session = await garage.start(stay)
    begun_at = garage.clock.now() + timedelta(minutes=1)
    await garage.house.charge_points.disconnected(garage.charge_point_id)
    garage.clock.turn(minutes=30)
    await garage.set_rate(cents="99")
    await garage.house.charge_points.connected(garage.charge_point_id)
    await garage.begin(session, at=begun_at)
    await garage.end(session.id, meter=11_000)
    assert [item.amount_cents for item in await garage.line_items(stay)] == [250]


async def test_t10_a_slow_clock_does_not_bring_back_a_rate_from_before_the_start_was_asked_for(garage: Garage) -> None:
    await garage.set_rate(cents="25")
    garage.clock.turn(minutes=30)
    await garage.set_rate(cents="30")
    stay = await garage.check_in()
    session = await garage.start(stay)
    await garage.begin(session, at=garage.clock.now() - timedelta(minutes=10))
    await garage.end(session.id, meter=11_000)
    assert [item.amount_cents for item in await garage.line_items(stay)] == [300]


async def test_t10_without_a_rate_nothing_is_billed(garage: Garage) -> None:
    stay = await garage.check_in()
    await garage.charge(stay)
    assert await LineItemRow.all().count() == 0


async def test_b6_an_older_status_does_not_overwrite_a_newer_one(garage: Garage) -> None:
    garage.clock.turn(minutes=5)
    await garage.report(PortStatus.FAULTED, error="GroundFailure")
    older = garage.clock.now() - timedelta(minutes=3)
    await garage.house.charge_points.report_status(
        garage.charge_point_id,
        StatusReport(connector_id=1, status=PortStatus.AVAILABLE, error_code=None, info=None, at=older),
    )
    (view, _) = (await garage.house.boards.read(garage.id)).ports
    assert (view.port.status, view.port.error_code) == (PortStatus.FAULTED, "GroundFailure")


async def test_c4_a_lost_connection_shows_offline_and_what_was_last_known(garage: Garage) -> None:
    session = await garage.start(await garage.check_in())
    await garage.begin(session)
    await garage.report(PortStatus.CHARGING)
    await garage.house.charge_points.disconnected(garage.charge_point_id)
    (view, _) = (await garage.house.boards.read(garage.id)).ports
    assert (view.port.status, view.port.reported_status) == (PortStatus.OFFLINE, PortStatus.CHARGING)
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING


async def test_t7_readings_of_a_meter_that_stands_still_do_not_keep_a_forgotten_session_open(garage: Garage) -> None:
    session = await garage.start(await garage.check_in())
    await garage.begin(session)
    garage.clock.turn(minutes=20)
    await garage.meter(session.id, 5000)
    await garage.report(PortStatus.AVAILABLE)
    for _ in range(6):
        garage.clock.turn(minutes=1)
        await garage.meter(None, 5000)
    assert await garage.house.transactions.close_forgotten() == 1
    assert (await garage.session(session.id)).energy_wh == 4000


async def test_t5_a_late_truth_with_an_unbelievable_clock_bills_no_minutes_more(garage: Garage) -> None:
    await garage.set_rate(RateKind.PER_MINUTE, "10")
    stay = await garage.check_in()
    session = await garage.start(stay)
    await garage.begin(session)
    garage.clock.turn(minutes=20)
    await garage.meter(session.id, 5000)
    await garage.report(PortStatus.AVAILABLE)
    garage.clock.turn(minutes=6)
    await garage.house.transactions.close_forgotten()
    garage.clock.turn(hours=40)
    await garage.end(session.id, meter=5000, clock_replaced=True)
    assert [item.amount_cents for item in await garage.line_items(stay)] == [200]


async def test_m4_readings_of_one_message_count_in_the_order_of_their_time(garage: Garage) -> None:
    session = await garage.start(await garage.check_in())
    await garage.begin(session)
    readings = [
        Reading(at=garage.clock.now() + timedelta(minutes=minute), register_wh=1000 + minute * 100)
        for minute in (3, 1, 2)
    ]
    garage.clock.turn(minutes=5)
    await garage.house.metering.record(
        garage.charge_point_id, connector_id=1, transaction_id=session.id, readings=readings, raw="[a frame]"
    )
    samples = await MeterSampleRow.filter(session_id=session.id).order_by("id")
    assert [sample.energy_wh for sample in samples] == [100, 200, 300]

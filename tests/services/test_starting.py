"""S1 to S7, on a real database."""

import asyncio

import pytest

from evgraph.domain.charging_request import RequestStatus
from evgraph.domain.charging_session import SessionFlag, SessionStatus, StopReason
from evgraph.domain.port import PortStatus
from evgraph.domain.rate import RateKind
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.transactions import AuthorizationStatus, TransactionStart
from evgraph.models import CardRow, SessionRow
from evgraph.services.cards import NewCard
from evgraph.services.interfaces import ChargerBusy, ChargerOffline, ChargerRejected, ChargerTimeout
from evgraph.services.requests import MakeRequest
from evgraph.services.stays import CheckOut

from .conftest import Garage


async def test_s1_an_accepted_start_holds_the_port_and_names_the_vehicle_by_a_one_time_tag(garage: Garage) -> None:
    stay = await garage.check_in()
    session = await garage.start(stay)
    assert (session.status, session.port_id, session.transaction_id) == (SessionStatus.STARTING, garage.port_id, None)
    assert garage.chargers.started == [("AX48-1", 1, session.id_tag)]
    assert 16 <= len(session.id_tag) <= 20
    assert (await garage.request_of(stay)).status is RequestStatus.STARTING


async def test_s1_two_attendants_never_get_the_same_port(garage: Garage) -> None:
    stays = [await garage.check_in(f"CAR {n}") for n in range(5)]
    outcomes = await asyncio.gather(*(garage.start(stay) for stay in stays), return_exceptions=True)
    won = [o for o in outcomes if not isinstance(o, BaseException)]
    lost = [o for o in outcomes if isinstance(o, Refusal)]
    assert len(won) == 1
    assert [refusal.code for refusal in lost] == [ErrorCode.PORT_IN_USE] * 4
    assert len(garage.chargers.started) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (ChargerRejected("no"), ErrorCode.CHARGER_REJECTED),
        (ChargerTimeout("late"), ErrorCode.CHARGER_TIMEOUT),
        (ChargerOffline("gone"), ErrorCode.CHARGER_OFFLINE),
        (ChargerBusy("never sent"), ErrorCode.CHARGER_BUSY),
    ],
)
async def test_s1_a_start_that_fails_says_which_and_the_request_waits_again(
    garage: Garage, answer: Exception, code: ErrorCode
) -> None:
    stay = await garage.check_in()
    garage.chargers.answer = answer
    with pytest.raises(Refusal) as refused:
        await garage.start(stay)
    assert refused.value.code is code
    request = await garage.request_of(stay)
    assert (request.status, request.last_start_failure) == (RequestStatus.NEEDS_CHARGING, refused.value.message)
    garage.chargers.answer = None
    assert (await garage.start(stay)).status is SessionStatus.STARTING


async def test_s1_a_start_that_was_given_up_before_the_answer_says_so(garage: Garage) -> None:
    garage.chargers.gate = asyncio.Event()
    stay = await garage.check_in()
    tapped = asyncio.create_task(garage.start(stay, key="once"))
    await garage.chargers.asked.wait()
    await garage.report(PortStatus.FAULTED, error="GroundFailure")
    garage.chargers.gate.set()
    with pytest.raises(Refusal) as refused:
        await tapped
    assert refused.value.code is ErrorCode.PORT_NOT_OPEN
    with pytest.raises(Refusal, match="GroundFailure"):
        await garage.start(stay, key="once")


async def test_s1_an_offline_port_is_refused_before_anything_is_sent(garage: Garage) -> None:
    stay = await garage.check_in()
    await garage.house.charge_points.disconnected(garage.charge_point_id)
    with pytest.raises(Refusal) as refused:
        await garage.start(stay)
    assert refused.value.code is ErrorCode.PORT_NOT_OPEN
    assert garage.chargers.started == []


async def test_s2_a_resent_start_transaction_is_the_same_transaction(garage: Garage) -> None:
    session = await garage.start(await garage.check_in())
    first = await garage.begin(session)
    again = await garage.begin(session)
    assert first == again
    assert first.status is AuthorizationStatus.ACCEPTED
    assert await SessionRow.all().count() == 1


async def test_s2_two_resent_starts_at_once_are_one_transaction(garage: Garage) -> None:
    session = await garage.start(await garage.check_in())
    answers = await asyncio.gather(*(garage.begin(session) for _ in range(5)))
    assert {answer.transaction_id for answer in answers} == {session.id}


async def test_s2_a_resent_start_after_the_end_gets_its_answer_and_reopens_nothing(garage: Garage) -> None:
    stay = await garage.check_in()
    ended = await garage.charge(stay)
    again = await garage.begin(ended)
    assert (again.transaction_id, again.status) == (ended.id, AuthorizationStatus.ACCEPTED)
    assert (await garage.session(ended.id)).status is SessionStatus.ENDED


async def test_s2_one_card_at_two_connectors_at_once_is_two_transactions(garage: Garage) -> None:
    """Queued offline, by a charger whose meters count each session from 0."""
    answers = [
        await garage.house.transactions.transaction_started(
            garage.charge_point_id,
            TransactionStart(
                connector_id=connector,
                id_tag="STAFF-7",
                meter_start_wh=0,
                at=garage.clock.now(),
                reported_at="2026-11-22T08:48:00Z",
                clock_replaced=False,
            ),
        )
        for connector in (1, 2, 1, 2)
    ]
    first, second = (answer.transaction_id for answer in answers[:2])
    assert first != second
    assert [answer.transaction_id for answer in answers[2:]] == [first, second]


async def test_s2_start_transaction_may_overtake_the_answer_to_the_remote_start(garage: Garage) -> None:
    stay = await garage.check_in()
    garage.chargers.gate = asyncio.Event()
    tapped = asyncio.create_task(garage.start(stay))
    await garage.chargers.asked.wait()
    await garage.begin(garage.chargers.started[0][2])
    garage.chargers.gate.set()
    assert (await tapped).status is SessionStatus.CHARGING


async def test_s2_an_answer_that_is_lost_after_the_start_is_no_failure(garage: Garage) -> None:
    stay = await garage.check_in()
    garage.chargers.gate = asyncio.Event()
    garage.chargers.answer = ChargerTimeout("lost")
    tapped = asyncio.create_task(garage.start(stay))
    await garage.chargers.asked.wait()
    await garage.begin(garage.chargers.started[0][2])
    garage.chargers.gate.set()
    assert (await tapped).status is SessionStatus.CHARGING


async def test_s3_authorize_accepts_the_tag_that_a_start_would_take(garage: Garage) -> None:
    transactions = garage.house.transactions
    session = await garage.start(await garage.check_in())
    assert (await transactions.authorize(garage.charge_point_id, session.id_tag)).status is AuthorizationStatus.ACCEPTED
    assert (
        await transactions.authorize(garage.charge_point_id, session.id_tag.lower())
    ).status is AuthorizationStatus.ACCEPTED
    assert (
        await transactions.authorize(garage.other_charge_point_id, "STRANGER")
    ).status is AuthorizationStatus.INVALID
    assert (
        await transactions.authorize(garage.other_charge_point_id, session.id_tag)
    ).status is AuthorizationStatus.INVALID


async def test_s3_authorize_accepts_the_tag_of_a_charge_that_was_cut_off(garage: Garage) -> None:
    transactions, stay = garage.house.transactions, await garage.check_in()
    session = await garage.start(stay)
    await garage.begin(session)
    assert (await transactions.authorize(garage.charge_point_id, session.id_tag)).status is AuthorizationStatus.ACCEPTED
    await garage.end(session.id, meter=3000, reason=StopReason.POWER_LOSS)
    assert (await transactions.authorize(garage.charge_point_id, session.id_tag)).status is AuthorizationStatus.ACCEPTED
    await garage.house.stays.check_out(garage.operator, CheckOut(stay_id=stay.id))
    assert (await transactions.authorize(garage.charge_point_id, session.id_tag)).status is AuthorizationStatus.INVALID


async def test_s4_a_start_that_nobody_plugs_in_ends_with_its_window(garage: Garage) -> None:
    stay = await garage.check_in()
    session = await garage.start(stay)
    garage.clock.turn(seconds=179)
    assert await garage.house.charging.expire_starts() == 0
    garage.clock.turn(seconds=2)
    assert await garage.house.charging.expire_starts() == 1
    assert (await garage.session(session.id)).status is SessionStatus.FAILED
    request = await garage.request_of(stay)
    assert request.status is RequestStatus.NEEDS_CHARGING
    assert request.last_start_failure == "Charging did not begin in time. Start again."
    board = await garage.house.boards.read(garage.id)
    assert [view.port.is_open for view in board.ports] == [True, True]


@pytest.mark.parametrize("sign", ["cable out", "faulted", "offline"])
async def test_s4_a_start_ends_by_each_sign_of_its_failure(garage: Garage, sign: str) -> None:
    stay = await garage.check_in()
    session = await garage.start(stay)
    if sign == "cable out":
        await garage.report(PortStatus.PREPARING)
        assert (await garage.session(session.id)).status is SessionStatus.STARTING
        garage.clock.turn(seconds=5)
        await garage.report(PortStatus.AVAILABLE)
    elif sign == "faulted":
        await garage.report(PortStatus.FAULTED, error="GroundFailure")
    else:
        await garage.house.charge_points.disconnected(garage.charge_point_id)
    assert (await garage.session(session.id)).status is SessionStatus.FAILED
    assert (await garage.request_of(stay)).status is RequestStatus.NEEDS_CHARGING


async def test_s4_the_window_survives_a_restart(garage: Garage) -> None:
    stay = await garage.check_in()
    session = await garage.start(stay)
    await garage.house.charge_points.forget_connections()
    assert (await garage.session(session.id)).status is SessionStatus.STARTING
    garage.clock.turn(seconds=181)
    await garage.house.charging.expire_starts()
    assert (await garage.session(session.id)).status is SessionStatus.FAILED


async def test_s5_a_late_start_revives_a_session_that_was_given_up(garage: Garage) -> None:
    stay = await garage.check_in()
    session = await garage.start(stay)
    garage.clock.turn(seconds=181)
    await garage.house.charging.expire_starts()
    answer = await garage.begin(session)
    assert (answer.transaction_id, answer.status) == (session.id, AuthorizationStatus.ACCEPTED)
    revived = await garage.session(session.id)
    assert (revived.status, revived.failure) == (SessionStatus.CHARGING, None)
    assert (await garage.request_of(stay)).status is RequestStatus.CHARGING


async def test_s5_not_when_the_request_has_another_session_by_now(garage: Garage) -> None:
    stay = await garage.check_in()
    first = await garage.start(stay)
    garage.clock.turn(seconds=181)
    await garage.house.charging.expire_starts()
    await garage.start(stay, garage.other_port_id)
    answer = await garage.begin(first)
    late = await garage.session(answer.transaction_id)
    assert (late.id != first.id, late.request_id, answer.status) == (True, None, AuthorizationStatus.INVALID)


async def test_s5_not_when_the_stay_is_checked_out(garage: Garage) -> None:
    stay = await garage.check_in()
    first = await garage.start(stay)
    await garage.house.stays.check_out(garage.operator, CheckOut(stay_id=stay.id))
    assert (await garage.session(first.id)).status is SessionStatus.FAILED
    answer = await garage.begin(first)
    assert (await garage.session(answer.transaction_id)).stay_id is None


async def test_s6_a_start_that_nobody_asked_for_is_kept_metered_and_shown_without_a_ticket(garage: Garage) -> None:
    answer = await garage.begin("A1B2C3D4")
    assert answer.status is AuthorizationStatus.INVALID
    garage.clock.turn(minutes=1)
    await garage.meter(answer.transaction_id, 1500)
    (view, _) = (await garage.house.boards.read(garage.id)).ports
    assert view.session is not None
    assert (view.session.id, view.session.request_id, view.session.energy_wh) == (answer.transaction_id, None, 500)
    assert not view.port.is_open


@pytest.mark.parametrize(
    ("blocked", "expired", "status"),
    [
        (False, False, AuthorizationStatus.ACCEPTED),
        (True, False, AuthorizationStatus.BLOCKED),
        (False, True, AuthorizationStatus.EXPIRED),
    ],
)
async def test_s6_a_registered_card_is_answered_as_it_stands(
    garage: Garage, blocked: bool, expired: bool, status: AuthorizationStatus
) -> None:
    expires_at = garage.clock.now() if expired else None
    await garage.house.registration.add_card(garage_id=garage.id, id_tag="a1b2c3d4", expires_at=expires_at)
    if blocked:
        await CardRow.filter(garage_id=garage.id).update(is_blocked=True)
    assert (await garage.begin("A1B2C3D4")).status is status


async def test_s6_a_cards_second_charge_is_another_transaction_and_a_resent_start_is_not(garage: Garage) -> None:
    await garage.house.registration.add_card(garage_id=garage.id, id_tag="CARD")
    first = await garage.begin("CARD", meter=1000, reported_at="2026-11-22T08:00:00Z")
    assert await garage.begin("CARD", meter=1000, reported_at="2026-11-22T08:00:00Z") == first
    await garage.end(first.transaction_id, meter=1000)
    second = await garage.begin("CARD", meter=1000, reported_at="2026-11-22T09:00:00Z")
    assert second.transaction_id != first.transaction_id


async def test_s7_a_start_on_a_connector_that_still_runs_ends_and_bills_the_old_one(garage: Garage) -> None:
    await garage.set_rate()
    stay = await garage.check_in()
    old = await garage.start(stay)
    await garage.begin(old)
    garage.clock.turn(minutes=30)
    await garage.meter(old.id, 5000)
    await garage.begin("A1B2C3D4", meter=6000)
    ended = await garage.session(old.id)
    assert (ended.status, ended.energy_wh) == (SessionStatus.ENDED, 5000)
    assert SessionFlag.SUPERSEDED in ended.flags
    assert [item.amount_cents for item in await garage.line_items(stay)] == [125]


async def test_s7_a_start_that_waits_is_given_up_when_another_begins_there(garage: Garage) -> None:
    stay = await garage.check_in()
    waiting = await garage.start(stay)
    await garage.house.cards.add(garage.operator, NewCard(garage_id=garage.id, id_tag="A1B2C3D4"))
    await garage.begin("A1B2C3D4")
    assert (await garage.session(waiting.id)).failure_code is ErrorCode.PORT_IN_USE
    assert (await garage.request_of(stay)).status is RequestStatus.NEEDS_CHARGING


async def test_t8_a_charger_that_was_cut_off_goes_on_for_the_same_vehicle(garage: Garage) -> None:
    await garage.set_rate(RateKind.FLAT_FEE, "500")
    stay = await garage.check_in()
    first = await garage.start(stay)
    await garage.begin(first)
    await garage.end(first.id, meter=3000, reason=StopReason.POWER_LOSS)
    answer = await garage.begin(first, meter=3000, reported_at="2026-11-22T09:30:00Z")
    second = await garage.session(answer.transaction_id)
    assert (second.id != first.id, second.request_id) == (True, (await garage.request_of(stay)).id)
    await garage.end(second.id, meter=9000)
    assert [item.amount_cents for item in await garage.line_items(stay)] == [500]


async def test_s2_a_new_start_after_a_power_cut_before_any_energy_flowed_is_another_transaction(
    garage: Garage,
) -> None:
    await garage.set_rate()
    stay = await garage.check_in()
    first = await garage.start(stay)
    await garage.begin(first, meter=1000)
    await garage.end(first.id, meter=1000, reason=StopReason.POWER_LOSS)
    resent = await garage.begin(first, meter=1000)
    assert resent.transaction_id == first.id
    second = await garage.begin(first, meter=1000, reported_at="2026-11-22T09:30:00Z")
    assert second.transaction_id != first.id
    await garage.end(second.transaction_id, meter=3000)
    assert [item.amount_cents for item in await garage.line_items(stay)] == [50]


async def test_t8_a_power_cut_without_a_word_does_not_charge_the_flat_fee_twice(garage: Garage) -> None:
    await garage.set_rate(RateKind.FLAT_FEE, "500")
    stay = await garage.check_in()
    first = await garage.start(stay)
    await garage.begin(first)
    garage.clock.turn(minutes=10)
    await garage.meter(first.id, 3000)
    answer = await garage.begin(first, meter=3000, reported_at="2026-11-22T09:30:00Z")
    assert (await garage.session(first.id)).flags == {SessionFlag.SUPERSEDED}
    await garage.end(answer.transaction_id, meter=9000)
    assert [item.amount_cents for item in await garage.line_items(stay)] == [500]


async def test_a_charger_that_goes_on_does_not_bring_a_cancelled_request_back(garage: Garage) -> None:
    stay = await garage.check_in()
    first = await garage.start(stay)
    await garage.begin(first)
    await garage.end(first.id, meter=3000, reason=StopReason.POWER_LOSS)
    again = await garage.house.requests.make(garage.operator, MakeRequest(stay_id=stay.id))
    await garage.house.requests.cancel(garage.operator, again.id)
    answer = await garage.begin(first, meter=3000, reported_at="2026-11-22T09:30:00Z")
    assert (await garage.session(answer.transaction_id)).request_id is None

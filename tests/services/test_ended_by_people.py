"""T7, T12: a person ends a session whose charger does not: by a second stopCharging, or by a check-out."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from evgraph.domain.charging_request import RequestStatus
from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus, StopReason
from evgraph.domain.port import PortStatus
from evgraph.domain.rate import RateKind
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.session_end import has_pending_charges
from evgraph.domain.stay import CheckOutWarningCode, Stay, StayStatus
from evgraph.models import RequestRow, SessionRow, StayRow
from evgraph.services.interfaces import ChargerBusy, ChargerNotAccepted, ChargerOffline, ChargerRejected, ChargerTimeout
from evgraph.services.stays import CheckedOut, CheckOut

from .conftest import Garage

Act = Callable[[Garage, Stay, ChargingSession], Awaitable[object]]


async def _charging(garage: Garage, *, wh: int | None = 2000) -> tuple[Stay, ChargingSession]:
    """It charged 20 minutes by its last reading, half an hour ago."""
    stay = await garage.check_in()
    session = await garage.start(stay)
    await garage.begin(session, meter=1000)
    garage.clock.turn(minutes=20)
    if wh is not None:
        await garage.meter(session.id, 1000 + wh)
    garage.clock.turn(minutes=30)
    return stay, await garage.session(session.id)


async def _check_out(garage: Garage, stay: Stay, key: str | None = None) -> CheckedOut:
    command = CheckOut(stay_id=stay.id, stop_charging=True, idempotency_key=key)
    return await garage.house.stays.check_out(garage.operator, command)


async def stop(garage: Garage, _: Stay, session: ChargingSession) -> object:
    return await garage.house.charging.stop(garage.operator, session.id)


async def leave(garage: Garage, stay: Stay, _: ChargingSession) -> object:
    return await _check_out(garage, stay)


async def _refusal(work: Awaitable[object]) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await work
    return refused.value


async def _request_status(stay: Stay) -> RequestStatus:
    return (await RequestRow.get(stay_id=stay.id)).status


async def _is_pending(garage: Garage, stay: Stay) -> bool:
    return has_pending_charges([row.value() for row in await SessionRow.filter(stay_id=stay.id)], garage.clock.now())


@pytest.mark.parametrize(
    ("kind", "cents", "corrected"),
    [(RateKind.PER_KWH, 50, 100), (RateKind.PER_MINUTE, 500, 1125), (RateKind.FLAT_FEE, 25, 25)],
)
async def test_t12_a_checkout_while_the_charger_is_offline_bills_the_last_reading(
    garage: Garage, kind: RateKind, cents: int, corrected: int
) -> None:
    await garage.set_rate(kind, "25")
    stay, session = await _charging(garage)
    garage.chargers.answer = ChargerOffline()
    checked_out = await _check_out(garage, stay)
    assert checked_out.stay.status is StayStatus.CLOSED
    (warning,) = checked_out.warnings
    assert warning.code is CheckOutWarningCode.CHARGES_PENDING
    assert stay.ticket_number in warning.message

    ended = await garage.session(session.id)
    assert session.started_at is not None
    assert (ended.status, ended.flags, ended.energy_wh) == (SessionStatus.ENDED, {SessionFlag.ESTIMATED}, 2000)
    assert ended.ended_at == session.started_at + timedelta(minutes=20)
    assert (ended.closed_at, ended.stop_reason) == (garage.clock.now(), StopReason.REMOTE)
    billed = [(item.amount_cents, item.after_checkout, item.is_correction) for item in await garage.line_items(stay)]
    assert billed == [(cents, False, False)]
    assert await _request_status(stay) is RequestStatus.CHARGED
    assert (await garage.house.boards.read(garage.id)).cards == ()
    assert await _is_pending(garage, stay)

    await garage.end(session.id, meter=5000, at=session.started_at + timedelta(minutes=45))
    assert sum(item.amount_cents for item in await garage.line_items(stay)) == corrected
    assert all(item.after_checkout and item.is_correction for item in (await garage.line_items(stay))[1:])
    assert (await garage.session(session.id)).flags == {SessionFlag.AFTER_CHECKOUT}
    assert not await _is_pending(garage, stay)
    assert await _request_status(stay) is RequestStatus.CHARGED


@pytest.mark.parametrize("kind", list(RateKind))
async def test_t12_without_a_reading_the_session_ends_at_its_start_and_nothing_is_billed(
    garage: Garage, kind: RateKind
) -> None:
    await garage.set_rate(kind, "25")
    stay, session = await _charging(garage, wh=None)
    garage.chargers.answer = ChargerOffline()
    checked_out = await _check_out(garage, stay)
    ended = await garage.session(session.id)
    assert (ended.status, ended.ended_at, ended.energy_wh) == (SessionStatus.ENDED, session.started_at, 0)
    assert await garage.line_items(stay) == []
    assert [warning.code for warning in checked_out.warnings] == [CheckOutWarningCode.CHARGES_PENDING]
    # Nothing of a closed stay waits again.
    assert await _request_status(stay) is not RequestStatus.NEEDS_CHARGING
    assert (await garage.house.boards.read(garage.id)).cards == ()
    await garage.end(session.id, meter=5000)
    assert [item.after_checkout for item in await garage.line_items(stay)] == [True]


async def test_t12_charges_are_pending_for_seven_days(garage: Garage) -> None:
    stay, _ = await _charging(garage)
    garage.chargers.answer = ChargerOffline()
    await _check_out(garage, stay)
    garage.clock.turn(days=7)
    assert await _is_pending(garage, stay)
    garage.clock.turn(seconds=1)
    assert not await _is_pending(garage, stay)


async def test_t12_without_stop_charging_a_running_session_refuses_the_checkout(garage: Garage) -> None:
    stay, session = await _charging(garage)
    garage.chargers.answer = ChargerOffline()
    refusal = await _refusal(garage.house.stays.check_out(garage.operator, CheckOut(stay_id=stay.id)))
    assert refusal.code is ErrorCode.STILL_CHARGING
    assert garage.chargers.stopped == []
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING


async def test_t12_a_start_that_waits_is_given_up_and_nothing_is_pending(garage: Garage) -> None:
    stay = await garage.check_in()
    session = await garage.start(stay)
    garage.chargers.answer = ChargerOffline()
    checked_out = await _check_out(garage, stay)
    assert (checked_out.stay.status, checked_out.warnings) == (StayStatus.CLOSED, ())
    assert (await garage.session(session.id)).status is SessionStatus.FAILED
    assert await _request_status(stay) is RequestStatus.CANCELED


async def test_t12_a_checkout_that_the_charger_ends_has_no_warning(garage: Garage) -> None:
    await garage.set_rate()
    stay, session = await _charging(garage)
    garage.chargers.asked.clear()
    leaving = asyncio.create_task(_check_out(garage, stay))
    await garage.chargers.asked.wait()
    await garage.end(session.id, meter=5000)
    assert (await leaving).warnings == ()
    assert not await _is_pending(garage, stay)
    assert (await garage.session(session.id)).closed_at is None


async def test_t12_the_same_key_warns_again_also_after_the_stop(garage: Garage) -> None:
    await garage.set_rate()
    stay, session = await _charging(garage)
    garage.chargers.answer = ChargerOffline()
    first = await _check_out(garage, stay, key="gate 1")
    await garage.end(session.id, meter=5000)
    assert await _check_out(garage, stay, key="gate 1") == first
    assert len(first.warnings) == 1


async def test_t12_each_session_of_the_stay_ends(garage: Garage) -> None:
    """A session that a person ended before the check-out is pending too."""
    await garage.set_rate()
    stay, session = await _charging(garage)
    garage.chargers.answer = ChargerRejected()
    await _refusal(stop(garage, stay, session))
    await stop(garage, stay, session)
    checked_out = await garage.house.stays.check_out(garage.operator, CheckOut(stay_id=stay.id))
    assert [warning.code for warning in checked_out.warnings] == [CheckOutWarningCode.CHARGES_PENDING]
    assert [item.after_checkout for item in await garage.line_items(stay)] == [False]


@pytest.mark.parametrize("second", [stop, leave])
@pytest.mark.parametrize("first", [stop, leave])
@pytest.mark.parametrize(
    ("refused", "again"),
    [
        (ChargerRejected(), ChargerRejected()),
        (ChargerRejected(), ChargerTimeout()),
        (ChargerRejected(), ChargerOffline()),
        (ChargerTimeout(), ChargerTimeout()),
        (ChargerTimeout(), ChargerOffline()),
        (ChargerBusy(), ChargerBusy()),
        (ChargerTimeout(), ChargerBusy()),
    ],
    ids=str,
)
async def test_t7_a_second_attempt_ends_what_the_charger_refuses_to_stop(
    garage: Garage, refused: Exception, again: Exception, first: Act, second: Act
) -> None:
    await garage.set_rate()
    stay, session = await _charging(garage)
    garage.chargers.answer = refused
    refusal = await _refusal(first(garage, stay, session))
    codes = {
        ChargerBusy: ErrorCode.CHARGER_BUSY,
        ChargerRejected: ErrorCode.CHARGER_REJECTED,
        ChargerTimeout: ErrorCode.CHARGER_TIMEOUT,
    }
    assert refusal.code is codes[type(refused)]
    assert refusal.message.endswith("Try again to end the session at its last reading.")
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING
    assert await garage.line_items(stay) == []

    garage.chargers.answer = again
    await second(garage, stay, session)
    assert garage.chargers.stopped == [session.id, session.id]
    ended = await garage.session(session.id)
    assert (ended.status, ended.energy_wh) == (SessionStatus.ENDED, 2000)
    assert (ended.ended_at, ended.closed_at) == (session.last_meter_at, garage.clock.now())
    assert SessionFlag.ESTIMATED in ended.flags
    assert [(item.amount_cents, item.after_checkout) for item in await garage.line_items(stay)] == [(50, False)]
    assert await _request_status(stay) is RequestStatus.CHARGED
    assert await _is_pending(garage, stay)


@pytest.mark.parametrize(
    "status", [PortStatus.UNAVAILABLE, PortStatus.FAULTED, PortStatus.PREPARING, PortStatus.FINISHING]
)
async def test_t7_the_port_of_a_lost_transaction_is_free_again(garage: Garage, status: PortStatus) -> None:
    stay, session = await _charging(garage)
    await garage.report(status)
    garage.chargers.answer = ChargerRejected()
    await _refusal(stop(garage, stay, session))
    await stop(garage, stay, session)
    board = await garage.house.boards.read(garage.id)
    assert [view.port.active_session_id for view in board.ports] == [None, None]
    await garage.report(PortStatus.AVAILABLE)
    garage.chargers.answer = None
    assert (await garage.start(await garage.check_in("NEXT 1"))).status is SessionStatus.STARTING


async def test_t7_a_session_that_a_person_ended_below_ten_watt_hours_does_not_wait_again(garage: Garage) -> None:
    stay, session = await _charging(garage, wh=None)
    garage.chargers.answer = ChargerRejected()
    await _refusal(stop(garage, stay, session))
    await stop(garage, stay, session)
    assert await _request_status(stay) is RequestStatus.CHARGED


async def test_t7_a_charger_that_is_offline_may_charge_on(garage: Garage) -> None:
    """stopCharging leaves it to the check-out, however often it is tried."""
    stay, session = await _charging(garage)
    garage.chargers.answer = ChargerOffline()
    for _ in range(3):
        refusal = await _refusal(stop(garage, stay, session))
        assert (refusal.code, "Unplug" in refusal.message) == (ErrorCode.CHARGER_OFFLINE, True)
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING
    await _check_out(garage, stay)
    assert (await garage.session(session.id)).status is SessionStatus.ENDED


async def test_t7_a_charger_that_accepts_after_all_is_waited_for(garage: Garage) -> None:
    stay, session = await _charging(garage)
    garage.chargers.answer = ChargerRejected()
    await _refusal(stop(garage, stay, session))
    garage.chargers.answer = None
    await stop(garage, stay, session)
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING
    garage.chargers.answer = ChargerRejected()
    await _refusal(stop(garage, stay, session))
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING


async def test_t7_a_charger_that_accepts_and_never_ends_the_session_does_not_hold_the_ticket(garage: Garage) -> None:
    await garage.set_rate()
    stay, session = await _charging(garage)
    refusal = await _refusal(_check_out(garage, stay))
    assert (refusal.code, refusal.field) == (ErrorCode.CHARGER_TIMEOUT, ("input", "stopCharging"))
    assert refusal.message.endswith("Try again to end the session at its last reading.")
    assert (await StayRow.get(id=stay.id)).status is StayStatus.OPEN
    assert (await _check_out(garage, stay)).stay.status is StayStatus.CLOSED
    assert garage.chargers.stopped == [session.id, session.id]
    assert [item.amount_cents for item in await garage.line_items(stay)] == [50]


async def test_t7_a_charger_that_accepts_and_never_stops_can_be_given_up(garage: Garage) -> None:
    """Also where there is no ticket to check out."""
    answer = await garage.begin("CARD", meter=1000)
    garage.clock.turn(minutes=5)
    await garage.meter(answer.transaction_id, 1500)
    for _ in range(2):
        await garage.house.charging.stop(garage.operator, answer.transaction_id)
    garage.clock.turn(minutes=1)
    refusal = await _refusal(garage.house.charging.stop(garage.operator, answer.transaction_id))
    assert refusal.code is ErrorCode.CHARGER_TIMEOUT
    ended = await garage.house.charging.stop(garage.operator, answer.transaction_id)
    assert (ended.status, ended.energy_wh) == (SessionStatus.ENDED, 500)


async def test_t7_a_charger_that_accepts_our_reminders_and_never_stops_can_be_given_up(garage: Garage) -> None:
    """EVGraph asks each minute once the vehicle left (T4); that does not put off the person's turn."""
    answer = await garage.begin("CARD", meter=1000)
    garage.clock.turn(minutes=5)
    await garage.meter(answer.transaction_id, 1500)
    await garage.report(PortStatus.SUSPENDED_EV, info="EV side disconnected")
    garage.clock.turn(seconds=20)
    await garage.house.charge_points.remind_to_stop()
    await asyncio.gather(*garage.house.charge_points._asking.values())
    assert (await garage.house.charging.stop(garage.operator, answer.transaction_id)).status is SessionStatus.CHARGING
    for _ in range(5):
        garage.clock.turn(seconds=50)
        await garage.house.charge_points.remind_to_stop()
        await asyncio.gather(*garage.house.charge_points._asking.values())
    refusal = await _refusal(garage.house.charging.stop(garage.operator, answer.transaction_id))
    assert refusal.code is ErrorCode.CHARGER_TIMEOUT
    ended = await garage.house.charging.stop(garage.operator, answer.transaction_id)
    assert (ended.status, ended.energy_wh) == (SessionStatus.ENDED, 500)


async def test_t7_a_stop_that_comes_while_the_charger_is_asked_is_the_end(garage: Garage) -> None:
    await garage.set_rate()
    stay, session = await _charging(garage)
    garage.chargers.answer = ChargerRejected()
    await _refusal(stop(garage, stay, session))
    asked = garage.chargers.remote_stop

    async def end_and_refuse(identity: str, *, transaction_id: int) -> None:
        await garage.end(transaction_id, meter=5000)
        await asked(identity, transaction_id=transaction_id)

    garage.chargers.remote_stop = end_and_refuse  # type: ignore[method-assign]
    await stop(garage, stay, session)
    ended = await garage.session(session.id)
    assert (ended.flags, ended.closed_at, ended.energy_wh) == (frozenset(), None, 4000)
    assert [item.amount_cents for item in await garage.line_items(stay)] == [100]


async def test_t7_what_became_of_the_stop_is_kept_with_the_session(garage: Garage) -> None:
    stay, session = await _charging(garage)
    revision = (await garage.house.boards.read(garage.id)).revision

    async def kept(answer: Exception | None) -> tuple[object, ...]:
        garage.chargers.answer = answer
        garage.clock.turn(minutes=1)
        session = await garage.session(transaction_id)
        with suppress(Refusal):
            await garage.house.charging.ask_to_stop(session)
        now, session = garage.clock.now(), await garage.session(transaction_id)
        return tuple(
            at and int((now - at).total_seconds() / 60)
            for at in (session.stop_asked_at, session.stop_rejected_at, session.stop_failed_at)
        )

    transaction_id = session.id
    assert await kept(ChargerTimeout()) == (0, None, 0)
    assert await kept(ChargerOffline()) == (1, None, 0)
    assert await kept(ChargerRejected()) == (0, 0, 0)
    assert await kept(ChargerRejected()) == (0, 1, 0)
    assert await kept(ChargerTimeout()) == (0, 2, 0)
    assert await kept(None) == (0, None, None)
    assert await kept(ChargerRejected()) == (0, 0, 0)
    # None of it is shown on a board, and a charger that is asked by EVGraph itself has not refused a person.
    assert (await garage.house.boards.read(garage.id)).revision == revision
    assert (await _refusal(stop(garage, stay, session))).code is ErrorCode.CHARGER_REJECTED


async def test_t7_canceling_a_request_that_charges_says_what_to_do(garage: Garage) -> None:
    stay, _ = await _charging(garage)
    request = await garage.request_of(stay)
    refusal = await _refusal(garage.house.requests.cancel(garage.operator, request.id))
    assert (refusal.code, refusal.field) == (ErrorCode.REQUEST_NOT_WAITING, ("input", "requestId"))
    assert refusal.message == "This vehicle is charging. Stop the session or unplug the vehicle instead of canceling."


@pytest.mark.parametrize("act", [stop, leave])
async def test_t7_a_stop_that_was_never_sent_for_want_of_acceptance_is_no_rejection(garage: Garage, act: Act) -> None:
    """Or the session would be closed as lost while its charger, which was not asked, goes on with it."""
    stay, session = await _charging(garage)
    garage.chargers.answer = ChargerNotAccepted("never sent")
    refusal = await _refusal(act(garage, stay, session))
    assert (refusal.code, "not accepted" in refusal.message) == (ErrorCode.CHARGER_BUSY, True)
    asked = await garage.session(session.id)
    assert (asked.stop_rejected_at, asked.stop_asked_at) == (None, None)
    garage.clock.turn(minutes=30)
    await garage.house.upkeep.look()
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING
    # A person may still end it.
    await act(garage, stay, session)
    assert (await garage.session(session.id)).status is SessionStatus.ENDED

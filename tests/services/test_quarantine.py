"""What could not be placed is seen and resolved (C8, T3, M3)."""

import json
from datetime import datetime

import pytest

from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus, StopReason
from evgraph.domain.events import MessageQuarantined
from evgraph.domain.quarantine import QuarantinedMessage
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.transactions import TransactionStart, TransactionStop
from evgraph.models import LineItemRow, QuarantinedMessageRow
from tests.services.conftest import Garage


async def lost_stop(
    garage: Garage, *, meter: int, at: datetime | None = None, id_tag: str | None = None
) -> QuarantinedMessage:
    """A StopTransaction that names no transaction, of one that stands beside nothing open."""
    at = at or garage.clock.now()
    payload = {"transactionId": -1, "meterStop": meter, "timestamp": at.isoformat(), "reason": "EVDisconnected"}
    await garage.house.transactions.transaction_stopped(
        garage.charge_point_id,
        TransactionStop(
            transaction_id=None,
            id_tag=id_tag,
            meter_stop_wh=meter,
            at=at,
            reason=StopReason.EV_DISCONNECTED,
            readings=(),
            clock_replaced=False,
            raw=json.dumps([2, "17", "StopTransaction", payload]),
        ),
    )
    return (await QuarantinedMessageRow.all().order_by("-id").first()).value()  # type: ignore[union-attr]


async def estimated(garage: Garage) -> ChargingSession:
    """A session that its charger forgot: closed by us with its last reading (T7)."""
    stay = await garage.check_in()
    session = await garage.start(stay)
    answer = await garage.begin(session)
    garage.clock.turn(minutes=30)
    await garage.meter(answer.transaction_id, 6_000)
    garage.clock.turn(hours=30)
    assert await garage.house.transactions.close_forgotten() == 1
    return await garage.session(session.id)


async def begin_beside(garage: Garage) -> None:
    """A vehicle at the charge point's other connector: a stop without a name could be of either."""
    await garage.house.transactions.transaction_started(
        garage.charge_point_id,
        TransactionStart(
            connector_id=2,
            id_tag="STAFF-9",
            meter_start_wh=0,
            at=garage.clock.now(),
            reported_at="beside",
            clock_replaced=False,
        ),
    )


async def refusal(attempt: object) -> ErrorCode:
    with pytest.raises(Refusal) as refused:
        await attempt  # type: ignore[misc]
    return refused.value.code


async def test_t3_a_stop_that_ends_nothing_is_kept_told_and_dismissed_with_a_reason(garage: Garage) -> None:
    with garage.house.bus.subscribe(garage.id) as feed:
        message = await lost_stop(garage, meter=9_000)
        event = await anext(feed)
    assert isinstance(event, MessageQuarantined)
    assert event.message == message
    assert (message.action, message.energy_wh, message.resolved_at) == ("StopTransaction", 9_000, None)
    resolve = garage.house.quarantine.resolve
    assert await refusal(resolve(garage.operator, message.id, "  ")) is ErrorCode.INVALID
    assert await refusal(resolve(garage.stranger, message.id, "mine")) is ErrorCode.NOT_FOUND
    assert await refusal(resolve(garage.operator, 4711, "none")) is ErrorCode.NOT_FOUND
    resolved = await resolve(garage.operator, message.id, "A test of the electrician's.")
    assert resolved.resolved_by == "Olivia"
    assert resolved.resolved_at == garage.clock.now()
    assert (await QuarantinedMessageRow.get(id=message.id)).value() == resolved
    assert await refusal(resolve(garage.operator, message.id, "again")) is ErrorCode.ALREADY_RESOLVED


async def test_t3_a_stop_that_is_given_to_a_session_that_we_closed_corrects_its_bill(garage: Garage) -> None:
    await garage.set_rate()
    session = await estimated(garage)
    assert session.energy_wh == 5_000
    assert SessionFlag.ESTIMATED in session.flags
    message = await lost_stop(garage, meter=9_000, id_tag="STAFF-9")
    resolved = await garage.house.quarantine.resolve(
        garage.operator, message.id, "Its own, by the meter.", session_id=session.id
    )
    after = await garage.session(session.id)
    assert resolved.session_id == session.id
    assert (after.energy_wh, after.stop_reason, after.ended_at) == (8_000, StopReason.EV_DISCONNECTED, message.at)
    assert SessionFlag.ESTIMATED not in after.flags
    items = await LineItemRow.filter(session_id=session.id).order_by("sequence")
    assert [(item.amount_cents, item.is_correction) for item in items] == [(125, False), (75, True)]


async def test_t3_a_stop_that_is_given_to_a_running_session_ends_and_bills_it(garage: Garage) -> None:
    await garage.set_rate()
    stay = await garage.check_in()
    session = await garage.start(stay)
    await garage.begin(session)
    await begin_beside(garage)
    garage.clock.turn(minutes=60)
    message = await lost_stop(garage, meter=5_000)
    await garage.house.quarantine.resolve(garage.operator, message.id, "By the cable.", session_id=session.id)
    after = await garage.session(session.id)
    assert (after.status, after.energy_wh) == (SessionStatus.ENDED, 4_000)
    assert [item.amount_cents for item in await garage.line_items(stay)] == [100]


async def test_t3_a_stop_is_given_to_no_session_that_it_cannot_have_ended(garage: Garage) -> None:
    stay = await garage.check_in()
    charged = await garage.charge(stay)
    resolve = garage.house.quarantine.resolve
    garage.clock.turn(minutes=10)
    message = await lost_stop(garage, meter=90_000)
    garage.clock.turn(minutes=10)
    told = resolve(garage.operator, message.id, "No.", session_id=charged.id)
    assert await refusal(told) is ErrorCode.SESSION_NOT_ACTIVE
    later = await garage.begin("STAFF-7", reported_at="later")
    told = resolve(garage.operator, message.id, "No.", session_id=later.transaction_id)
    assert await refusal(told) is ErrorCode.INVALID
    assert await refusal(resolve(garage.operator, message.id, "No.", session_id=4711)) is ErrorCode.NOT_FOUND
    assert (await QuarantinedMessageRow.get(id=message.id)).resolved_at is None


async def test_m3_readings_without_a_session_end_none(garage: Garage) -> None:
    await garage.meter(4711, 6_000)
    (row,) = await QuarantinedMessageRow.all()
    assert row.action == "MeterValues"
    answer = await garage.begin("STAFF-7")
    told = garage.house.quarantine.resolve(garage.operator, row.id, "Its.", session_id=answer.transaction_id)
    assert await refusal(told) is ErrorCode.INVALID


async def test_c8_a_stop_that_is_neither_placed_nor_understood_lies_there_once(garage: Garage) -> None:
    message = await lost_stop(garage, meter=17_000)
    told = {"action": message.action, "raw": message.frame}
    await garage.house.charge_points.quarantine(garage.charge_point_id, why="reason is not a text", **told)
    (row,) = await QuarantinedMessageRow.all()
    assert (row.energy_wh, row.why) == (
        17_000,
        "It names none of our sessions, and none can be told to be meant. reason is not a text",
    )
    await garage.house.quarantine.resolve(garage.operator, row.id, "A test.")
    await garage.house.charge_points.quarantine(garage.charge_point_id, why="reason is not a text", **told)
    assert [row.why for row in await QuarantinedMessageRow.filter(resolved_at=None)] == ["reason is not a text"]

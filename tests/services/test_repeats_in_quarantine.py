"""C8: one habit of a charger fills one row of the quarantine, and nothing distinct is merged away."""

from datetime import timedelta
from typing import Any

import pytest

from evgraph.domain.charging_session import SessionStatus
from evgraph.domain.events import MessageQuarantined
from evgraph.models import QuarantinedMessageRow
from tests.services.station import Station

from .conftest import Garage


async def told(station: Station, sampled: list[dict[str, Any]], **said: Any) -> None:
    value = {"timestamp": station.stamp(), "sampledValue": sampled}
    await station.call("MeterValues", {"connectorId": 1, "meterValue": [value], **said})


async def test_c8_m3_readings_of_one_unknown_transaction_are_counted_in_one_row(garage: Garage, two: Station) -> None:
    first_at = garage.clock.now()
    with garage.house.bus.subscribe(garage.id) as feed:
        for register in range(1000, 1200, 10):
            await two.meter(7777, register)
            garage.clock.turn(seconds=15)
        news = []
        while (event := feed.take()) is not None:
            news += [event] if isinstance(event, MessageQuarantined) else []
    (kept,) = await two.quarantined()
    assert (kept.count, kept.at) == (20, first_at)
    assert kept.last_at == first_at + timedelta(seconds=19 * 15)
    # The latest frame, in the form in which it came.
    assert '"1190"' in kept.frame
    assert len(news) == 1


async def test_c8_a_row_for_each_connector_transaction_and_reason(garage: Garage, two: Station) -> None:
    for _ in range(3):
        await two.meter(7777, 1000)
        await two.meter(7778, 1000)
        await two.meter(7777, 1000, connector=2)
        await two.call("StatusNotification", {"connectorId": 1, "status": "Melting", "errorCode": "NoError"})
        await two.call("StatusNotification", {"connectorId": 2, "status": "Melting", "errorCode": "NoError"})
        await two.call("StatusNotification", {"connectorId": 2, "status": "Frozen", "errorCode": "NoError"})
        garage.clock.turn(seconds=15)
    assert [kept.count for kept in await two.quarantined()] == [3] * 6


async def test_c8_a_reading_that_is_neither_placed_nor_read_whole_is_counted_once(garage: Garage, two: Station) -> None:
    for _ in range(4):
        await told(two, [{"value": "1000"}, {"value": "broken", "unit": "Wh"}], transactionId=7777)
        garage.clock.turn(seconds=15)
        await two.meter(7777, 1100)
        garage.clock.turn(seconds=15)
    (kept,) = await two.quarantined()
    assert kept.count == 8
    assert "No session was open at connector 1" in kept.why
    assert "is not a reading" in kept.why


async def test_c8_a_value_that_is_no_reading_in_every_message_is_one_row_and_the_rest_counts(
    garage: Garage, two: Station
) -> None:
    session = await garage.start(await garage.check_in())
    await two.start(session.id_tag, meter=0)
    for register in (1000, 2000, 3000):
        garage.clock.turn(minutes=30)
        await told(
            two, [{"value": str(register)}, {"value": "n/a", "measurand": "Power.Active.Import"}],
            transactionId=session.id,
        )  # fmt: skip
    (kept,) = await two.quarantined()
    assert (kept.count, (await garage.session(session.id)).energy_wh) == (3, 3000)


@pytest.mark.parametrize(
    "unit", ["A", "V", "VA", "var", "kvar", "varh", "kvarh", "Percent", "Celsius", "K", "Hz", "RPM", "%"]
)
@pytest.mark.parametrize("value", ["16.1", "-3", "n/a", ""])
async def test_m1_a_unit_that_is_not_energy_or_power_is_no_reading_and_nothing_to_keep(
    garage: Garage, two: Station, unit: str, value: str
) -> None:
    session = await garage.start(await garage.check_in())
    await two.start(session.id_tag, meter=0)
    garage.clock.turn(minutes=30)
    await told(two, [{"value": "1500"}, {"value": value, "unit": unit}], transactionId=session.id)
    await told(two, [{"value": value, "unit": unit}], transactionId=session.id)
    assert await two.quarantined() == []
    assert (await garage.session(session.id)).energy_wh == 1500


async def test_c8_t3_stops_and_starts_are_never_merged(garage: Garage, two: Station) -> None:
    for meter_stop in (4000, 4000, 5000):
        await two.stop(transactionId=7777, meterStop=meter_stop)
        garage.clock.turn(minutes=1)
    for connector in ("x", "x"):
        await two.start("CARD", connector=connector)
        garage.clock.turn(minutes=1)
    kept = await two.quarantined()
    assert [(one.action, one.count) for one in kept] == [("StopTransaction", 1)] * 3 + [("StartTransaction", 1)] * 2
    assert [one.energy_wh for one in kept[:3]] == [4000, 4000, 5000]
    assert [one.is_orphan for one in kept[:3]] == [True] * 3


async def test_c8_a_row_that_is_resolved_counts_no_more(garage: Garage, two: Station) -> None:
    await two.meter(7777, 1000)
    await two.meter(7777, 1010)
    (kept,) = await two.quarantined()
    done = await garage.house.quarantine.resolve(garage.operator, kept.id, "A meter of another building.")
    assert (done.count, done.resolution) == (2, "A meter of another building.")
    await two.meter(7777, 1020)
    await two.meter(7777, 1030)
    (anew,) = await two.quarantined()
    assert (anew.count, anew.id > kept.id) == (2, True)
    assert (await QuarantinedMessageRow.get(id=kept.id)).count == 2


async def test_c8_what_comes_again_after_a_week_is_a_row_of_its_own(garage: Garage, two: Station) -> None:
    await two.meter(7777, 1000)
    garage.clock.turn(days=8)
    await two.meter(7777, 1010)
    assert [kept.count for kept in await two.quarantined()] == [1, 1]


async def test_c8_two_charge_points_have_rows_of_their_own(garage: Garage, two: Station) -> None:
    await two.meter(7777, 1000)
    await garage.house.metering.record(
        garage.other_charge_point_id, connector_id=1, transaction_id=7777, readings=(), raw="[2]"
    )
    kept = await two.quarantined()
    assert {(one.charge_point_id, one.count) for one in kept} == {
        (garage.charge_point_id, 1), (garage.other_charge_point_id, 1)
    }  # fmt: skip


async def test_c8_a_session_that_begins_later_takes_readings_again(garage: Garage, two: Station) -> None:
    session = await garage.start(await garage.check_in())
    await two.meter(session.id, 1000)
    assert len(await two.quarantined()) == 1
    await two.start(session.id_tag, meter=1000)
    garage.clock.turn(minutes=5)
    await two.meter(session.id, 1500)
    (kept,) = await two.quarantined()
    after = await garage.session(session.id)
    assert (kept.count, after.status, after.energy_wh) == (1, SessionStatus.CHARGING, 500)

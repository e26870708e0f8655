"""M3, B4, S6, S7, C8: a transactionId says whose a message is, whatever its connector; 0 has no port, nor has 999."""

import json
from typing import Any

import pytest

from evgraph.domain.charging_session import SessionStatus
from evgraph.models import FrameRow, PortRow
from evgraph.ocpp.replay.derived_sessions import Surroundings
from evgraph.ocpp.replay.deriving import derive
from evgraph.ocpp.replay.words import Transcript
from evgraph.services import reading
from tests.services.station import Station

from .conftest import Garage

MISSING = object()
BAD_CONNECTORS = [0, -1, 2, 7, 999, 1000, None, "x", "", 1.5, [], {}, True, MISSING]


def metered(station: Station, register: int, connector: Any, transaction_id: int) -> dict[str, Any]:
    value = {"timestamp": station.stamp(), "sampledValue": [{"value": str(register)}]}
    said: dict[str, Any] = {"connectorId": connector, "transactionId": transaction_id, "meterValue": [value]}
    if connector is MISSING:
        del said["connectorId"]
    return said


@pytest.mark.parametrize("connector", BAD_CONNECTORS)
async def test_m3_a_good_transaction_id_is_enough_for_readings(garage: Garage, two: Station, connector: Any) -> None:
    session = await garage.start(await garage.check_in())
    await two.start(session.id_tag, meter=1000)
    for register in (1500, 2100):
        garage.clock.turn(minutes=10)
        await two.call("MeterValues", metered(two, register, connector, session.id))
    counted = await garage.session(session.id)
    assert (counted.energy_wh, counted.connector_id, counted.last_meter_at) == (1100, 1, garage.clock.now())
    # What made no sense of it is kept, once.
    assert len(await two.quarantined()) <= 1


@pytest.mark.parametrize("connector", BAD_CONNECTORS)
async def test_c10_m3_replay_counts_them_too(garage: Garage, two: Station, connector: Any) -> None:
    session = await garage.start(await garage.check_in())
    await two.start(session.id_tag, meter=1000)
    garage.clock.turn(minutes=10)
    await two.call("MeterValues", metered(two, 1500, connector, session.id))
    await garage.house.frame_writer.write()
    transcript = Transcript()
    for row in await FrameRow.filter(charge_point_id=garage.charge_point_id).order_by("id"):
        transcript.take(row.value())
    around = Surroundings(
        garage_id=garage.id, charge_point_id=garage.charge_point_id, supplies={}, reported=frozenset({1, 2})
    )
    (derived,) = derive(around, [await garage.session(session.id)], transcript.words(), garage.clock.now())
    assert derived.session.energy_wh == 500


async def test_c8_readings_that_name_neither_are_refused(garage: Garage, two: Station) -> None:
    assert two._socket is not None
    for named in ({}, {"transactionId": 0}, {"transactionId": None}):
        answer = await two._socket.asks(
            json.dumps([2, f"x{len(str(named))}", "MeterValues", {"meterValue": [], **named}])
        )
        assert (answer[0], answer[2]) == (4, "OccurenceConstraintViolation")


@pytest.mark.parametrize("connector", [0, 999])
async def test_s7_b4_a_start_on_no_connector_of_ours_ends_nothing_and_makes_no_port(
    garage: Garage, two: Station, connector: int
) -> None:
    session = await garage.start(await garage.check_in())
    await two.start(session.id_tag, meter=1000)
    for meter in (5000, 6000):
        garage.clock.turn(minutes=1)
        await two.start("CARD", connector=connector, meter=meter)
    running = await two.sessions()
    assert [one.status for one in running] == [SessionStatus.CHARGING] * 3
    assert (await garage.session(session.id)).energy_wh == 0
    # It holds no port that anybody sees.
    assert await PortRow.filter(charge_point_id=garage.charge_point_id, is_reported=True).count() == 2
    first, second = sorted(
        await reading.ports(charge_point_id=garage.charge_point_id, is_reported=True),
        key=lambda port: port.connector_id,
    )
    assert (first.active_session_id, second.active_session_id) == (session.id, None)
    assert second.is_open


@pytest.mark.parametrize("connector", [0, 999])
async def test_s6_b4_such_a_session_is_metered_and_ended_by_its_transaction_id(
    garage: Garage, two: Station, connector: int
) -> None:
    answer = await two.start("CARD", connector=connector, meter=5000)
    garage.clock.turn(minutes=10)
    await two.call("MeterValues", metered(two, 5600, connector, answer["transactionId"]))
    (session,) = await two.sessions()
    assert (session.status, session.energy_wh, session.stay_id) == (SessionStatus.CHARGING, 600, None)
    garage.clock.turn(minutes=10)
    await two.stop(transactionId=answer["transactionId"], meterStop=6000)
    (session,) = await two.sessions()
    assert (session.status, session.energy_wh) == (SessionStatus.ENDED, 1000)


@pytest.mark.parametrize("connector", [0, 999])
async def test_b4_readings_of_no_connector_of_ours_make_no_port(garage: Garage, two: Station, connector: int) -> None:
    before = await PortRow.filter(charge_point_id=garage.charge_point_id).count()
    await two.meter(None, 100, connector=connector)
    await two.meter(7777, 100, connector=connector)
    await two.stop(transactionId=7777, meterStop=100)
    assert await PortRow.filter(charge_point_id=garage.charge_point_id).count() == before

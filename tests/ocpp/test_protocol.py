"""C4, C6 and C7, where uvicorn alone would close the connection. Pings every 0.2 s stand for every 20 s.

A pong may take a whole second, so that a busy machine is in time.
"""

import asyncio
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from evgraph.ocpp.protocol import ChargerProtocol
from evgraph.services.interfaces import ChargerOffline
from evgraph.sockets import text_frame
from tests.ocpp.conftest import CentralSystem
from tests.patience import PATIENCE_S

METER_VALUES = {"connectorId": 1, "transactionId": 7, "meterValue": [{"sampledValue": [{"value": "5"}]}]}


@pytest.fixture
def server_settings() -> dict[str, Any]:
    return {"ws": ChargerProtocol, "ws_ping_interval": 0.2, "ws_ping_timeout": 1}


async def test_c4_a_charge_point_whose_cable_is_cut_is_offline_after_the_missed_pings(central: CentralSystem) -> None:
    async with central.charger() as charger:
        await central.until_told("connected")
        charger.websocket.transport.pause_reading()
        asking = asyncio.create_task(central.gateway.remote_stop("CP1", transaction_id=7))
        with pytest.raises(ChargerOffline):
            async with asyncio.timeout(PATIENCE_S):
                await asking
        await central.until_told("disconnected")
        charger.websocket.transport.abort()


async def test_c4_an_idle_charge_point_that_answers_pings_stays(central: CentralSystem) -> None:
    async with central.charger() as charger:
        await asyncio.sleep(2)
        assert await charger.is_alive()


async def test_c6_a_flood_that_outlasts_the_pings_loses_nothing(central: CentralSystem) -> None:
    async def dawdle() -> None:
        await asyncio.sleep(0.006)

    central.services.busy["record"] = dawdle
    async with central.charger() as charger:
        for number in range(500):
            await charger.send([2, f"f{number}", "MeterValues", METER_VALUES])
        for number in range(500):
            assert await charger.receive() == [3, f"f{number}", {}]
        assert await charger.is_alive()


async def test_c6_a_handler_that_takes_longer_than_the_pings_loses_nothing(central: CentralSystem) -> None:
    async def dawdle() -> None:
        await asyncio.sleep(2)

    central.services.busy["record"] = dawdle
    async with central.charger() as charger:
        await charger.send([2, "1", "MeterValues", METER_VALUES])
        await charger.send([2, "2", "Heartbeat", {}])
        assert await charger.receive() == [3, "1", {}]
        assert (await charger.receive())[1] == "2"
        await asyncio.sleep(1.5)
        assert await charger.is_alive()


@pytest.mark.parametrize("data", [b"\xff\xfe", b'[2,"1","Heartbeat",{"a":"\xc3\x28"}]'])
async def test_c7_text_that_is_no_utf_8_is_ignored(central: CentralSystem, data: bytes) -> None:
    async with central.charger() as charger:
        await charger.websocket.send(data, text=True)
        assert await charger.is_alive()


async def test_c7_text_in_pieces_is_put_together(central: CentralSystem) -> None:
    async with central.charger() as charger:
        await charger.websocket.send(['[2,"1","Heart', 'beat",{}]'])
        assert (await charger.receive())[:2] == [3, "1"]


async def test_c1_a_handshake_that_is_turned_away_is_no_error_of_ours(
    central: CentralSystem, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with central.charger("NOBODY"):
            pass
    assert refused.value.response.status_code == 404
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536, 70_000])
def test_a_text_is_framed_as_the_library_frames_it(length: int) -> None:
    payload = b"x" * length
    frame = Frame(Opcode.TEXT, payload)
    assert text_frame(payload) == frame.serialize(mask=False)

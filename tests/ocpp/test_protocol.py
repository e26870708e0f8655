"""C4, C6 and C7, where uvicorn alone would close the connection. Pings every 0.2 s stand for every 20 s.

A pong may take a whole second, so that a busy machine is in time.
"""

import asyncio
import base64
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from evgraph.ocpp.protocol import PONG_WITHIN, ChargerProtocol
from evgraph.services.interfaces import ChargerOffline
from evgraph.settings import Settings
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


class _Deaf:
    """A charger's end of a socket that answers only the pings that it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connected(cls, central: CentralSystem) -> "_Deaf":
        reader, writer = await asyncio.open_connection("127.0.0.1", int(central.url.split(":")[2].split("/")[0]))
        key = base64.b64encode(bytes(16)).decode()
        writer.write(
            f"GET /ocpp/CP1 HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        return cls(reader, writer)

    async def next(self) -> tuple[int, bytes]:
        """The next frame: its opcode and payload."""
        first, length = await self._reader.readexactly(2)
        return first & 0x0F, await self._reader.readexactly(length)

    def pong(self, payload: bytes) -> None:
        self._writer.write(bytes([0x80 | Opcode.PONG, 0x80 | len(payload)]) + bytes(4) + payload)

    async def close(self) -> None:
        self._writer.transport.abort()


async def test_c4_two_missed_pings_close_the_connection_and_the_reason_is_true(central: CentralSystem) -> None:
    async with asyncio.timeout(PATIENCE_S):
        charger = await _Deaf.connected(central)
        frames = [await charger.next() for _ in range(3)]
        assert [opcode for opcode, _ in frames] == [Opcode.PING, Opcode.PING, Opcode.CLOSE]
        assert frames[2][1][:2] == (1011).to_bytes(2)
        await central.until(lambda: bool(central.services.closed_connections))
    assert central.services.closed_connections == [(1, 1011, "Two pings were not answered.")]
    await charger.close()


async def test_c4_one_missed_ping_does_not_close_the_connection(central: CentralSystem) -> None:
    """Every other ping is answered: never two in a row are missed. The last two are."""
    async with asyncio.timeout(PATIENCE_S):
        charger = await _Deaf.connected(central)
        for number in range(6):
            opcode, payload = await charger.next()
            assert opcode == Opcode.PING
            if number % 2:
                charger.pong(payload)
        assert [(await charger.next())[0] for _ in range(3)] == [Opcode.PING, Opcode.PING, Opcode.CLOSE]
    await charger.close()


async def test_c4_a_pong_that_comes_late_shows_that_it_is_there(central: CentralSystem) -> None:
    async with asyncio.timeout(PATIENCE_S):
        charger = await _Deaf.connected(central)
        before = b""
        for _ in range(5):
            opcode, payload = await charger.next()
            assert opcode == Opcode.PING
            if before:
                charger.pong(before)
            before = payload
    await charger.close()


def test_c4_a_cut_cable_shows_within_a_minute() -> None:
    """A ping that was answered just before, and two that are missed."""
    interval = Settings().ping_interval_s
    assert 2 * interval + interval * PONG_WITHIN < 60


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

"""SIGTERM: whoever listens, the server ends in a moment and in good order; and what it logs of frames."""

import asyncio
import base64
import time
from contextlib import AsyncExitStack, suppress

import pytest
import websockets

from evgraph.domain.people import Role
from tests.journeys.garage import delivers
from tests.patience import PATIENCE_S

BOARD = "subscription($id: ID!) { boardUpdated(garageId: $id) { revision } }"
LINES = "subscription($id: ID!) { lineItemAdded(garageId: $id) { id } }"
# It takes a tenth of a second by itself; five were the time after which everything was cut off, with a traceback.
ENDS_WITHIN_S = 4.0


@pytest.mark.parametrize(
    "listeners", ["server-sent events", "WebSocket", "both", "a socket that does not read", "half a request"]
)
async def test_the_server_ends_at_once_whoever_listens(open_garage, listeners):
    async with open_garage() as garage, AsyncExitStack() as stack, garage.charger() as charger:
        await charger.told_everything()
        person = await garage.sign_in(Role.ATTENDANT)
        if listeners in ("server-sent events", "both"):
            for document in (BOARD, LINES):
                await stack.enter_async_context(_listening(person.over_sse(document, id=person.garage_id)))
        if listeners in ("WebSocket", "both"):
            for document in (BOARD, LINES):
                await stack.enter_async_context(_listening(person.over_socket(document, id=person.garage_id)))
        if listeners in ("a socket that does not read", "half a request"):
            host, port = garage.server.address.split(":")
            _, writer = await asyncio.open_connection(host, int(port))
            head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            if listeners == "half a request":
                writer.write(f"{head}Content-Length: 500\r\n\r\n{{".encode())
            else:
                key = base64.b64encode(b"0123456789abcdef").decode()
                writer.write(
                    "GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
                    "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
                )
            await writer.drain()
            await asyncio.sleep(0.2)
            stack.callback(writer.close)
        begun = time.monotonic()
        await garage.server.stop()
        took = time.monotonic() - begun
        assert garage.server.errors() == []
        assert took < ENDS_WITHIN_S
        await garage.server.start()
        await charger.told_everything()


async def test_debug_logs_hold_no_frame_and_no_secret(open_garage):
    async with open_garage(log_level="debug") as garage, garage.charger() as charger:
        await charger.told_everything()
        pos, attendant = await garage.sign_in(Role.POS), await garage.sign_in(Role.ATTENDANT)
        await charger.plug_in()
        checked_in = await pos.check_in()
        port = (await attendant.board_now()).port("AX48-1-1")["id"]
        await attendant.started(checked_in["request"], port)
        await delivers(charger, 40)
        await charger.unplug()
        await charger.told_everything()
        log = garage.server.log.read_text()
        key = garage.keys["AX48-1"]
    assert "AX48-1 RECEIVED CALL MeterValues, " in log
    for secret in (key, base64.b64encode(f"AX48-1:{key}".encode()).decode(), pos._token, "correct horse"):
        assert secret not in log
    for of_a_frame in ("sampledValue", "meterStop", "idTag", "chargePointVendor", "authorization", "Authorization"):
        assert of_a_frame not in log


class _listening:
    """A subscription from its first event on. That it is cut off in the end is no matter."""

    def __init__(self, subscription) -> None:
        self._subscription = subscription

    async def __aenter__(self):
        stream = await self._subscription.__aenter__()
        self._reading = asyncio.create_task(self._read(stream))
        await asyncio.sleep(0.3)
        return stream

    async def _read(self, stream) -> None:
        async with asyncio.timeout(PATIENCE_S):
            async for _ in stream:
                pass

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        with suppress(websockets.ConnectionClosed, RuntimeError):
            await self._subscription.__aexit__(None, None, None)

"""Connections that come and go, however they end, leave nothing behind. A hundred thousand of them, against a server in
a process of its own: `python -m benchmarks.connections leak`."""

import asyncio
import base64
import gc
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn

from evgraph.app import listen, server
from evgraph.ocpp.connection import Connection
from evgraph.ocpp.door import PacedHttp
from evgraph.ocpp.inbound import Peer
from evgraph.ocpp.protocol import ChargerProtocol
from evgraph.services.house import Services
from evgraph.settings import Settings
from tests.conftest import copy_of
from tests.patience import PATIENCE_S

CYCLES = 2_000
AT_A_TIME = 20
CONNECTIONS = (Connection, Peer, ChargerProtocol, PacedHttp)
OURS = (*CONNECTIONS, asyncio.Task, asyncio.Future)
# A connection that stayed would take 17 kB, and some 25 objects.
MOST_KB_GROWN = 8 * CYCLES
MOST_OBJECTS_GROWN = CYCLES
MOST_AT_A_MOMENT = 5
_PAGE_KB = 4

_HEARTBEAT = b'[2,"1","Heartbeat",{}]'
_MASKED = bytes((0x81, 0x80 | len(_HEARTBEAT), 0, 0, 0, 0)) + _HEARTBEAT
_GOODBYE = bytes((0x88, 0x82, 0, 0, 0, 0)) + (1000).to_bytes(2)


@pytest.fixture
def database_url(migrated: str, tmp_path: Path) -> AsyncIterator[str]:
    with copy_of(migrated, tmp_path / "evgraph.sqlite3") as url:
        yield url


class House:
    def __init__(self, port: int, running: uvicorn.Server) -> None:
        self.port = port
        self.server = running
        self.services: Services = running.config.app.state.services  # type: ignore[union-attr]
        self.keys: dict[str, str] = {}
        # What other tests of this process left; held, so that it is known by its identity.
        self._of_others = _connections()

    async def furnish(self) -> None:
        garage = await self.services.registration.add_garage(organization="O", location_id="G", name="G")
        for number in range(AT_A_TIME):
            made, key = await self.services.registration.add_charge_point(
                garage_id=garage.id, identity=f"CP-{number}", configures=False
            )
            self.keys[made.identity] = key or ""

    async def connected(self) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        text = (await reader.read()).decode()
        writer.close()
        await writer.wait_closed()
        (line,) = (line for line in text.splitlines() if line.startswith("evgraph_charge_points_connected "))
        return int(line.split()[1])

    async def cycle(self, times: int) -> None:
        """Each identity in turn; some go with a close frame, some without, some when they are back already."""
        await asyncio.gather(*(self._come_and_go(identity, times // AT_A_TIME) for identity in self.keys))

    async def settle(self) -> Counter[type]:
        """What is there once all are gone."""
        state = self.server.server_state
        async with asyncio.timeout(PATIENCE_S):
            # What they brought is written within a second of their going; that takes its time on a busy machine.
            while await self.connected() or state.tasks or self.services.frames.count:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        # A heartbeat's pause, and what uvicorn holds until its next tick.
        by = asyncio.get_running_loop().time() + PATIENCE_S
        while left := self._left():
            assert asyncio.get_running_loop().time() < by, [(one, gc.get_referrers(one)[:3]) for one in left[:3]]
            await asyncio.sleep(0.5)
        return _objects()

    def _left(self) -> list[object]:
        gc.collect()
        others = set(map(id, self._of_others))
        return [one for one in _connections() if id(one) not in others]

    async def _come_and_go(self, identity: str, times: int) -> None:
        before: asyncio.StreamWriter | None = None
        for turn in range(times):
            writer = await self._connect(identity)
            if before is not None:
                before.transport.abort()
                before = None
            match turn % 3:
                case 0:
                    writer.write(_GOODBYE)
                    await writer.drain()
                    writer.close()
                case 1:
                    writer.transport.abort()
                case _:
                    before = writer
        if before is not None:
            before.transport.abort()

    async def _connect(self, identity: str) -> asyncio.StreamWriter:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        pair = base64.b64encode(f"{identity}:{self.keys[identity]}".encode()).decode()
        writer.write(
            f"GET /ocpp/{identity} HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Sec-WebSocket-Protocol: ocpp1.6\r\nAuthorization: Basic {pair}\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        writer.write(_MASKED)
        # It may be asked for its status meanwhile (B5), and goes without an answer.
        async with asyncio.timeout(PATIENCE_S):
            while b'[3,"1",{"currentTime":' not in await reader.readuntil(b"}]"):
                pass
        return writer


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    settings = Settings(database_url=database_url, port=0, boot_wait_s=0.05)
    running, listening = server(settings), listen(settings)
    serving = asyncio.create_task(running.serve(sockets=[listening]))
    while not running.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    opened = House(listening.getsockname()[1], running)
    await opened.furnish()
    try:
        yield opened
    finally:
        running.should_exit = True
        await serving


def _connections() -> list[object]:
    return [thing for thing in gc.get_objects() if type(thing) in CONNECTIONS]


def _objects() -> Counter[type]:
    gc.collect()
    return Counter(type(thing) for thing in gc.get_objects())


def _rss_kb() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_KB


@pytest.mark.slow
async def test_connections_that_come_and_go_leave_nothing_behind(house: House) -> None:
    await house.cycle(CYCLES // 10)
    before, kb_before = await house.settle(), _rss_kb()
    await house.cycle(CYCLES)
    after = await house.settle()
    for kind in OURS:
        # The server's own work begins and ends a few at any moment.
        assert abs(after[kind] - before[kind]) <= MOST_AT_A_MOMENT, (kind.__name__, before[kind], after[kind])
    assert after.total() - before.total() < MOST_OBJECTS_GROWN, (after - before).most_common(10)
    assert _rss_kb() - kb_before < MOST_KB_GROWN

"""A central system written by hand: a real WebSocket server that notes every frame and answers it."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.asyncio.server import Request, Response, Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from evgraph.simulator import BackOff, SimulatedChargePoint
from tests.patience import PATIENCE_S

ACCEPTED = {"status": "Accepted"}
SILENCE = object()
"""An answer that never comes."""


@dataclass(frozen=True)
class Call:
    """A CALL of the charge point, as it came."""

    message_id: str
    action: str
    payload: dict[str, Any]
    connection: int


class Refusal(Exception):
    """An answer with a CALLERROR."""


class CentralSystem:
    """Answers as an easy-going server does, unless `answers` holds another answer for an action."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.requests: list[Request] = []
        self.answers: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.refused_handshakes = 0
        self.subprotocols = ["ocpp1.6"]
        self.heartbeat_interval = 300
        self._server: Server | None = None
        self._port = 0
        self._connections = itertools.count(1)
        self._socket: ServerConnection | None = None
        self._transaction_ids = itertools.count(1001)
        self._message_ids = itertools.count(1)
        self._expected: dict[str, asyncio.Future[list[Any]]] = {}
        self._came = asyncio.Event()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/ocpp"

    async def open(self) -> None:
        self._server = await serve(
            self._converse,
            "127.0.0.1",
            self._port,
            subprotocols=self.subprotocols or None,
            process_request=self._note_handshake,
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def hang_up(self) -> None:
        assert self._socket is not None
        await self._socket.close()

    def payloads(self, action: str) -> list[dict[str, Any]]:
        return [call.payload for call in self.calls if call.action == action]

    def actions(self) -> list[str]:
        return [call.action for call in self.calls]

    def statuses(self, connector_id: int) -> list[str]:
        return [
            payload["status"]
            for payload in self.payloads("StatusNotification")
            if payload["connectorId"] == connector_id
        ]

    async def came(self, action: str, times: int = 1) -> dict[str, Any]:
        """Wait until a CALL of this action came so many times; return the payload of the last."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.payloads(action)) < times:
                self._came.clear()
                await self._came.wait()
        return self.payloads(action)[times - 1]

    async def send(self, action: str, **payload: Any) -> dict[str, Any]:
        """Send a CALL to the charge point and return the payload of the answer."""
        answer = await self.send_raw(action, payload)
        assert answer[0] == 3, answer
        return answer[2]

    async def send_raw(self, action: Any, payload: Any) -> list[Any]:
        assert self._socket is not None
        message_id = f"central-{next(self._message_ids)}"
        self._expected[message_id] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps([2, message_id, action, payload]))
        async with asyncio.timeout(PATIENCE_S):
            return await self._expected[message_id]

    async def send_text(self, text: str) -> None:
        assert self._socket is not None
        await self._socket.send(text)

    def _note_handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        if self.refused_handshakes:
            self.refused_handshakes -= 1
            return connection.respond(401, "No.\n")
        return None

    async def _converse(self, socket: ServerConnection) -> None:
        number = next(self._connections)
        self._socket = socket
        try:
            async for frame in socket:
                message = json.loads(frame)
                if message[0] == 2:
                    self.calls.append(Call(message[1], message[2], message[3], number))
                    self._came.set()
                    await self._answer(socket, message)
                else:
                    self._expected.pop(message[1]).set_result(message)
        except ConnectionClosed:
            return

    async def _answer(self, socket: ServerConnection, message: list[Any]) -> None:
        _, message_id, action, payload = message
        answer = self.answers.get(action, self._usual_answer(action))
        try:
            result = answer(payload)
        except Refusal as refusal:
            await socket.send(json.dumps([4, message_id, "InternalError", str(refusal), {}]))
            return
        if result is not SILENCE:
            await socket.send(json.dumps([3, message_id, result]))

    def _usual_answer(self, action: str) -> Callable[[dict[str, Any]], Any]:
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        return {
            "BootNotification": lambda _: {
                "status": "Accepted",
                "currentTime": now,
                "interval": self.heartbeat_interval,
            },
            "Heartbeat": lambda _: {"currentTime": now},
            "Authorize": lambda _: {"idTagInfo": ACCEPTED},
            "StartTransaction": lambda _: {
                "transactionId": next(self._transaction_ids),
                "idTagInfo": ACCEPTED,
            },
            "StopTransaction": lambda _: {"idTagInfo": ACCEPTED},
        }.get(action, lambda _: {})


@pytest.fixture
async def central_system() -> AsyncIterator[CentralSystem]:
    system = CentralSystem()
    await system.open()
    yield system
    await system.close()


MakeChargePoint = Callable[..., SimulatedChargePoint]


@pytest.fixture
def make_charge_point(central_system: CentralSystem) -> MakeChargePoint:
    """A charge point in a hurry: an hour of charging in six seconds, samples every 50 ms."""

    def make(identity: str = "AX48-1", **options: Any) -> SimulatedChargePoint:
        settings: dict[str, Any] = {
            "speed": 600.0,
            "sample_interval": 30.0,
            "retry_interval": 0.05,
            # Nobody is late whom a test does not make so.
            "call_timeout": PATIENCE_S,
            "back_off": BackOff(first=0.02, longest=0.1),
            "seed": 48,
        }
        return SimulatedChargePoint(central_system.url, identity, **{**settings, **options})

    return make


@pytest.fixture
async def charge_point(make_charge_point: MakeChargePoint) -> AsyncIterator[SimulatedChargePoint]:
    async with make_charge_point() as simulated:
        await simulated.told_everything()
        yield simulated


@pytest.fixture
async def impatient(make_charge_point: MakeChargePoint) -> AsyncIterator[SimulatedChargePoint]:
    """As `charge_point`, but soon sends again what is not answered."""
    async with make_charge_point(call_timeout=0.3) as simulated:
        await simulated.told_everything()
        yield simulated


@pytest.fixture
def silence() -> object:
    """An answer that never comes."""
    return SILENCE


@pytest.fixture
def refuse() -> Callable[[dict[str, Any]], Any]:
    """An answer with a CALLERROR."""

    def answer(_payload: dict[str, Any]) -> Any:
        raise Refusal("not today")

    return answer

"""A board that is open: a graphql-transport-ws subscription to a garage's energyUpdated."""

import asyncio
from collections.abc import Callable
from time import monotonic_ns

import msgspec
import orjson

from benchmarks.operations import ENERGY
from benchmarks.websocket import WebSocket

_ANSWER_S = 30.0


class _Update(msgspec.Struct, rename="camel"):
    energy_wh: int


class _Data(msgspec.Struct, rename="camel"):
    energy_updated: _Update


class _Payload(msgspec.Struct):
    data: _Data | None = None


class _Message(msgspec.Struct):
    type: str
    payload: _Payload | None = None


_decode = msgspec.json.Decoder(_Message).decode


class Board(WebSocket):
    """`told(energy_wh, at_ns)` is called for each update, at the moment that it was received; `updates` counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.told: Callable[[int, int], None] = lambda energy_wh, at_ns: None
        self.updates = 0
        self._running = 0
        self._is_signed_in = asyncio.Event()
        self._is_caught_up = asyncio.Event()

    async def watch(self, port: int, token: str, garage_id: str, running: int) -> None:
        """Returns when it shows the `running` sessions; with none, when it has asked."""
        self._running = running
        await self.open(port, "/graphql", "graphql-transport-ws")
        async with asyncio.timeout(_ANSWER_S):
            payload = {"payload": {"authToken": token}} if token else {}
            self.say(orjson.dumps({"type": "connection_init", **payload}))
            await self._is_signed_in.wait()
            query = {"query": ENERGY, "variables": {"garageId": garage_id}}
            self.say(orjson.dumps({"type": "subscribe", "id": "1", "payload": query}))
            if running:
                await self._is_caught_up.wait()

    def heard(self, text: bytes) -> None:
        at_ns = monotonic_ns()
        message = _decode(text)
        if message.type == "next" and message.payload is not None and message.payload.data is not None:
            self.updates += 1
            if self.updates == self._running:
                self._is_caught_up.set()
            self.told(message.payload.data.energy_updated.energy_wh, at_ns)
        elif message.type == "connection_ack":
            self._is_signed_in.set()
        elif message.type == "ping":
            self.say(b'{"type":"pong"}')
        elif message.type != "pong":
            self.failure = RuntimeError(f"The server sent {text[:300].decode()}")

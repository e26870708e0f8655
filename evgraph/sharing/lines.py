"""The way to one socket. Sending never waits; who sends looks at how much waits already."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect

from evgraph.sharing.messages import Parcel
from evgraph.sockets import CLOSED, FRAMES, FramesProtocol


class Line(Protocol):
    def send(self, parcel: Parcel) -> int:
        """How many bytes wait to be sent then, or CLOSED."""

    def waiting(self) -> int:
        """How many bytes wait to be sent, or CLOSED."""

    def give_up(self, code: int, reason: str) -> None:
        """Closes a socket whose other end reads no more."""


def line_to(websocket: WebSocket) -> Line:
    protocol = websocket.scope.get("extensions", {}).get(FRAMES)
    return PastASGI(protocol) if isinstance(protocol, FramesProtocol) else ThroughASGI(websocket)


class PastASGI:
    __slots__ = ("_protocol",)

    def __init__(self, protocol: FramesProtocol) -> None:
        self._protocol = protocol

    def send(self, parcel: Parcel) -> int:
        return self._protocol.write_frames(parcel.frames)

    def waiting(self) -> int:
        return self._protocol.waiting_bytes()

    def give_up(self, code: int, reason: str) -> None:
        self._protocol.give_up(code, reason)


class ThroughASGI:
    """For servers that are not ours: a task sends while something waits, and ends with the last of it."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._texts: deque[bytes] = deque()
        self._waiting = 0
        self._sending: asyncio.Task[None] | None = None

    def send(self, parcel: Parcel) -> int:
        if self._waiting == CLOSED:
            return CLOSED
        self._texts.extend(parcel.texts)
        self._waiting += sum(map(len, parcel.texts))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())
        return self._waiting

    def waiting(self) -> int:
        return self._waiting

    def give_up(self, code: int, reason: str) -> None:
        if self._waiting == CLOSED:
            return
        self._closed()
        if self._sending is not None:
            self._sending.cancel()
        self._sending = asyncio.create_task(self._close(code, reason))

    async def _send(self) -> None:
        try:
            while self._texts:
                await self._websocket.send_text(self._texts[0].decode())
                self._waiting -= len(self._texts.popleft())
        except (WebSocketDisconnect, RuntimeError):
            # Starlette raises RuntimeError once the socket is closed from this end.
            self._closed()
        finally:
            self._sending = None

    async def _close(self, code: int, reason: str) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            await self._websocket.close(code, reason)

    def _closed(self) -> None:
        self._texts.clear()
        self._waiting = CLOSED

"""uvicorn's WebSocket protocol, with some differences for chargers; `ws=ChargerProtocol` in uvicorn's settings."""

import asyncio
import ssl
from collections import deque
from typing import Any, cast

from websockets.http11 import Request
from websockets.protocol import State

from evgraph.ocpp.handshake import WIRE, Wire
from evgraph.sockets import FramesProtocol, text_frame

_CHARGERS = "/ocpp/"


class ChargerProtocol(FramesProtocol):
    """C6: a charger that floods is slowed by not reading from it; its pong then waits behind its own frames. One that
    was heard since the ping, or that we do not read from, is alive: it is pinged again, and not closed with 1011.

    C1: a handshake that was turned away has been answered; uvicorn takes that for an error of ours, and logs it so.

    C7: a text frame that is no UTF-8 reaches the endpoint as bytes, which ignores it, instead of closing with 1007.

    Security profiles: who stands at the other end of the wire, before any header could say otherwise, and the client
    certificate that the TLS handshake verified, go with the request (`scope["extensions"]`).

    Memory: ten thousand of these wait most of the time. What was said in the handshake goes after it, and what waits is
    kept in lists that are there only while they hold something.

    A text to a charger is framed here, in one piece, where nothing is negotiated that frames it otherwise.
    """

    _was_heard = False

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.queue = cast("asyncio.Queue[Any]", _Inbox())
        self.writable = cast("asyncio.Event", _Gate())

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions = cast("dict[str, Any]", self.scope["extensions"])
            extensions[WIRE] = Wire(
                host=self.client[0] if self.client else "unknown",
                is_encrypted=self.scheme == "wss",
                certificate=_client_certificate(self.transport.get_extra_info("ssl_object")),
            )

    async def send(self, message: Any) -> None:
        text = message.get("text")
        if text is not None and not self.conn.extensions:
            await self.writable.wait()
            if self.conn.state is State.OPEN and self.handshake_complete and not (self.close_sent or self.disconnected):
                self.transport.write(text_frame(text.encode()))
                return
        await super().send(message)
        if message["type"] == "websocket.accept":
            # websockets' parser has it too, for as long as it parses.
            self.request.headers.clear()
            del self.request, self.response
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    def data_received(self, data: bytes) -> None:
        self._was_heard = True
        super().data_received(data)

    def send_keepalive_ping(self) -> None:
        self._was_heard = False
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        if self._was_heard or self.read_paused:
            self.pong_timer = None
            self.pending_ping_payload = None
            self.schedule_ping()
            return
        # Before the socket's own end, which tells no reason.
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1011, "reason": "Two pings were not answered."})
        super().keepalive_timeout()

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and self.scope["path"].startswith(_CHARGERS):
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.curr_msg_data_type = "bytes"
        super().send_receive_event_to_app()


class _Inbox:
    """What uvicorn uses of an asyncio.Queue, which has four deques of 600 bytes each; for one reader."""

    __slots__ = ("_reader", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[Any] | None = None
        self._reader: asyncio.Future[None] | None = None

    def put_nowait(self, message: Any) -> None:
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(message)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def empty(self) -> bool:
        return self._waiting is None

    async def get(self) -> Any:
        while self._waiting is None:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        message = self._waiting.popleft()
        if not self._waiting:
            self._waiting = None
        return message


class _Gate:
    """What uvicorn uses of an asyncio.Event; open at first."""

    __slots__ = ("_is_open", "_waiting")

    def __init__(self) -> None:
        self._is_open = True
        self._waiting: list[asyncio.Future[None]] = []

    def set(self) -> None:
        self._is_open = True
        for one in self._waiting:
            if not one.done():
                one.set_result(None)
        self._waiting.clear()

    def clear(self) -> None:
        self._is_open = False

    async def wait(self) -> None:
        while not self._is_open:
            one = asyncio.get_running_loop().create_future()
            self._waiting.append(one)
            try:
                await one
            finally:
                if one in self._waiting:
                    self._waiting.remove(one)


def _client_certificate(tls: ssl.SSLObject | None) -> bytes | None:
    return tls.getpeercert(binary_form=True) if tls is not None else None

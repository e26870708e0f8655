"""A WebSocket client that costs next to nothing: short text frames, whole ones, masked with zeros.

What the load costs is not the server's: a client library would take more time for a frame than the server does.
"""

import asyncio
import base64
import os
from typing import Self

_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_FINAL = 0x80
_OF_TWO_BYTES, _OF_EIGHT_BYTES = 126, 127
_NO_MASK = bytes(4)
_OPENING_S = 15.0


class WebSocket(asyncio.Protocol):
    """A subclass says what it does with a text (`heard`). `failure` is why the connection is of no use any more."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport
        self._is_connected = False
        self._rest = b""

    def heard(self, text: bytes) -> None:
        raise NotImplementedError

    async def open(
        self,
        port: int,
        path: str,
        subprotocol: str,
        authorization: str | None = None,
        *,
        patience_s: float = _OPENING_S,
    ) -> Self:
        """Connects to 127.0.0.1. Raises ConnectionError, with what the server said; or TimeoutError."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_connection(lambda: self, "127.0.0.1", port)
        self._is_connected = True
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            f"Sec-WebSocket-Protocol: {subprotocol}",
        ]
        if authorization:
            lines.append(f"Authorization: {authorization}")
        self._transport.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        try:
            async with asyncio.timeout(patience_s):
                await self._opened
        except TimeoutError:
            self._transport.abort()
            raise
        return self

    def say(self, text: bytes) -> None:
        self._transport.write(_frame(_TEXT, text))

    def close(self) -> None:
        """Also where it never came to be open."""
        if self._is_connected:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        if not self._opened.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            self._rest = b""
            if not head.startswith(b"HTTP/1.1 101 "):
                self._opened.set_exception(ConnectionError(head.partition(b"\r\n")[0].decode()))
                return
            self._opened.set_result(None)
        at, size = 0, len(data)
        while size - at >= 2:
            begin, length = at + 2, data[at + 1]
            if length == _OF_TWO_BYTES:
                begin += 2
                length = int.from_bytes(data[at + 2 : begin])
            elif length == _OF_EIGHT_BYTES:
                begin += 8
                length = int.from_bytes(data[at + 2 : begin])
            if begin + length > size:
                break
            self._received(data[at], data[begin : begin + length])
            at = begin + length
        self._rest = data[at:]

    def connection_lost(self, exc: Exception | None) -> None:
        self.failure = self.failure or exc or ConnectionError("The server closed the connection.")
        if not self._opened.done():
            self._opened.set_exception(self.failure)

    def _received(self, kind: int, payload: bytes) -> None:
        if kind == _FINAL | _TEXT:
            self.heard(payload)
        elif kind == _FINAL | _PING:
            self._transport.write(_frame(_PONG, payload))
        elif kind == _FINAL | _CLOSE:
            self.failure = ConnectionError(f"The server closed: {int.from_bytes(payload[:2])} {payload[2:].decode()}")
            self._transport.close()


def _frame(kind: int, payload: bytes) -> bytes:
    length = len(payload)
    if length < _OF_TWO_BYTES:
        return bytes((_FINAL | kind, 0x80 | length)) + _NO_MASK + payload
    return bytes((_FINAL | kind, 0x80 | _OF_TWO_BYTES)) + length.to_bytes(2) + _NO_MASK + payload

"""An HTTP client that costs next to nothing: one connection, one POST of JSON after the other."""

import asyncio
from collections.abc import Callable
from typing import Any, Self

import orjson

_ANSWER_S = 30.0


class Http(asyncio.Protocol):
    """`failure` is why the connection is of no use any more."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self._transport: asyncio.Transport
        self._head = b""
        self._received = bytearray()
        self._expected = 0
        self._answered: Callable[[bytes], None] | None = None

    async def open(self, port: int, token: str = "", path: str = "/graphql") -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_connection(lambda: self, "127.0.0.1", port)
        lines = [
            f"POST {path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Content-Type: application/json",
            "Accept: application/json",
        ]
        if token:
            lines.append(f"Authorization: Bearer {token}")
        self._head = ("\r\n".join(lines) + "\r\nContent-Length: ").encode()
        return self

    def post(self, body: bytes, answered: Callable[[bytes], None]) -> None:
        """`answered(body)`, once the whole of it is there. One at a time."""
        self._answered = answered
        self._transport.write(self._head + str(len(body)).encode() + b"\r\n\r\n" + body)

    async def ask(self, query: str, **variables: object) -> Any:
        """The data. Raises RuntimeError for an answer with errors."""
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.post(orjson.dumps({"query": query, "variables": variables}), answer.set_result)
        async with asyncio.timeout(_ANSWER_S):
            given = orjson.loads(await answer)
        if given.get("errors"):
            raise RuntimeError(f"The server answered with {given['errors']}.")
        return given["data"]

    def close(self) -> None:
        self._answered = None
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        if not self._expected:
            self._received += data
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            self._expected = end + 4 + self._length(bytes(self._received[:end]))
        else:
            self._received += data
        if len(self._received) >= self._expected:
            body = bytes(self._received[self._received.find(b"\r\n\r\n") + 4 :])
            self._received.clear()
            self._expected = 0
            answered, self._answered = self._answered, None
            if answered is not None:
                answered(body)

    def connection_lost(self, exc: Exception | None) -> None:
        self.failure = self.failure or exc or ConnectionError("The server closed the connection.")

    def _length(self, head: bytes) -> int:
        status = head.partition(b"\r\n")[0]
        if b" 200 " not in status + b" ":
            self.failure = ConnectionError(status.decode())
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return int(line[15:])
        self.failure = ConnectionError("The server told no Content-Length.")
        return 0

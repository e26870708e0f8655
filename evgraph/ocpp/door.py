"""Lets connections in a few at a time.

An event loop accepts all who wait, and reads all that has come, before it does anything else. When ten thousand charge
points come back at once, to accept them keeps everybody else waiting for a second, and to read their handshakes, which
also come all at once, for several more.
"""

import asyncio
import errno
import os
import socket
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, cast

import structlog
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from evgraph.ocpp.handshake import origin_form
from evgraph.ocpp.refusals import NO_HANDSHAKE, refusals_of, scope_of

# Of each kind in one round of the loop: some milliseconds.
AT_ONCE = 24
# No file, no memory is left for one more.
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_REST_S = 1.0
_LONGEST_LINE = 8192
# After SIGTERM: how long a connection may take to get what is on its way to it.
_LAST_WORDS_S = 1.0

log = structlog.get_logger("evgraph.door")


class Pace:
    """`take` a turn in this round of the loop, or wait for one in the order of coming."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._left = AT_ONCE
        self._waiting: deque[Callable[[], None]] = deque()

    def take(self) -> bool:
        """False when there is none left, or others wait."""
        if self._left == 0:
            return False
        if self._left == AT_ONCE:
            self._loop.call_soon(self._next_round)
        self._left -= 1
        return True

    def wait(self, turn: Callable[[], None]) -> None:
        """After `take` said no."""
        self._waiting.append(turn)

    def _next_round(self) -> None:
        for _ in range(min(AT_ONCE, len(self._waiting))):
            self._waiting.popleft()()
        if self._waiting:
            self._loop.call_soon(self._next_round)
        else:
            self._left = AT_ONCE


class PacedHttp(HttpToolsProtocol):
    """A request is read when it is its turn; until then nothing more is read of its connection."""

    def __init__(self, pace: Pace, **named: Any) -> None:
        super().__init__(**named)
        self._pace = pace
        # While it is parsed.
        self._received = b""

    def data_received(self, data: bytes) -> None:
        if self._pace.take():
            self._parse(data)
        else:
            self.transport.pause_reading()
            self._pace.wait(lambda: self._read(data))

    def shutdown(self) -> None:
        """As uvicorn's, but nobody who does not read keeps the process from ending."""
        super().shutdown()
        self.loop.call_later(_LAST_WORDS_S, self.transport.abort)

    def _read(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self.transport.resume_reading()
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        self._received = data
        super().data_received(data)
        self._received = b""

    def handle_websocket_upgrade(self) -> None:
        super().handle_websocket_upgrade()
        protocol = self.transport.get_protocol()
        if isinstance(protocol, WebSocketsSansIOProtocol) and not protocol.handshake_initiated:
            # A line over 8 KiB, more than 128 headers, a path that is not ASCII: websockets reads no further, and is
            # silent. The request was read here, whole.
            self.send_400_response("This request cannot be read.")

    def send_400_response(self, msg: str) -> None:
        """C1: one that cannot be read leaves a trace if its path was read, and is a charger's."""
        refusals = refusals_of(self.config)
        # Where the parser stopped in the target, as with a letter that is not percent-encoded, it tells nothing of it.
        target = _target(self._received) or getattr(self, "url", b"")
        if refusals is not None and target:
            path = origin_form(target.decode("utf-8", "replace"))
            scope = scope_of(path, self.headers or [], self.client, is_encrypted=self.scheme == "https")
            refusals.note(scope, NO_HANDSHAKE)
        super().send_400_response(msg)


def _target(received: bytes) -> bytes:
    """What the request line asks for; empty where there is no such line. One pass: anyone may send anything."""
    line, line_break, _ = received[:_LONGEST_LINE].partition(b"\n")
    method, _, rest = line.rstrip(b"\r").partition(b" ")
    if not line_break or not (method.isalpha() and method.isupper()):
        return b""
    return rest.rpartition(b" HTTP/")[0] or rest


class Door:
    """One listening socket, with what uvicorn uses of an asyncio.Server. `make` makes the protocol of a connection."""

    def __init__(
        self, listening: socket.socket, make: Callable[[], asyncio.Protocol], *, tls: ssl.SSLContext | None
    ) -> None:
        self.sockets = [listening]
        self._listening = listening
        self._make = make
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._coming: set[asyncio.Task[None]] = set()
        self._is_closed = False
        listening.setblocking(False)
        self._listen()

    def close(self) -> None:
        """Nobody else is let in."""
        self._is_closed = True
        self._loop.remove_reader(self._listening.fileno())
        self._listening.close()

    async def wait_closed(self) -> None:
        await asyncio.gather(*self._coming)

    def _open(self) -> None:
        """Called in each round of the loop while somebody waits."""
        for _ in range(AT_ONCE):
            try:
                accepted, _ = self._listening.accept()
            except OSError as failure:
                if failure.errno in _NO_ROOM:
                    self._rest(failure)
                # Else nobody else waits, or one who went again.
                return
            task = self._loop.create_task(self._let_in(accepted))
            self._coming.add(task)
            task.add_done_callback(self._coming.discard)

    def _rest(self, failure: OSError) -> None:
        """They wait on; asked again at once, the loop would do nothing else."""
        log.error("no connection can be taken", error=os.strerror(failure.errno or 0), again_in_s=_REST_S)
        self._loop.remove_reader(self._listening.fileno())
        self._loop.call_later(_REST_S, self._listen)

    def _listen(self) -> None:
        if not self._is_closed:
            self._loop.add_reader(self._listening.fileno(), self._open)

    async def _let_in(self, accepted: socket.socket) -> None:
        try:
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(self._make, accepted, ssl=self._tls)
        except OSError:
            # Gone, or no TLS spoken.
            accepted.close()


class DoorServer(uvicorn.Server):
    """uvicorn, with doors for the sockets that it is given. `stopping` is called first when it shuts down, for what
    would not end by itself."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None] | None = None) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._stopping is not None:
            self._stopping()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        config = self.config
        pace = Pace()

        def protocol() -> PacedHttp:
            return PacedHttp(
                pace, config=config, server_state=self.server_state, app_state=self.lifespan.state, _loop=None
            )

        self.servers = [
            cast("asyncio.base_events.Server", Door(listening, protocol, tls=config.ssl)) for listening in sockets or []
        ]

"""The WebSocket to the central system: opened, held, and opened again."""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from evgraph.simulator.asking import ConnectionLost

LOGGER = logging.getLogger("evgraph.simulator")
OCPP_1_6 = Subprotocol("ocpp1.6")
LARGEST_FRAME = 1 << 20


@dataclass(frozen=True)
class BackOff:
    """Real seconds before the next attempt: doubled each time, up to the longest, spread at random."""

    first: float = 1.0
    longest: float = 30.0

    def delay(self, failures: int, random: Random) -> float:
        return min(self.longest, self.first * 2.0 ** min(failures, 16)) * random.uniform(0.5, 1.0)


class Link:
    """One connection at a time. `run` holds it until cancelled, which drops the socket hard."""

    def __init__(
        self,
        url: str,
        identity: str,
        back_off: BackOff,
        random: Random,
        tls: Callable[[], ssl.SSLContext | None] = lambda: None,
    ) -> None:
        self.url = f"{url.rstrip('/')}/{quote(identity, safe='')}"
        self.problem: str | None = None
        """Why the last attempt failed, for a person to read."""
        self._identity = identity
        self._back_off = back_off
        self._random = random
        self._tls = tls
        self._socket: ClientConnection | None = None
        self._abandoned: ClientConnection | None = None
        self._falls_silent = False

    async def run(
        self,
        converse: Callable[[ClientConnection], Awaitable[None]],
        *,
        key: Callable[[], str],
        ping_interval: Callable[[], float | None],
    ) -> None:
        """Connect, converse, and after a while connect again, until cancelled."""
        self._abort_abandoned()
        failures = 0
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await self._hold(converse, key(), ping_interval())
            except InvalidStatus as refusal:
                self._refused(refusal.response.status_code)
            except (OSError, WebSocketException, TimeoutError, ConnectionLost) as problem:
                self.problem = f"{type(problem).__name__}: {problem}"
                LOGGER.info("%s: no connection: %s", self._identity, self.problem)
            held = asyncio.get_running_loop().time() - started
            failures = 0 if held > self._back_off.first else failures
            await asyncio.sleep(self._back_off.delay(failures, self._random))
            failures += 1

    def _refused(self, status: int) -> None:
        """Said once, not at each attempt: a wrong key or identity stays wrong."""
        problem = f"refused, HTTP {status}; see `evgraph charge-point refused`"
        if problem != self.problem:
            LOGGER.error("%s: %s", self._identity, problem)
        self.problem = problem

    def fall_silent(self) -> None:
        """When `run` is cancelled next, leave the socket open but dead, as a cut cable does."""
        self._falls_silent = True

    async def close(self) -> None:
        """Take leave with a closing handshake; `run` still has to be cancelled."""
        self._abort_abandoned()
        if self._socket is not None:
            await self._socket.close()

    async def _hold(
        self, converse: Callable[[ClientConnection], Awaitable[None]], key: str, ping_interval: float | None
    ) -> None:
        socket = await connect(
            self.url,
            subprotocols=[OCPP_1_6],
            additional_headers=self._credentials(key),
            compression=None,
            proxy=None,
            ssl=self._tls(),
            max_size=LARGEST_FRAME,
            ping_interval=ping_interval,
            close_timeout=1,
        )
        try:
            # OCPP-J 3.1.2: without a common subprotocol the connection is of no use.
            if socket.subprotocol != OCPP_1_6:
                raise ConnectionLost("The server does not speak ocpp1.6.")
            self.problem = None
            self._socket = socket
            await converse(socket)
        finally:
            self._socket = None
            if self._falls_silent:
                self._abandon(socket)
            else:
                socket.transport.abort()

    def _credentials(self, key: str) -> dict[str, str]:
        """HTTP Basic: the identity and the key (OCPP-J 6.2.2); nothing without a key."""
        if not key:
            return {}
        secret = base64.b64encode(f"{self._identity}:{key}".encode()).decode()
        return {"Authorization": f"Basic {secret}"}

    def _abandon(self, socket: ClientConnection) -> None:
        self._falls_silent = False
        self._abandoned = socket
        socket.transport.pause_reading()
        if socket.keepalive_task is not None:
            socket.keepalive_task.cancel()

    def _abort_abandoned(self) -> None:
        if self._abandoned is not None:
            self._abandoned.transport.abort()
            self._abandoned = None

"""A conversation with the central system over one socket, on the `ocpp` package's ChargePoint."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from evgraph.simulator.asking import CallRefused, ConnectionLost
from evgraph.simulator.dialects import Combined
from evgraph.simulator.frame_log import CALL, Direction
from evgraph.simulator.library import LibraryChargePoint, OCPPError, UnknownCallErrorCodeError
from evgraph.simulator.promises import Answer, Promises
from evgraph.simulator.simulated_time import SimulatedTime

LOGGER = logging.getLogger("evgraph.simulator")


class _LoggedSocket:
    """What the library sends and receives through; each frame is noted on its way, as it goes over the wire."""

    def __init__(self, socket: ClientConnection, note: Callable[[Direction, str], None], dialect: Combined) -> None:
        self._socket = socket
        self._note = note
        self._dialect = dialect

    async def recv(self) -> str:
        frame = await self._socket.recv(decode=True)
        self._note("in", frame)
        return frame

    async def send(self, frame: str) -> None:
        if self._dialect.rewrites:
            frame = self._rewritten(frame)
        await self._socket.send(frame)
        self._note("out", frame)

    def _rewritten(self, frame: str) -> str:
        message = json.loads(frame)
        if message[0] == CALL:
            message[3] = self._dialect.writes(message[2], message[3])
        return json.dumps(message)


class CentralSystemSession(LibraryChargePoint):  # type: ignore[misc]
    """Lives as long as its socket: the library's queue of answers must not outlive a connection."""

    def __init__(
        self,
        identity: str,
        socket: ClientConnection,
        answers: Mapping[str, Answer],
        promises: Promises,
        note: Callable[[Direction, str], None],
        call_timeout: float,
        dialect: Combined,
        time: SimulatedTime,
    ) -> None:
        super().__init__(identity, _LoggedSocket(socket, note, dialect), response_timeout=call_timeout, logger=LOGGER)
        self.route_map = {
            action: {"_on_action": answer, "_after_action": self._after} for action, answer in answers.items()
        }
        self._promises = promises
        self._dialect = dialect
        self._time = time
        self._thinking: set[asyncio.Task[None]] = set()
        self._lost = asyncio.get_running_loop().create_future()

    async def read(self) -> None:
        """Serve frames until the socket closes; then raise ConnectionLost."""
        try:
            while True:
                try:
                    frame = await self._connection.recv()
                except UnicodeDecodeError as unreadable:
                    LOGGER.warning("%s: cannot read a frame: %s", self.id, unreadable)
                else:
                    await self._take(frame)
        except ConnectionClosed as closed:
            raise ConnectionLost(str(closed)) from closed
        finally:
            self._lost.cancel()
            for task in self._thinking:
                task.cancel()

    async def _take(self, frame: str) -> None:
        delay = self._thinks_for(frame)
        if not delay:
            await self._route(frame)
            return
        task = asyncio.create_task(self._route_later(frame, self._time.real(delay)))
        self._thinking.add(task)
        task.add_done_callback(self._thinking.discard)

    async def _route_later(self, frame: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        try:
            await self._route(frame)
        except ConnectionClosed:
            LOGGER.info("%s: the answer came too late for this connection.", self.id)

    async def _route(self, frame: str) -> None:
        try:
            await self.route_message(frame)
        except TypeError as unreadable:
            # The library stumbles over an action that is not a text.
            LOGGER.warning("%s: cannot read a frame: %s", self.id, unreadable)

    def _thinks_for(self, frame: str) -> float:
        """Simulated seconds, for a CALL."""
        if not self._dialect.is_slow:
            return 0.0
        try:
            message = json.loads(frame)
        except ValueError:
            return 0.0
        if isinstance(message, list) and len(message) > 2 and message[0] == CALL:
            return self._dialect.answers_after(str(message[2]))
        return 0.0

    async def ask(self, request: Any) -> Any:
        """Send a CALL and return the answer.

        Raises CallRefused for a CALLERROR or an answer that breaks the schema, TimeoutError when there
        is none in time, ConnectionLost as soon as the socket closes (the library alone would wait on).
        """
        asked = asyncio.ensure_future(self.call(request, suppress=False))
        try:
            await asyncio.wait({asked, self._lost}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise ConnectionLost("The socket closed before the answer came.")
            return asked.result()
        except (OCPPError, UnknownCallErrorCodeError, TypeError) as refusal:
            raise CallRefused(str(refusal)) from refusal
        except ConnectionClosed as closed:
            raise ConnectionLost(str(closed)) from closed
        finally:
            # Also when it is done: what went wrong in it must be looked at, or asyncio complains of it at random.
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)

    def _after(self, **_payload: Any) -> None:
        """The answer is on its way: what it promised is done now."""
        self._promises.carry_out()

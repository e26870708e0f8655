"""A conversation with the central system over one socket, on the `ocpp` package's ChargePoint."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from evgraph.simulator.asking import CallRefused, ConnectionLost
from evgraph.simulator.commands import Commands
from evgraph.simulator.frame_log import Direction
from evgraph.simulator.library import LibraryChargePoint, OCPPError, UnknownCallErrorCodeError, after, on

LOGGER = logging.getLogger("evgraph.simulator")


class _LoggedSocket:
    """What the library sends and receives through; each frame is noted on its way."""

    def __init__(self, socket: ClientConnection, note: Callable[[Direction, str], None]) -> None:
        self._socket = socket
        self._note = note

    async def recv(self) -> str:
        frame = await self._socket.recv(decode=True)
        self._note("in", frame)
        return frame

    async def send(self, frame: str) -> None:
        await self._socket.send(frame)
        self._note("out", frame)


class CentralSystemSession(LibraryChargePoint):  # type: ignore[misc]
    """Lives as long as its socket: the library's queue of answers must not outlive a connection."""

    def __init__(
        self,
        identity: str,
        socket: ClientConnection,
        commands: Commands,
        note: Callable[[Direction, str], None],
        call_timeout: float,
    ) -> None:
        super().__init__(identity, _LoggedSocket(socket, note), response_timeout=call_timeout, logger=LOGGER)
        self._commands = commands
        self._lost = asyncio.get_running_loop().create_future()

    async def read(self) -> None:
        """Serve frames until the socket closes; then raise ConnectionLost."""
        try:
            while True:
                try:
                    await self.route_message(await self._connection.recv())
                except (TypeError, UnicodeDecodeError) as unreadable:
                    # The library stumbles over an action that is not a text.
                    LOGGER.warning("%s: cannot read a frame: %s", self.id, unreadable)
        except ConnectionClosed as closed:
            raise ConnectionLost(str(closed)) from closed
        finally:
            self._lost.cancel()

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

    @on("RemoteStartTransaction")
    def answer_remote_start(self, id_tag: str, connector_id: int | None = None, **_rest: Any) -> Any:
        return self._commands.remote_start(id_tag, connector_id)

    @after("RemoteStartTransaction")
    def after_remote_start(self, **_rest: Any) -> None:
        self._commands.carry_out()

    @on("RemoteStopTransaction")
    def answer_remote_stop(self, transaction_id: int) -> Any:
        return self._commands.remote_stop(transaction_id)

    @after("RemoteStopTransaction")
    def after_remote_stop(self, **_rest: Any) -> None:
        self._commands.carry_out()

    @on("TriggerMessage")
    def answer_trigger(self, requested_message: str, connector_id: int | None = None) -> Any:
        return self._commands.trigger(requested_message, connector_id)

    @after("TriggerMessage")
    def after_trigger(self, **_rest: Any) -> None:
        self._commands.carry_out()

    @on("GetConfiguration")
    def answer_get_configuration(self, key: list[str] | None = None) -> Any:
        return self._commands.get_configuration(key)

    @on("ChangeConfiguration")
    def answer_change_configuration(self, key: str, value: str) -> Any:
        return self._commands.change_configuration(key, value)

    @on("ChangeAvailability")
    def answer_change_availability(self, connector_id: int, **rest: str) -> Any:
        return self._commands.change_availability(connector_id, rest["type"])

    @after("ChangeAvailability")
    def after_change_availability(self, **_rest: Any) -> None:
        self._commands.carry_out()

    @on("UnlockConnector")
    def answer_unlock(self, connector_id: int) -> Any:
        return self._commands.unlock(connector_id)

    @after("UnlockConnector")
    def after_unlock(self, **_rest: Any) -> None:
        self._commands.carry_out()

    @on("Reset")
    def answer_reset(self, **rest: str) -> Any:
        return self._commands.reset(rest["type"])

    @after("Reset")
    def after_reset(self, **_rest: Any) -> None:
        self._commands.carry_out()

"""One charge point's connection: a reader that serves its CALLs one after the other, and an outbox for ours."""

import asyncio
from datetime import datetime
from typing import TypeVar

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from evgraph.ocpp import dispatch, frames
from evgraph.ocpp.answered import Answered
from evgraph.ocpp.calls.command import Command
from evgraph.ocpp.failures import log_failure
from evgraph.ocpp.fields import CallRefused, Fields
from evgraph.ocpp.frames import Call, CallError, CallResult, ErrorCode, MalformedCall, NotAFrame
from evgraph.ocpp.inbound import InboundCall, Peer, Services
from evgraph.ocpp.outbox import Outbox
from evgraph.services.interfaces import ChargerOffline, ChargerRejected, Clock

CALL_DEADLINE = 30.0
# A close frame holds 123 bytes of reason (RFC 6455 section 5.5.1).
_LONGEST_REASON = 100

Reply = TypeVar("Reply")


class Connection:
    """C5, C7, C9. CALLs are handled inline, so that a charger that floods is slowed by TCP itself (C6)."""

    def __init__(
        self,
        websocket: WebSocket,
        peer: Peer,
        *,
        services: Services,
        clock: Clock,
        heartbeat_interval: int,
    ) -> None:
        self.peer = peer
        self.last_seen: datetime = clock.now()
        self._websocket = websocket
        self._services = services
        self._clock = clock
        self._heartbeat_interval = heartbeat_interval
        self._answered = Answered()
        self._outbox = Outbox(self._send)
        self._is_superseded = asyncio.Event()
        self._why_closed = "A newer connection of this charge point took over."
        self._log = structlog.get_logger("evgraph.ocpp").bind(charge_point=peer.identity)

    async def ask(self, command: Command[Reply], deadline: float = CALL_DEADLINE) -> Reply:
        """Raises ChargerOffline, ChargerTimeout or ChargerRejected. `deadline` in seconds, all waiting included."""
        if not self.peer.is_accepted:
            raise ChargerRejected("it is not accepted yet (B1)")
        return command.read(await self._outbox.call(command.action, command.payload, deadline))

    def supersede(self) -> None:
        """C3: a newer connection took over. Its CALLs fail at once; the socket closes in its own time."""
        self._is_superseded.set()
        self._outbox.close()

    def close(self, why: str) -> None:
        """We want it to connect anew: as `supersede`, for another reason."""
        self._why_closed = why[:_LONGEST_REASON]
        self.supersede()

    async def run(self) -> None:
        """Serves until either side closes."""
        closer = asyncio.create_task(self._close_when_superseded())
        try:
            await self._read()
        finally:
            self._outbox.close()
            if not self._is_superseded.is_set():
                closer.cancel()
            await asyncio.gather(closer, return_exceptions=True)

    async def _read(self) -> None:
        while not self._is_superseded.is_set():
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                self._log.info("disconnected", code=message.get("code"), reason=message.get("reason") or None)
                return
            text = message.get("text")
            if text is None:
                self._log.warning("binary frame ignored", length=len(message.get("bytes") or b""))
                continue
            try:
                await self._serve(text)
            except ChargerOffline:
                return
            except Exception as failure:
                log_failure("frame not served", failure, charge_point=self.peer.identity)

    async def _serve(self, raw: str) -> None:
        self.last_seen = self._clock.now()
        try:
            frame = frames.decode(raw)
        except NotAFrame as failure:
            self._log.warning("frame ignored", why=str(failure), length=len(raw))
            return
        match frame:
            case Call():
                await self._answer(frame, raw)
            case MalformedCall():
                refusal = CallRefused(ErrorCode.FORMATION_VIOLATION, frame.why)
                await self._refuse(frame.message_id, refusal)
            case CallResult() | CallError():
                if not self._outbox.resolve(frame):
                    self._log.info("late or unsolicited answer dropped", message_id=frame.message_id)

    async def _answer(self, call: Call, raw: str) -> None:
        log = self._log.bind(action=call.action, message_id=call.message_id)
        now = asyncio.get_running_loop().time()
        known = self._answered.again(call.message_id, raw, now)
        if known is not None:
            log.info("answered again")
            await self._send(known)
            return
        if self._answered.knows(call.message_id):
            log.warning("message id used again for another message")
        try:
            payload = await dispatch.answer(
                InboundCall(
                    peer=self.peer,
                    services=self._services,
                    message_id=call.message_id,
                    action=call.action,
                    fields=Fields(call.payload),
                    raw=raw,
                    received_at=self.last_seen,
                    heartbeat_interval=self._heartbeat_interval,
                )
            )
        except CallRefused as refusal:
            log.info("call refused", code=refusal.code.value, why=refusal.description)
            await self._refuse(call.message_id, refusal)
            return
        except dispatch.Unanswered:
            return
        text = frames.encode_result(call.message_id, payload)
        self._answered.keep(call.message_id, call.action, raw, text, now)
        await self._send(text)

    async def _refuse(self, message_id: frames.MessageId, refusal: CallRefused) -> None:
        await self._send(frames.encode_error(CallError(message_id, refusal.code, refusal.description)))

    async def _send(self, text: str) -> None:
        """Raises ChargerOffline when the socket is closed."""
        try:
            await self._websocket.send_text(text)
        except (WebSocketDisconnect, RuntimeError) as closed:
            # Starlette and uvicorn say RuntimeError once a close has been sent.
            raise ChargerOffline("its connection is closed") from closed

    async def _close_when_superseded(self) -> None:
        await self._is_superseded.wait()
        try:
            await self._websocket.close(1000, self._why_closed)
        except (WebSocketDisconnect, RuntimeError):
            self._log.info("superseded, and closed already")

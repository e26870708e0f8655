"""One charge point's connection: a reader that serves its CALLs one after the other, and an outbox for ours."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from evgraph.domain.charge_point import FrameKind
from evgraph.domain.evolving import maker_of
from evgraph.ocpp import dispatch, frames
from evgraph.ocpp.answered import Answered
from evgraph.ocpp.calls.command import Command
from evgraph.ocpp.failures import log_failure
from evgraph.ocpp.fields import CallRefused, Fields
from evgraph.ocpp.frame_budget import SMALL_FRAME
from evgraph.ocpp.frame_record import FrameRecord
from evgraph.ocpp.frames import Call, CallError, CallResult, ErrorCode, Frame, MalformedCall, NotAFrame
from evgraph.ocpp.inbound import InboundCall, Peer, Services
from evgraph.ocpp.large_frames import OVERSIZED, Oversized, off_loop
from evgraph.ocpp.outbox import Outbox
from evgraph.ocpp.plain_readings import Told, plainly
from evgraph.ocpp.redaction import redacted
from evgraph.services.frames import FrameLog
from evgraph.services.interfaces import ChargerNotAccepted, ChargerOffline, Clock

CALL_DEADLINE = 30.0
# A close frame holds 123 bytes of reason (RFC 6455 section 5.5.1).
_LONGEST_REASON = 100
# RFC 6455 section 7.4.1: no close frame came; and none with a code.
_NORMAL, _NO_CODE, _ABNORMAL, _TOO_BIG = 1000, 1005, 1006, 1009

_METER_VALUES, _HEARTBEAT = "MeterValues", "Heartbeat"
# C6: of one charge point, while they wait to be saved; what comes then is read when one of them is answered.
MOST_HEARTBEATS = 16

_made_call = maker_of(InboundCall)

Reply = TypeVar("Reply")

log = structlog.get_logger("evgraph.ocpp")


@dataclass(frozen=True, slots=True)
class Closing:
    """How a connection ended: the code of its close frame (RFC 6455 section 7.4.1), and why."""

    code: int
    reason: str | None


BROKEN_OFF = Closing(_ABNORMAL, "The connection broke off.")


class Connection:
    """C5, C7, C9, C10. CALLs are handled inline, so that a charger that floods is slowed by TCP itself (C6). Except
    heartbeats: all charge points' are saved together, a few times a second, and nothing else waits for that.
    `closing` is null while it is open; `history_id` is where its history is kept (C1)."""

    __slots__ = (
        "_answered",
        "_clock",
        "_closer",
        "_heartbeat_interval",
        "_heartbeats",
        "_outbox",
        "_record",
        "_services",
        "_websocket",
        "_why_closed",
        "_writable",
        "closing",
        "history_id",
        "last_seen",
        "peer",
    )

    def __init__(
        self,
        websocket: WebSocket,
        peer: Peer,
        *,
        services: Services,
        frame_log: FrameLog,
        clock: Clock,
        heartbeat_interval: int,
        writable: asyncio.Event | None = None,
    ) -> None:
        """`writable`: set while the socket takes more; null where that is not known."""
        self.peer = peer
        self.closing: Closing | None = None
        self.history_id: int | None = None
        self.last_seen: datetime = clock.now()
        self._websocket = websocket
        self._services = services
        self._clock = clock
        self._heartbeat_interval = heartbeat_interval
        self._answered = Answered()
        self._record = FrameRecord(frame_log, peer)
        self._outbox = Outbox(self._send_call)
        self._closer: asyncio.Task[None] | None = None
        # Null while there is none, which is most of the time.
        self._heartbeats: set[asyncio.Task[None]] | None = None
        self._writable = writable
        self._why_closed = "A newer connection of this charge point took over."

    async def ask(self, command: Command[Reply], deadline: float = CALL_DEADLINE) -> Reply:
        """C5. Raises CallFailed, ChargerNotAccepted where nothing may be sent. `deadline`: seconds to wait for the turn
        of this CALL, and as many for its answer."""
        if not self.peer.is_accepted:
            raise ChargerNotAccepted(f"{command.action} was not sent: it is not accepted yet")
        return command.read(await self._outbox.call(command.action, command.payload, deadline))

    def supersede(self) -> None:
        """C3: a newer connection took over. Its CALLs fail at once; the socket closes in its own time."""
        self._outbox.close()
        if self._closer is None:
            self._closer = asyncio.create_task(self._close())

    def close(self, why: str) -> None:
        """We want it to connect anew: as `supersede`, for another reason."""
        self._why_closed = why[:_LONGEST_REASON]
        self.supersede()

    async def run(self) -> None:
        """Serves until either side closes."""
        try:
            await self._read()
        finally:
            self._outbox.close()
            heartbeats = [*(self._heartbeats or ())]
            for heartbeat in heartbeats:
                heartbeat.cancel()
            await asyncio.gather(*heartbeats, return_exceptions=True)
            if self._closer is not None:
                await asyncio.gather(self._closer, return_exceptions=True)

    async def _read(self) -> None:
        while self._closer is None:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                self.closing = _closing(message)
                log.info(
                    "disconnected", charge_point=self.peer.identity, code=self.closing.code, reason=self.closing.reason
                )
                return
            text = message.get("text")
            if text is None:
                oversized = message.get(OVERSIZED)
                if oversized is not None:
                    await self._refuse_oversized(oversized)
                    return
                data = message.get("bytes") or b""
                self._record.unreadable(data, self._clock.now())
                log.warning("binary frame ignored", charge_point=self.peer.identity, length=len(data))
                continue
            try:
                await self._serve(text)
            except ChargerOffline:
                return
            except Exception as failure:
                log_failure("frame not served", failure, charge_point=self.peer.identity)

    async def _serve(self, raw: str) -> None:
        self.last_seen = self._clock.now()
        if len(raw) > SMALL_FRAME:
            await self._serve_large(raw)
            return
        plain = plainly(raw, self.last_seen)
        if plain is not None:
            call = Call(plain.message_id, _METER_VALUES, {})
            if self._record.is_wanted:
                self._record.received(call, raw, self.last_seen, None)
            await self._answer(call, raw, plain.told)
            return
        try:
            frame = frames.decode(raw)
        except NotAFrame as failure:
            self._ignore(raw, failure)
            return
        self._record.received(frame, raw, self.last_seen, self._outbox.action_of(frame.message_id))
        await self._serve_frame(frame, raw)

    async def _serve_large(self, raw: str) -> None:
        """C6: as others, read in a thread, so that nobody waits for it. Frames of one charge point stay in order."""
        try:
            frame = await off_loop(raw, frames.decode_large, raw)
        except NotAFrame as failure:
            self._ignore(raw, failure)
            return
        if self._record.is_wanted:
            stored = await off_loop(raw, redacted, raw)
            action = self._outbox.action_of(frame.message_id)
            self._record.received(frame, raw, self.last_seen, action, stored=stored)
        await self._serve_frame(frame, raw)

    def _ignore(self, raw: str, failure: NotAFrame) -> None:
        self._record.unreadable(raw, self.last_seen)
        log.warning("frame ignored", charge_point=self.peer.identity, why=str(failure), length=len(raw))

    async def _refuse_oversized(self, oversized: Oversized) -> None:
        """C6: flagged before it is closed, so that whoever looks into why it closed finds the flag."""
        self.last_seen = self._clock.now()
        head, action = oversized.text(), oversized.action()
        log.warning(
            "frame too large",
            charge_point=self.peer.identity,
            action=action,
            size=oversized.size,
            limit=oversized.limit,
        )
        self._record.oversized(head, action, self.last_seen)
        await self._flag(oversized, head, action)
        reason = f"A message of {oversized.size:,} bytes is over the limit of {oversized.limit:,} bytes."
        self.closing = Closing(_TOO_BIG, reason)
        with suppress(WebSocketDisconnect, RuntimeError):
            await self._websocket.close(_TOO_BIG, reason)

    async def _flag(self, oversized: Oversized, head: str, action: str | None) -> None:
        if self._services.oversized_frames is None:
            return
        try:
            await self._services.oversized_frames.flag(
                self.peer.id,
                action=action,
                head=head,
                size=oversized.size,
                limit=oversized.limit,
                energy_wh=oversized.meter_stop_wh(),
            )
        except Exception as failure:
            log_failure("frame too large, and not flagged", failure, charge_point=self.peer.identity)

    async def _serve_frame(self, frame: Frame, raw: str) -> None:
        match frame:
            case Call():
                await self._answer(frame, raw)
            case MalformedCall():
                refusal = CallRefused(ErrorCode.FORMATION_VIOLATION, frame.why)
                await self._refuse(frame.message_id, None, refusal)
            case CallResult() | CallError():
                if not self._outbox.resolve(frame):
                    log.info(
                        "late or unsolicited answer dropped",
                        charge_point=self.peer.identity,
                        message_id=frame.message_id,
                    )

    async def _answer(self, call: Call, raw: str, told: Told | None = None) -> None:
        now = asyncio.get_running_loop().time()
        known = self._answered.again(call.message_id, raw, now)
        if known is not None:
            log.info("answered again", charge_point=self.peer.identity, action=call.action, message_id=call.message_id)
            await self._send(known, FrameKind.CALL_RESULT, call.message_id, call.action)
            return
        if self._answered.knows(call.message_id):
            log.warning(
                "message id used again for another message",
                charge_point=self.peer.identity,
                action=call.action,
                message_id=call.message_id,
            )
        inbound = _made_call(
            peer=self.peer,
            services=self._services,
            message_id=call.message_id,
            action=call.action,
            fields=Fields(call.payload),
            raw=raw,
            received_at=self.last_seen,
            heartbeat_interval=self._heartbeat_interval,
            told=told,
        )
        if call.action == _HEARTBEAT:
            await self._begin_heartbeat(inbound, now)
            return
        await self._serve_call(inbound, now)

    async def _begin_heartbeat(self, call: InboundCall, now: float) -> None:
        """Returns before it is answered, but for one too many: whoever floods is slowed (C6)."""
        if self._heartbeats is not None and len(self._heartbeats) >= MOST_HEARTBEATS:
            await asyncio.wait(self._heartbeats, return_when=asyncio.FIRST_COMPLETED)
        if self._heartbeats is None:
            self._heartbeats = set()
        task = asyncio.create_task(self._serve_heartbeat(call, now))
        self._heartbeats.add(task)
        task.add_done_callback(self._end_heartbeat)

    def _end_heartbeat(self, task: asyncio.Task[None]) -> None:
        if self._heartbeats is not None:
            self._heartbeats.discard(task)
            if not self._heartbeats:
                self._heartbeats = None

    async def _serve_heartbeat(self, call: InboundCall, now: float) -> None:
        try:
            await self._serve_call(call, now)
        except ChargerOffline:
            return
        except Exception as failure:
            log_failure("frame not served", failure, charge_point=self.peer.identity)

    async def _serve_call(self, call: InboundCall, now: float) -> None:
        """`now`: when it came, in seconds of a monotonic clock."""
        try:
            payload = await dispatch.answer(call)
        except CallRefused as refusal:
            log.info(
                "call refused",
                charge_point=self.peer.identity,
                action=call.action,
                message_id=call.message_id,
                code=refusal.code.value,
                why=refusal.description,
            )
            await self._refuse(call.message_id, call.action, refusal)
            return
        except dispatch.Unanswered:
            if call.action == "StatusNotification":
                # Unlike a transaction's messages (OCPP 1.6 section 3.7) it is not sent again.
                self.peer.missed()
            return
        text = frames.encode_result(call.message_id, payload)
        self._answered.keep(call.message_id, call.action, call.raw, text, now)
        await self._send(text, FrameKind.CALL_RESULT, call.message_id, call.action)
        if call.action != _HEARTBEAT:
            # B1: one that is answered meanwhile does not say that a boot was.
            self.peer.answered()

    async def _refuse(self, message_id: frames.MessageId, action: str | None, refusal: CallRefused) -> None:
        text = frames.encode_error(CallError(message_id, refusal.code, refusal.description))
        await self._send(text, FrameKind.CALL_ERROR, message_id, action)

    async def _send_call(self, message_id: str, action: str, text: str) -> None:
        if self._writable is not None:
            # C10: one that is given up while it waits for room was never sent, and is not in the frame log.
            await self._writable.wait()
        await self._send(text, FrameKind.CALL, message_id, action)

    async def _send(self, text: str, kind: FrameKind, message_id: frames.MessageId, action: str | None) -> None:
        """Raises ChargerOffline when the socket is closed."""
        # Before it goes: its answer may be read before this task runs again.
        if self._record.is_wanted:
            self._record.sent(kind, message_id, action, text, self._clock.now())
        try:
            await self._websocket.send_text(text)
        except (WebSocketDisconnect, RuntimeError) as closed:
            # Starlette and uvicorn say RuntimeError once a close has been sent.
            raise ChargerOffline("its connection is closed") from closed

    async def _close(self) -> None:
        self.closing = Closing(_NORMAL, self._why_closed)
        try:
            await self._websocket.close(_NORMAL, self._why_closed)
        except (WebSocketDisconnect, RuntimeError):
            log.info("superseded, and closed already", charge_point=self.peer.identity)


def _closing(message: Mapping[str, Any]) -> Closing:
    code = message.get("code", _NO_CODE)
    if code == _NO_CODE and "reason" not in message:
        # uvicorn's word for a socket that broke off.
        return BROKEN_OFF
    return Closing(code, message.get("reason") or None)

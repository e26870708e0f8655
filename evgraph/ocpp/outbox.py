"""Our CALLs to one charge point: one at a time, each with its own deadline (C5)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

from evgraph.ocpp.frames import CallError, CallResult, MessageId, Payload, encode_call
from evgraph.services.interfaces import ChargerBusy, ChargerOffline, ChargerRejected, ChargerTimeout

MOST_WAITING = 100
MOST_REMEMBERED = 32


@dataclass(frozen=True, slots=True)
class _Outstanding:
    message_id: str
    answer: asyncio.Future[Payload]


class Outbox:
    """`send(message_id, action, text)` puts a CALL on the wire; it raises ChargerOffline when there is
    none any more, and sends nothing once it is canceled."""

    __slots__ = ("_asked", "_is_closed", "_outstanding", "_send", "_turn", "_waiting")

    def __init__(self, send: Callable[[str, str, str], Awaitable[None]]) -> None:
        self._send = send
        self._turn = asyncio.Lock()
        self._outstanding: _Outstanding | None = None
        self._asked: dict[str, str] = {}
        # Of the CALLs that are in line, being sent, or unanswered: when each is given up.
        self._waiting: set[asyncio.Timeout] = set()
        self._is_closed = False

    async def call(self, action: str, payload: Payload, deadline: float, patience: float | None = None) -> Payload:
        """The charger's answer. `deadline`: seconds from the sending to the answer; `patience`: seconds until it is
        sent, as many if not given.

        Raises ChargerBusy for a CALL that was not sent within `patience`, and never is; ChargerOffline,
        ChargerTimeout, or ChargerRejected for a CALLERROR and for an answer that is no object.
        """
        if self._is_closed:
            raise ChargerOffline("its connection is closed")
        if len(self._waiting) >= MOST_WAITING:
            raise ChargerBusy(f"{action} was not sent: {MOST_WAITING} commands wait for it already")
        patience = deadline if patience is None else patience
        answer: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        is_sent = False
        timeout = asyncio.timeout(patience)
        self._waiting.add(timeout)
        try:
            async with timeout, self._turn:
                message_id = self._expect(action, answer)
                await self._send(message_id, action, encode_call(message_id, action, payload))
                is_sent = True
                timeout.reschedule(asyncio.get_running_loop().time() + deadline)
                return await answer
        except TimeoutError as late:
            if answer.done() and not answer.cancelled():
                # It came in the last moment.
                return answer.result()
            if self._is_closed:
                raise ChargerOffline("its connection closed") from late
            if is_sent:
                raise ChargerTimeout(f"no answer to {action} within {deadline:g} s") from late
            raise ChargerBusy(f"{action} was not sent: earlier commands were not answered for {patience:g} s") from late
        finally:
            self._waiting.discard(timeout)
            if self._outstanding is not None and self._outstanding.answer is answer:
                self._outstanding = None
            if answer.done() and not answer.cancelled():
                answer.exception()  # Looked at, so that asyncio does not complain when the sending itself failed.

    def action_of(self, message_id: MessageId) -> str | None:
        """What an answer of this id answers, also when it comes late; null for one that nobody asked for."""
        return self._asked.get(message_id) if isinstance(message_id, str) else None

    def resolve(self, message: CallResult | CallError) -> bool:
        """Whether it answers the outstanding CALL; a late or unsolicited one does not."""
        asked = self._outstanding
        if asked is None or asked.message_id != message.message_id or asked.answer.done():
            return False
        if isinstance(message, CallError):
            asked.answer.set_exception(ChargerRejected(f"{message.code}: {message.description}"))
        elif message.payload is None:
            asked.answer.set_exception(ChargerRejected("its answer cannot be read"))
        else:
            asked.answer.set_result(message.payload)
        return True

    def close(self) -> None:
        """All CALLs fail at once: the outstanding one, one that is stuck while it is sent, and those in line."""
        self._is_closed = True
        now = asyncio.get_running_loop().time()
        for timeout in self._waiting:
            if not timeout.expired():
                timeout.reschedule(now)

    def _expect(self, action: str, answer: asyncio.Future[Payload]) -> str:
        """The id of a CALL that is sent next. Its answer may come while it is being sent."""
        message_id = str(uuid4())
        self._outstanding = _Outstanding(message_id, answer)
        self._asked[message_id] = action
        if len(self._asked) > MOST_REMEMBERED:
            del self._asked[next(iter(self._asked))]
        return message_id

"""Our CALLs to one charge point: one at a time, each with its own deadline (C5)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

from evgraph.ocpp.frames import CallError, CallResult, MessageId, Payload, encode_call
from evgraph.services.interfaces import ChargerOffline, ChargerRejected, ChargerTimeout

MOST_WAITING = 100
MOST_REMEMBERED = 32


@dataclass(frozen=True, slots=True)
class _Outstanding:
    message_id: str
    answer: asyncio.Future[Payload]


class Outbox:
    """`send(message_id, action, text)` puts a CALL on the wire; it raises ChargerOffline when there is
    none any more."""

    __slots__ = ("_asked", "_is_closed", "_outstanding", "_send", "_turn", "_waiting")

    def __init__(self, send: Callable[[str, str, str], Awaitable[None]]) -> None:
        self._send = send
        self._turn = asyncio.Lock()
        self._outstanding: _Outstanding | None = None
        self._asked: dict[str, str] = {}
        self._waiting = 0
        self._is_closed = False

    async def call(self, action: str, payload: Payload, deadline: float) -> Payload:
        """The charger's answer. `deadline` in seconds, for waiting in line and for the answer together.

        Raises ChargerOffline, ChargerTimeout, or ChargerRejected for a CALLERROR and for an answer that is no object.
        """
        if self._waiting >= MOST_WAITING:
            raise ChargerTimeout(f"{MOST_WAITING} commands wait for it already")
        self._waiting += 1
        try:
            async with asyncio.timeout(deadline), self._turn:
                return await self._ask(action, payload)
        except TimeoutError as late:
            raise ChargerTimeout(f"no answer to {action} within {deadline:g} s") from late
        finally:
            self._waiting -= 1

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
        """All CALLs, the outstanding one and those in line, fail at once."""
        self._is_closed = True
        if self._outstanding is not None and not self._outstanding.answer.done():
            self._outstanding.answer.set_exception(ChargerOffline("its connection closed"))

    async def _ask(self, action: str, payload: Payload) -> Payload:
        if self._is_closed:
            raise ChargerOffline("its connection is closed")
        message_id = str(uuid4())
        answer: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._outstanding = _Outstanding(message_id, answer)
        self._asked[message_id] = action
        if len(self._asked) > MOST_REMEMBERED:
            del self._asked[next(iter(self._asked))]
        try:
            await self._send(message_id, action, encode_call(message_id, action, payload))
            return await answer
        finally:
            self._outstanding = None
            if answer.done() and not answer.cancelled():
                answer.exception()  # Looked at, so that asyncio does not complain when the sending itself failed.

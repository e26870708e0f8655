"""Answers given on one connection, for CALLs that come again (C9)."""

from collections import OrderedDict
from hashlib import blake2b
from typing import NamedTuple

from evgraph.ocpp.frames import MessageId

# A charge point has one CALL outstanding: what it sends again is among its latest few.
MOST_REMEMBERED = 32
SHORT_WHILE = 60.0

# The messages that a charger sends again until they are answered, for as long as that takes. The answers to all others
# tell the state of the moment, and an old one does harm: a Heartbeat's would set the charger's clock back.
_LASTING = frozenset({"StartTransaction", "StopTransaction", "MeterValues"})


class _Answer(NamedTuple):
    content: bytes
    text: str
    expires_at: float | None


class Answered:
    """The latest CALLRESULTs by message id, together with what they answered.

    An id alone does not make a repetition: some firmwares count their ids from 1 again on the same connection, and to
    replay an old answer to a new StopTransaction would lose its bill. So the same id with another content is a new
    message. CALLERRORs are not kept: they have no effect that could be doubled, and may not hold a second time.
    """

    __slots__ = ("_answers",)

    def __init__(self) -> None:
        self._answers: OrderedDict[MessageId, _Answer] = OrderedDict()

    def again(self, message_id: MessageId, raw: str, now: float) -> str | None:
        """The answer to the same message; null for a new one. `now`: seconds of a monotonic clock."""
        known = self._answers.get(message_id)
        if known is None or known.content != _digest(raw):
            return None
        if known.expires_at is not None and known.expires_at < now:
            return None
        return known.text

    def knows(self, message_id: MessageId) -> bool:
        return message_id in self._answers

    def keep(self, message_id: MessageId, action: str, raw: str, text: str, now: float) -> None:
        expires_at = None if action in _LASTING else now + SHORT_WHILE
        self._answers[message_id] = _Answer(_digest(raw), text, expires_at)
        self._answers.move_to_end(message_id)
        # One that only sends heartbeats, for weeks, is to cost no more than the latest of them.
        while len(self._answers) > MOST_REMEMBERED or self._is_oldest_over(now):
            self._answers.popitem(last=False)

    def _is_oldest_over(self, now: float) -> bool:
        expires_at = next(iter(self._answers.values())).expires_at
        return expires_at is not None and expires_at < now


def _digest(raw: str) -> bytes:
    return blake2b(raw.encode("utf-8", "surrogatepass"), digest_size=16).digest()

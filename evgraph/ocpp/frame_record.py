"""What goes over one connection, told to the frame log (C10)."""

import logging
from datetime import datetime

from evgraph.domain.charge_point import FrameDirection, FrameKind
from evgraph.ocpp.frames import Call, CallError, Frame, MalformedCall, MessageId
from evgraph.ocpp.inbound import Peer
from evgraph.ocpp.redaction import redacted, redacted_bytes
from evgraph.services.frames import FrameLog

# Of a binary frame, so many characters are kept.
LONGEST_BINARY = 64 * 1024


_log = logging.getLogger("evgraph.ocpp.frames")


class FrameRecord:
    __slots__ = ("_frames", "_peer")

    def __init__(self, frames: FrameLog, peer: Peer) -> None:
        self._frames = frames
        self._peer = peer

    @property
    def is_wanted(self) -> bool:
        return self._frames.wants(self._peer.id)

    def received(self, frame: Frame, raw: str, at: datetime, action: str | None, *, stored: str | None = None) -> None:
        """`at`: the instant that its handler goes by; `action`: of the CALL that it answers, where it answers one;
        `stored`: its text without secrets, where that is known already."""
        match frame:
            case Call():
                kind, action = FrameKind.CALL, frame.action
            case MalformedCall():
                kind = FrameKind.CALL
            case CallError():
                kind = FrameKind.CALL_ERROR
            case _:
                kind = FrameKind.CALL_RESULT
        self._add(at, FrameDirection.RECEIVED, kind, frame.message_id, action, stored or redacted(raw))

    def unreadable(self, raw: str | bytes, at: datetime) -> None:
        """No frame at all; of a binary one its first 64 KiB as hex digits."""
        text = redacted(raw) if isinstance(raw, str) else redacted_bytes(raw)[:LONGEST_BINARY]
        self._frames.add(
            self._peer.garage_id, self._peer.id, at, FrameDirection.RECEIVED, FrameKind.UNREADABLE, None, None, text
        )

    def oversized(self, head: str, action: str | None, at: datetime) -> None:
        """C6: a frame over the limit. `head`: its first bytes, without secrets."""
        self._frames.add(
            self._peer.garage_id, self._peer.id, at, FrameDirection.RECEIVED, FrameKind.UNREADABLE, None, action, head
        )

    def sent(self, kind: FrameKind, message_id: MessageId, action: str | None, text: str, at: datetime) -> None:
        self._add(at, FrameDirection.SENT, kind, message_id, action, redacted(text))

    def _add(
        self,
        at: datetime,
        direction: FrameDirection,
        kind: FrameKind,
        message_id: MessageId,
        action: str | None,
        text: str,
    ) -> None:
        if _log.isEnabledFor(logging.DEBUG):
            # Never its text, which is in the frame log.
            _log.debug("%s %s %s %s, %d characters", self._peer.identity, direction, kind, action, len(text))
        self._frames.add(self._peer.garage_id, self._peer.id, at, direction, kind, str(message_id), action, text)

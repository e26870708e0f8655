"""uvicorn's WebSocket protocol, with a way past ASGI for who sends the same frames to many sockets."""

from typing import Any, Final, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Opcode
from websockets.http11 import Request

# The protocol itself, in a socket's scope["extensions"].
FRAMES: Final = "evgraph.frames"
CLOSED: Final = -1
# After SIGTERM: how long a socket may take to get what is on its way to it.
_LAST_WORDS_S: Final = 1.0
_FINAL_TEXT: Final = 0x80 | Opcode.TEXT


class FramesProtocol(WebSocketsSansIOProtocol):
    """Nothing that uvicorn sends is fragmented, so whole frames may go in between."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            cast("dict[str, Any]", self.scope["extensions"])[FRAMES] = self

    def write_frames(self, frames: bytes) -> int:
        """Whole server frames, as they go over the wire. Returns how many bytes wait to be sent then, or CLOSED. Never
        waits: who writes looks at what waits."""
        transport = self.transport
        if self.close_sent or self.disconnected or transport.is_closing():
            return CLOSED
        transport.write(frames)
        return transport.get_write_buffer_size()

    def waiting_bytes(self) -> int:
        """How many wait to be sent, or CLOSED."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return CLOSED
        return self.transport.get_write_buffer_size()

    def give_up(self, code: int, reason: str) -> None:
        """Closes, also when the other end reads no more: what waits then is thrown away after the usual time."""
        if self.waiting_bytes() == CLOSED:
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """Whoever answers no ping may read nothing either: what waits for them is thrown away after the usual time."""
        super().keepalive_timeout()
        if self.close_sent and self.close_timer is None:
            self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    def shutdown(self) -> None:
        """As uvicorn's, but nobody who does not read keeps the process from ending."""
        super().shutdown()
        self.loop.call_later(_LAST_WORDS_S, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        # There is a scope once a handshake began.
        getattr(self, "scope", {}).get("extensions", {}).pop(FRAMES, None)


def text_frame(payload: bytes) -> bytes:
    """RFC 6455 section 5.2: final, unmasked."""
    length = len(payload)
    if length < 126:
        return b"%c%c%b" % (_FINAL_TEXT, length, payload)
    if length < 2**16:
        return b"%c~%b%b" % (_FINAL_TEXT, length.to_bytes(2), payload)
    return b"%c\x7f%b%b" % (_FINAL_TEXT, length.to_bytes(8), payload)

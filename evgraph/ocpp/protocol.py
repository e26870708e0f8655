"""uvicorn's WebSocket protocol, with some differences for chargers; `ws=ChargerProtocol` in uvicorn's settings."""

import asyncio
import ssl
from collections import deque
from collections.abc import Generator
from typing import Any, cast

import structlog
from uvicorn._types import ASGIReceiveEvent
from websockets.exceptions import InvalidHeader, PayloadTooBig
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.streams import StreamReader
from websockets.utils import apply_mask

from evgraph.ocpp.frame_budget import SMALL_FRAME, FrameBudget, Share
from evgraph.ocpp.handshake import WIRE, Wire, identity_in, origin_form
from evgraph.ocpp.large_frames import FIRST_BYTES, OVERSIZED, Oversized
from evgraph.ocpp.refusals import NO_HANDSHAKE, bad_header, refusals_of, scope_of
from evgraph.sockets import FramesProtocol, text_frame

# C4: a pong may take so much of the interval between two pings. With 20 s, the second ping is missed 55 s after a cable
# was cut, at the latest.
PONG_WITHIN = 0.75
_SUBPROTOCOLS = "Sec-WebSocket-Protocol"
_SHARE = "evgraph.share"
_FINAL = 0x80
_OPCODE = 0x0F
_MASK_BYTES = 4
# The first bytes of an oversized frame may come after its header.
_FIRST_BYTES_WAIT_S = 1.0
# After the close frame: how long nothing may come before the socket is closed. Closed with unread data, TCP resets the
# connection, and the charger may never see why.
_LINGER_S = 0.25
# A large frame that takes longer than this, and longer than at 16 KiB/s, is given up if others wait for its share.
_SLOW_AFTER_S = 300.0
_SLOW_BYTES_PER_S = 16 * 1024

log = structlog.get_logger("evgraph.ocpp")


class ChargerProtocol(FramesProtocol):
    """C6: a charger that floods is slowed by not reading from it; its pong then waits behind its own frames. One that
    was heard since the ping, or that we do not read from, is alive: it is pinged again, and not closed with 1011.

    C4: one that misses a ping is pinged again at the usual time, and closed with 1011 when it misses that one too.

    C6: before the handshake is complete nothing is read. After it, a message may have `ws_max_size` bytes, and from
    `admit` on the charge point's own limit. A message over 64 KiB needs a share of the budget before it is buffered;
    one over the limit is not buffered at all: its size and first bytes go to the endpoint, which closes (1009).
    Fragments are joined as they come, so that many small ones cost no more than one large frame.

    C1: a handshake that was turned away has been answered; uvicorn takes that for an error of ours, and logs it so.

    C7: a text frame that is no UTF-8 reaches the endpoint as bytes, which ignores it, instead of closing with 1007.

    Security profiles: who stands at the other end of the wire, before any header could say otherwise, and the client
    certificate that the TLS handshake verified, go with the request (`scope["extensions"]`).

    Memory: ten thousand of these wait most of the time. What was said in the handshake goes after it, and what waits is
    kept in lists that are there only while they hold something.

    A text to a charger is framed here, in one piece, where nothing is negotiated that frames it otherwise.
    """

    conn: "_Parser"

    _was_heard = False
    # Of the latest pings in a row, whether the one before was missed.
    _has_missed_ping = False
    _budget: FrameBudget | None = None
    # The share of the message that is being received, the one of the message that the endpoint serves, and all.
    _share: Share | None = None
    _served_share: Share | None = None
    _shares: list[Share] | None = None
    _excess: "_Excess | None" = None
    _linger_timer: asyncio.TimerHandle | None = None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.conn = _Parser(
            extensions=self.conn.available_extensions, max_size=self.config.ws_max_size, logger=self.conn.logger
        )
        self.queue = cast("asyncio.Queue[Any]", _Inbox())
        self.writable = cast("asyncio.Event", _Gate())

    def admit(self, limit: int, budget: FrameBudget) -> None:
        """C6: from now on a message may have `limit` bytes."""
        self._budget = budget
        self.conn.max_message_size = limit
        self.conn.keeps_excess = True

    def handle_connect(self, event: Request) -> None:
        _tidy(event)
        super().handle_connect(event)
        if self.response.status_code != 101:
            self._note_refusal(event)
        else:
            extensions = cast("dict[str, Any]", self.scope["extensions"])
            extensions[WIRE] = Wire(
                host=self.client[0] if self.client else "unknown",
                is_encrypted=self.scheme == "wss",
                certificate=_client_certificate(self.transport.get_extra_info("ssl_object")),
            )
            # Until the application takes up the connection (`receive`), which says whether it may speak at all.
            self._pause()

    def _note_refusal(self, event: Request) -> None:
        """C1: of a handshake that websockets refuses; the application never hears of it."""
        refusals = refusals_of(self.config)
        if refusals is None:
            return
        failure = self.conn.handshake_exc
        reason = bad_header(failure.name) if isinstance(failure, InvalidHeader) else NO_HANDSHAKE
        headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in event.headers.raw_items()]
        refusals.note(scope_of(event.path, headers, self.client, is_encrypted=self.scheme == "wss"), reason)

    async def receive(self) -> ASGIReceiveEvent:
        if self._served_share is not None:
            # It asks for the next message: it is done with this one.
            self._let_go(self._served_share)
            self._served_share = None
        message: dict[str, Any] = await cast("Any", self.queue).get()
        if _SHARE in message:
            self._served_share = message.pop(_SHARE)
        if self.read_paused and self.queue.empty() and not self._waits_for_room:
            self._resume()
        return cast("ASGIReceiveEvent", message)

    async def send(self, message: Any) -> None:
        text = message.get("text")
        if text is not None and not self.conn.extensions:
            await self.writable.wait()
            if self.conn.state is State.OPEN and self.handshake_complete and not (self.close_sent or self.disconnected):
                self.transport.write(text_frame(text.encode()))
                return
        await super().send(message)
        if message["type"] == "websocket.accept":
            # websockets' parser has it too, for as long as it parses.
            self.request.headers.clear()
            del self.request, self.response
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True
        if message["type"] == "websocket.close" and self.close_sent:
            if self._excess is not None:
                self._linger()
            elif self._waits_for_room:
                self.transport.close()

    def data_received(self, data: bytes) -> None:
        self._was_heard = True
        if self._excess is not None:
            self._receive_excess(self._excess, data)
            return
        super().data_received(data)
        while self.conn.reader.wanted and self._has_room():
            super().data_received(b"")

    def handle_parser_exception(self) -> None:
        # What came whole before it, and in the same piece.
        self.handle_events()
        failure = self.conn.parser_exc
        if not isinstance(failure, PayloadTooBig):
            super().handle_parser_exception()
        elif self.conn.keeps_excess:
            self._begin_excess(failure)
        else:
            log.warning("frame too large", remote=self.client and self.client[0], size=failure.size)
            super().handle_parser_exception()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._excess is not None:
            self._tell_excess(self._excess)
        if self._linger_timer is not None:
            self._linger_timer.cancel()
            self._linger_timer = None
        self._drop_message()
        super().connection_lost(exc)

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        for share in self._shares or ():
            share.release()
        self._shares = self._share = self._served_share = None

    def send_keepalive_ping(self) -> None:
        if self._was_heard:
            self._has_missed_ping = False
        self._was_heard = False
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        if self._was_heard or self.read_paused or not self._has_missed_ping:
            self._has_missed_ping = not (self._was_heard or self.read_paused)
            self.pong_timer = None
            self.pending_ping_payload = None
            self._schedule_next_ping()
            return
        # Before the socket's own end, which tells no reason.
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1011, "reason": "Two pings were not answered."})
        super().keepalive_timeout()

    def _schedule_next_ping(self) -> None:
        """An interval after the one before."""
        if self.ping_interval is not None:
            delay = max(0.0, self.ping_sent_at + self.ping_interval - self.loop.time())
            self.ping_timer = self.loop.call_later(delay, self.send_keepalive_ping)

    # Messages

    def handle_cont(self, event: Frame) -> None:
        fragments = cast("list[Any]", self.frames)
        whole = fragments[0]
        if not isinstance(whole, bytearray):
            fragments[0] = whole = bytearray(whole)
        whole += event.data
        if event.fin:
            self.send_receive_event_to_app()
        elif len(whole) > SMALL_FRAME and self._share is None and self._budget is not None:
            self._request_share(self._limit)
            if self._waits_for_room:
                self._pause()

    def send_receive_event_to_app(self) -> None:
        (data,) = self.frames
        share, self._share = self._share, None
        if self.close_sent:
            # As uvicorn does: the app is past its close.
            self.frames = []
            if share is not None:
                self._let_go(share)
            return
        message: dict[str, Any] = {"type": "websocket.receive"}
        if self.curr_msg_data_type == "bytes":
            message["bytes"] = bytes(data)
        else:
            try:
                message["text"] = data.decode()
            except UnicodeDecodeError:
                if identity_in(self.scope) is None:
                    super().send_receive_event_to_app()
                    return
                message["bytes"] = bytes(data)
        self.frames = []
        if share is not None:
            share.force()
            message[_SHARE] = share
        self._tell(message)

    def _tell(self, message: dict[str, Any]) -> None:
        """To the application; nothing more is read until it asks for more."""
        cast("Any", self.queue).put_nowait(message)
        self._pause()

    def _pause(self) -> None:
        if not self.read_paused and not self.transport.is_closing():
            self.read_paused = True
            self.transport.pause_reading()

    def _resume(self) -> None:
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    # The budget for large messages

    @property
    def _limit(self) -> int:
        return self.conn.max_message_size or SMALL_FRAME

    @property
    def _waits_for_room(self) -> bool:
        return self._share is not None and not self._share.is_granted

    def _has_room(self) -> bool:
        """Whether the payload that the parser waits to read may be buffered now."""
        if self.close_sent or self._budget is None:
            # Nobody reads it any more.
            self.transport.close()
            return False
        if self._share is None:
            # How long a message in several fragments becomes is not known: it may be as long as any.
            self._request_share(self.conn.reader.wanted if self.conn.reader.is_whole_message else self._limit)
        if self._waits_for_room:
            self._pause()
            return False
        self.conn.reader.give_room()
        return True

    def _request_share(self, size: int) -> None:
        assert self._budget is not None
        self._share = share = self._budget.request(size, self._room_granted)
        self._shares = [*(self._shares or ()), share]
        if share.is_granted:
            self._watch(share)

    def _room_granted(self) -> None:
        if self._share is not None:
            self._watch(self._share)
        # Not here: it is called by another connection, in the middle of its own work.
        self.loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        if self.disconnected or self.close_sent or self._waits_for_room or self.transport.is_closing():
            return
        if self.queue.empty():
            self._resume()
        self.data_received(b"")

    def _watch(self, share: Share) -> None:
        self.loop.call_later(_SLOW_AFTER_S + share.size / _SLOW_BYTES_PER_S, self._look_whether_slow, share)

    def _look_whether_slow(self, share: Share) -> None:
        if share is not self._share:
            return
        if self._budget is not None and self._budget.waiting:
            self.give_up(CloseCode.POLICY_VIOLATION, "This frame took too long.")
        else:
            self._watch(share)

    def _let_go(self, share: Share) -> None:
        share.release()
        if self._shares is not None:
            self._shares = [each for each in self._shares if each is not share] or None

    def _drop_message(self) -> None:
        """What was received of a message that will not be whole."""
        self.frames = []
        self.conn.reader.buffer.clear()
        if self._share is not None:
            share, self._share = self._share, None
            self._let_go(share)

    # A message over the limit

    def _begin_excess(self, failure: PayloadTooBig) -> None:
        assert failure.size is not None
        before = bytes(self.frames[0][:FIRST_BYTES]) if failure.current_size is not None and self.frames else b""
        excess = _Excess(size=failure.size + (failure.current_size or 0), limit=self._limit, before=before)
        rest = bytes(self.conn.excess)
        self._drop_message()
        self.stop_keepalive()
        self._excess = excess
        excess.timer = self.loop.call_later(_FIRST_BYTES_WAIT_S, self._tell_excess, excess)
        self._resume()
        self._receive_excess(excess, rest)

    def _receive_excess(self, excess: "_Excess", data: bytes) -> None:
        if not excess.is_told:
            excess.add(data)
            if excess.is_enough:
                self._tell_excess(excess)
        elif self.close_sent:
            self._linger()

    def _tell_excess(self, excess: "_Excess") -> None:
        """To the endpoint, after all that came before it; nothing more is read until it closes."""
        if excess.is_told:
            return
        excess.is_told = True
        if excess.timer is not None:
            excess.timer.cancel()
        told = Oversized(size=excess.size, limit=excess.limit, head=excess.head())
        self._tell({"type": "websocket.receive", OVERSIZED: told})

    def _linger(self) -> None:
        if self._linger_timer is not None:
            self._linger_timer.cancel()
        self._linger_timer = self.loop.call_later(_LINGER_S, self.transport.close)


class _Parser(ServerProtocol):
    """websockets' parser. C6: it does not read the payload of a large frame before there is room for it, and, where
    `keeps_excess`, leaves the beginning of one that is over the limit in `excess`, mask and all, and the connection
    open."""

    reader: "_Reader"

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        self.reader = _Reader()
        self.parser = self.parse()
        next(self.parser)
        self.keeps_excess = False
        self.excess = b""

    def fail(self, code: CloseCode | int, reason: str = "") -> None:
        if code == CloseCode.MESSAGE_TOO_BIG and self.keeps_excess:
            self.excess = bytes(self.reader.buffer[: FIRST_BYTES + _MASK_BYTES])
            return
        super().fail(code, reason)


class _Reader(StreamReader):
    """`wanted`: the length of the payload that waits for room, in bytes; 0 if none does."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted = 0
        self.is_whole_message = False
        self._head: bytes | bytearray = b"\x00\x00"

    def read_exact(self, n: int) -> Generator[None, None, bytearray]:
        if n > SMALL_FRAME:
            opcode = self._head[0] & _OPCODE
            self.is_whole_message = bool(self._head[0] & _FINAL) and opcode != Opcode.CONT
            self.wanted = n
            while self.wanted:
                yield
        # As StreamReader does, without a generator more for each of the four parts of a frame.
        while len(self.buffer) < n:
            if self.eof:
                raise EOFError(f"stream ends after {len(self.buffer)} bytes, expected {n} bytes")
            yield
        part = self.buffer[:n]
        del self.buffer[:n]
        if n == 2:
            # A frame's header; one of a large frame has its length in 8 more bytes.
            self._head = part
        return part

    def give_room(self) -> None:
        self.wanted = 0


class _Excess:
    """A message over the limit, until its first bytes are there. `before`: of its earlier fragments."""

    __slots__ = ("_before", "_masked", "is_told", "limit", "size", "timer")

    def __init__(self, *, size: int, limit: int, before: bytes) -> None:
        self.size = size
        self.limit = limit
        self.is_told = False
        self.timer: asyncio.TimerHandle | None = None
        self._before = before
        self._masked = bytearray()

    def add(self, data: bytes) -> None:
        self._masked += data[: FIRST_BYTES + _MASK_BYTES - len(self._masked)]

    @property
    def is_enough(self) -> bool:
        return len(self._before) + len(self._masked) >= FIRST_BYTES + _MASK_BYTES

    def head(self) -> bytes:
        if len(self._masked) <= _MASK_BYTES:
            return self._before
        masked = bytes(self._masked)
        return (self._before + apply_mask(masked[_MASK_BYTES:], masked[:_MASK_BYTES]))[:FIRST_BYTES]


class _Inbox:
    """What uvicorn uses of an asyncio.Queue, which has four deques of 600 bytes each; for one reader."""

    __slots__ = ("_reader", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[Any] | None = None
        self._reader: asyncio.Future[None] | None = None

    def put_nowait(self, message: Any) -> None:
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(message)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def empty(self) -> bool:
        return self._waiting is None

    async def get(self) -> Any:
        while self._waiting is None:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        message = self._waiting.popleft()
        if not self._waiting:
            self._waiting = None
        return message


class _Gate:
    """What uvicorn uses of an asyncio.Event; open at first."""

    __slots__ = ("_is_open", "_waiting")

    def __init__(self) -> None:
        self._is_open = True
        self._waiting: list[asyncio.Future[None]] = []

    def set(self) -> None:
        self._is_open = True
        for one in self._waiting:
            if not one.done():
                one.set_result(None)
        self._waiting.clear()

    def clear(self) -> None:
        self._is_open = False

    async def wait(self) -> None:
        while not self._is_open:
            one = asyncio.get_running_loop().create_future()
            self._waiting.append(one)
            try:
                await one
            finally:
                if one in self._waiting:
                    self._waiting.remove(one)


def _tidy(request: Request) -> None:
    """C1: a target in absolute form is served (RFC 9112 section 3.2.2). C2: an empty list of subprotocols is none."""
    request.path = origin_form(request.path)
    offered = request.headers.get_all(_SUBPROTOCOLS)
    if any(not value.strip(" \t,") for value in offered):
        del request.headers[_SUBPROTOCOLS]
        for value in offered:
            if value.strip(" \t,"):
                request.headers[_SUBPROTOCOLS] = value


def _client_certificate(tls: ssl.SSLObject | None) -> bytes | None:
    return tls.getpeercert(binary_form=True) if tls is not None else None

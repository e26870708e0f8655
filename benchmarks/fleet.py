"""Thousands of charge points over real sockets, that mostly wait: they send a heartbeat each minute, answer what they
are asked, and come back when their connection breaks."""

import asyncio
import base64
import json
import resource
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from time import monotonic, monotonic_ns

from benchmarks.websocket import WebSocket

HEARTBEAT_S = 60.0
# What they wait for an answer to their handshake.
_PATIENCE_S = 60.0
_AGAIN_S = (1.0, 3.0)
_UNKNOWN = "NotSupported"
# RFC 6455 section 5.5.1: a close frame of code 1000, masked with zeros.
_GOODBYE = bytes((0x88, 0x82, 0, 0, 0, 0)) + (1000).to_bytes(2)


class IdleCharger(WebSocket):
    """One connection. It counts as served once it is open, a heartbeat was answered, and the status of its connector,
    which it tells only when it is asked (B5), was taken."""

    def __init__(self, fleet: "Fleet", place: int) -> None:
        super().__init__()
        self._fleet = fleet
        self._place = place
        self._sent: dict[str, int] = {}
        self._message_id = 0
        self._beat: asyncio.TimerHandle | None = None
        self._is_heard = False
        self._is_known = False

    def begin(self) -> None:
        self.heartbeat()

    def heartbeat(self) -> None:
        self._call("Heartbeat", {})
        pace = self._fleet.random.uniform(0, HEARTBEAT_S) if self._message_id == 1 else HEARTBEAT_S
        self._beat = asyncio.get_running_loop().call_later(pace, self.heartbeat)

    def heard(self, text: bytes) -> None:
        frame = json.loads(text)
        if frame[0] == 2:
            self._answer(frame[1], frame[2], frame[3])
            return
        action, _, sent_ns = self._sent.pop(frame[1], "  0").partition(" ")
        if frame[0] != 3:
            self._fleet.refused += 1
        elif action == "Heartbeat":
            self._is_heard = True
            self._fleet.waits_ns.append(monotonic_ns() - int(sent_ns))
        elif action == "StatusNotification":
            self._is_known = True
        if self._is_heard and self._is_known:
            self._fleet.served(self._place)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._beat is not None:
            self._beat.cancel()
        super().connection_lost(exc)
        if not self._opened.cancelled():
            self._opened.exception()
        self._fleet.lost(self._place)

    async def until_heard(self) -> None:
        async with asyncio.timeout(60):
            while not self._is_heard and self.failure is None:  # noqa: ASYNC110
                await asyncio.sleep(0.002)

    async def end(self, *, is_closed: bool) -> None:
        if is_closed:
            self.say_goodbye()
        else:
            self.abort()
        async with asyncio.timeout(30):
            while self.failure is None:  # noqa: ASYNC110
                await asyncio.sleep(0.002)

    def say_goodbye(self) -> None:
        self._transport.write(_GOODBYE)

    def abort(self) -> None:
        """As when its cable is pulled and put back: no close frame."""
        self._transport.abort()

    def _answer(self, message_id: str, action: str, payload: dict[str, object]) -> None:
        if action != "TriggerMessage":
            self.say(json.dumps([4, message_id, _UNKNOWN, "", {}]).encode())
            return
        self.say(json.dumps([3, message_id, {"status": "Accepted"}]).encode())
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        connector_id = payload.get("connectorId", 1)
        self._call(
            "StatusNotification",
            {"connectorId": connector_id, "errorCode": "NoError", "status": "Available", "timestamp": now},
        )

    def _call(self, action: str, payload: dict[str, object]) -> None:
        self._message_id += 1
        message_id = str(self._message_id)
        self._sent[message_id] = f"{action} {monotonic_ns()}"
        self.say(json.dumps([2, message_id, action, payload]).encode())


class Fleet:
    """`keys`: by identity. Once `connect` was called it stays: who loses its connection connects again, after one to
    three seconds where that was refused. `waits_ns`: of the heartbeats since it was cleared last."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        raise_file_limit()
        self.random = Random(7)
        self.waits_ns: list[int] = []
        self.refused = 0
        self._keys = list(keys.items())
        self._port = 0
        self._open: dict[int, IdleCharger] = {}
        self._served: set[int] = set()
        self._connected_by = 0.0
        self._all_served = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._open)

    @property
    def served_count(self) -> int:
        return len(self._served)

    @property
    def connected_by(self) -> float:
        """When the last of them was let in, by the monotonic clock."""
        return self._connected_by

    def connect(self, port: int) -> None:
        """All at once."""
        self._port = port
        for place in range(len(self._keys)):
            self._come(place)

    async def all_served(self, within_s: float) -> None:
        """Raises TimeoutError, with how many are."""
        try:
            async with asyncio.timeout(within_s):
                await self._all_served.wait()
        except TimeoutError as late:
            raise TimeoutError(
                f"{len(self._served)} of {len(self._keys)} are served, {len(self)} connected, after {within_s:g} s."
            ) from late

    async def leave(self) -> None:
        """All at once; they do not come back."""
        self._port = 0
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for charger in list(self._open.values()):
            charger.abort()
        while self._open:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    async def visit(self, port: int, *, is_closed: bool) -> None:
        """One of them comes, waits for the answer to a heartbeat, and goes; `is_closed`: with a close frame."""
        self._port = port
        place = 0
        await self._try(place)
        charger = self._open[place]
        await charger.until_heard()
        self._port = 0
        await charger.end(is_closed=is_closed)

    def forget_port(self) -> None:
        """The server restarts: they wait for `connect`."""
        self._port = 0

    def served(self, place: int) -> None:
        self._served.add(place)
        if len(self._served) == len(self._keys):
            self._all_served.set()

    def lost(self, place: int) -> None:
        self._served.discard(place)
        self._all_served.clear()
        if self._open.pop(place, None) is not None and self._port:
            self._come(place)

    def _come(self, place: int) -> None:
        task = asyncio.create_task(self._try(place))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _try(self, place: int) -> None:
        identity, key = self._keys[place]
        pair = base64.b64encode(f"{identity}:{key}".encode()).decode()
        while self._port:
            charger = IdleCharger(self, place)
            with suppress(OSError, TimeoutError):
                await charger.open(self._port, f"/ocpp/{identity}", "ocpp1.6", f"Basic {pair}", patience_s=_PATIENCE_S)
                self._open[place] = charger
                self._connected_by = monotonic()
                charger.begin()
                return
            await asyncio.sleep(self.random.uniform(*_AGAIN_S))


def raise_file_limit() -> None:
    """As many sockets as this process may have at all."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

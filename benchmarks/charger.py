"""A charge point with one vehicle that charges, as light as a load client needs it."""

import asyncio
import base64
import json
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic_ns
from typing import Any

from benchmarks.websocket import WebSocket

_ANSWER_S = 30.0
# What an AX48 sends every few seconds: some 500 bytes.
_READING = (
    b'[2,"%d","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"%b","sampledValue":['
    b'{"value":"%d","context":"Sample.Periodic","measurand":"Energy.Active.Import.Register","location":"Outlet","unit":"Wh"},'
    b'{"value":"9840","context":"Sample.Periodic","measurand":"Power.Active.Import","location":"Outlet","unit":"W"},'
    b'{"value":"41.0","context":"Sample.Periodic","measurand":"Current.Import","location":"Outlet","unit":"A"}'
    b']}],"transactionId":%d}]'
)


class Charger(WebSocket):
    """It has one CALL outstanding at the most (OCPP-J 1.6 section 4.1.1); further readings wait their turn.

    `answered(charger, waited_ns)` is called for each reading that was answered, `asked(action, payload)` for what it is
    asked: its answer goes back, null is NotSupported.
    """

    def __init__(self) -> None:
        super().__init__()
        self.transaction_id = 1
        self.readings_answered = 0
        self.answered: Callable[[Charger, int], None] = lambda charger, waited_ns: None
        self.asked: Callable[[str, dict[str, Any]], dict[str, Any] | None] = lambda action, payload: None
        self._message_id = 0
        self._expected = b""
        self._is_idle = asyncio.Event()
        self._sent_ns = 0
        self._waiting: deque[tuple[int, int]] = deque()
        self._answer: asyncio.Future[Any] | None = None

    async def plug_in(self, port: int, identity: str, key: str | None = None) -> None:
        pair = base64.b64encode(f"{identity}:{key}".encode()).decode()
        await self.open(port, f"/ocpp/{identity}", "ocpp1.6", f"Basic {pair}" if key else None)

    async def begin(self) -> None:
        """Boots, and begins a transaction at a register of 0 Wh with a card."""
        await self.boot()
        await self.begin_transaction("STAFF-1", 0)

    async def boot(self) -> None:
        await self._ask("BootNotification", chargePointVendor="Phihong Technology", chargePointModel="AX48")
        await self._tell("Available")

    async def begin_transaction(self, id_tag: str, meter_start: int) -> None:
        await self._tell("Preparing")
        begun = await self._ask(
            "StartTransaction", connectorId=1, idTag=id_tag, meterStart=meter_start, timestamp=_now()
        )
        if begun["idTagInfo"]["status"] != "Accepted":
            raise RuntimeError(f"The server answered StartTransaction with {begun}.")
        self.transaction_id = begun["transactionId"]
        await self._tell("Charging")

    async def end(self, meter_stop: int) -> None:
        ended = {"transactionId": self.transaction_id, "meterStop": meter_stop, "reason": "EVDisconnected"}
        await self._ask("StopTransaction", timestamp=_now(), **ended)
        await self._tell("Available")

    def meter(self, register_wh: int) -> None:
        """One reading, sent now, or when the one before is answered; it waits from now on either way."""
        if self._expected:
            self._waiting.append((register_wh, monotonic_ns()))
        else:
            self._send(register_wh, monotonic_ns())

    async def rest(self) -> None:
        """Forgets the readings that wait their turn, and returns when the one that was sent is answered."""
        self._waiting.clear()
        if self._expected:
            await self._is_idle.wait()

    def heard(self, text: bytes) -> None:
        if text.startswith(b"[2,"):
            # After a boot it is asked for its configuration, and more: it has none of that.
            _, message_id, action, payload = json.loads(text)
            given = self.asked(action, payload)
            answer = [4, message_id, "NotSupported", "", {}] if given is None else [3, message_id, given]
            self.say(json.dumps(answer).encode())
            return
        if not self._expected or not text.startswith(self._expected):
            self.failure = RuntimeError(
                f"The server sent {text[:200].decode()}, expected was {self._expected.decode()}."
            )
            return
        self._expected = b""
        if self._answer is not None:
            self._answer.set_result(json.loads(text)[2])
            return
        self.readings_answered += 1
        waited_ns = monotonic_ns() - self._sent_ns
        if self._waiting:
            self._send(*self._waiting.popleft())
        else:
            self._is_idle.set()
        self.answered(self, waited_ns)

    def _send(self, register_wh: int, since_ns: int) -> None:
        self._sent_ns = since_ns
        self._is_idle.clear()
        self.say(_READING % (self._next_id(), _now().encode(), register_wh, self.transaction_id))

    async def _tell(self, status: str) -> None:
        await self._ask("StatusNotification", connectorId=1, errorCode="NoError", status=status, timestamp=_now())

    async def _ask(self, action: str, **payload: object) -> Any:
        self._answer = asyncio.get_running_loop().create_future()
        self.say(json.dumps([2, str(self._next_id()), action, payload]).encode())
        try:
            async with asyncio.timeout(_ANSWER_S):
                return await self._answer
        finally:
            self._answer = None

    def _next_id(self) -> int:
        self._message_id += 1
        self._expected = b'[3,"%d"' % self._message_id
        return self._message_id


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")

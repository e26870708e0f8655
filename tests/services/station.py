"""A charge point of a garage that speaks in frames: all behind the socket is real, the time is turned by hand."""

from __future__ import annotations

import asyncio
import itertools
import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from evgraph.domain.charge_point import Acceptance
from evgraph.domain.charging_session import ChargingSession, SessionFlag
from evgraph.models import ChargePointRow, ConnectionRow, LineItemRow, PortRow, QuarantinedMessageRow, SessionRow
from evgraph.ocpp.connection import Connection
from evgraph.ocpp.inbound import Peer
from evgraph.ocpp.inbound import Services as Served
from evgraph.ocpp.translate import iso

if TYPE_CHECKING:
    from .conftest import Garage

Json = dict[str, Any]
FACTORY_CLOCK = "1970-01-01T00:00:00Z"


class InMemory:
    """A WebSocket of which both ends are here."""

    def __init__(self) -> None:
        self._to_us: asyncio.Queue[Json] = asyncio.Queue()
        self._to_it: asyncio.Queue[str] = asyncio.Queue()

    async def receive(self) -> Json:
        return await self._to_us.get()

    async def send_text(self, text: str) -> None:
        self._to_it.put_nowait(text)

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        self.hang_up()

    async def asks(self, text: str) -> Any:
        """The frame that answers."""
        self._to_us.put_nowait({"type": "websocket.receive", "text": text})
        async with asyncio.timeout(30):
            return json.loads(await self._to_it.get())

    def hang_up(self) -> None:
        self._to_us.put_nowait({"type": "websocket.disconnect", "code": 1000})


@dataclass
class Station:
    """The garage's first charge point. `connectors`: how many it has."""

    garage: Garage
    connectors: int = 1
    _count: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _socket: InMemory | None = None
    _serving: asyncio.Task[None] | None = None
    _connection_id: int = 0

    @property
    def now(self) -> datetime:
        return self.garage.clock.now()

    def stamp(self, **ago: float) -> str:
        """So long ago, by the garage's clock."""
        return iso(self.now - timedelta(**ago))

    async def connect(self) -> None:
        await self.reconnect()
        for connector in range(1, self.connectors + 1):
            await self.status("Available", connector=connector)

    async def reconnect(self) -> None:
        """A connection over which no status is reported yet."""
        house, id_ = self.garage.house, self.garage.charge_point_id
        await house.charge_points.connected(id_)
        self._connection_id = await house.connections.opened(
            id_, remote="127.0.0.1", subprotocol="ocpp1.6", security_profile=0
        )
        self._socket = InMemory()
        connection = Connection(
            self._socket,  # type: ignore[arg-type]
            Peer(
                id=id_,
                garage_id=self.garage.id,
                identity=(await ChargePointRow.get(id=id_)).identity,
                acceptance=Acceptance.ACCEPTED,
            ),
            services=Served(
                charge_points=house.charge_points,
                transactions=house.transactions,
                metering=house.metering,
                jobs=house.jobs,
                certificates=house.certificates,
                security_events=house.security_events,
            ),
            frame_log=house.frames,
            clock=house.clock,
            heartbeat_interval=300,
        )
        self._serving = asyncio.create_task(connection.run())

    async def hang_up(self) -> None:
        if self._socket is None or self._serving is None:
            return
        self._socket.hang_up()
        with suppress(asyncio.CancelledError):
            await self._serving
        self._socket = self._serving = None
        house = self.garage.house
        await house.connections.closed(self._connection_id, code=1000, reason=None)
        await house.charge_points.disconnected(self.garage.charge_point_id)

    async def call(self, action: str, payload: Json) -> Json:
        if self._socket is None:
            await self.connect()
        assert self._socket is not None
        kind, _, answer = (await self._socket.asks(json.dumps([2, f"m{next(self._count)}", action, payload])))[:3]
        assert kind == 3, answer
        return answer  # type: ignore[no-any-return]

    # What it says.

    async def status(self, status: str, *, connector: int = 1, info: str = "", stamp: str | None = None) -> None:
        said = {"connectorId": connector, "status": status, "errorCode": "NoError", "info": info}
        await self.call("StatusNotification", {**said, "timestamp": self.stamp() if stamp is None else stamp})

    async def boot(self) -> None:
        await self.call("BootNotification", {"chargePointVendor": "Phihong", "chargePointModel": "AX48"})

    async def start(self, id_tag: Any, *, meter: Any = 1000, stamp: str | None = None, connector: Any = 1) -> Json:
        said = {"connectorId": connector, "idTag": id_tag, "meterStart": meter}
        return await self.call("StartTransaction", {**said, "timestamp": self.stamp() if stamp is None else stamp})

    async def meter(
        self, transaction_id: int | None, register: int, *, stamp: str | None = None, connector: int = 1
    ) -> None:
        value = {"timestamp": self.stamp() if stamp is None else stamp, "sampledValue": [{"value": str(register)}]}
        named = {} if transaction_id is None else {"transactionId": transaction_id}
        await self.call("MeterValues", {"connectorId": connector, "meterValue": [value], **named})

    async def stop(self, **said: Any) -> Json:
        """Of this moment; what is given stands as it is."""
        return await self.call("StopTransaction", {"timestamp": self.stamp(), "reason": "EVDisconnected", **said})

    # What became of it.

    async def look(self) -> None:
        """Upkeep, and whatever it set going."""
        await self.garage.house.upkeep.look()
        await asyncio.sleep(0)
        await asyncio.gather(*self.garage.house.charge_points._asking.values())

    async def sessions(self) -> list[ChargingSession]:
        rows = await SessionRow.filter(charge_point_id=self.garage.charge_point_id).order_by("id")
        return [row.value() for row in rows]

    async def port(self, connector: int) -> PortRow:
        return await PortRow.get(charge_point_id=self.garage.charge_point_id, connector_id=connector)

    async def cents(self, session_id: int) -> int:
        return sum([item.amount_cents for item in await LineItemRow.filter(session_id=session_id)])

    async def quarantined(self) -> list[QuarantinedMessageRow]:
        return await QuarantinedMessageRow.filter(resolved_at__isnull=True).order_by("id")

    async def connections(self) -> int:
        return await ConnectionRow.all().count()


def has(session: ChargingSession, flag: SessionFlag) -> bool:
    return flag in session.flags

"""The product, driven through its real handling of frames: a charge point in memory, whose every frame is recorded."""

import asyncio
import functools
import itertools
import json
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from evgraph.bus import EventBus
from evgraph.domain.charge_point import Acceptance
from evgraph.domain.charging_session import ChargingSession
from evgraph.domain.people import Role, Viewer
from evgraph.domain.rate import RateKind
from evgraph.domain.refusals import Refusal
from evgraph.domain.stay import Channel, StayKind, Vehicle
from evgraph.models import GarageRow, LineItemRow, PortRow, RequestRow, SessionRow, database
from evgraph.ocpp.connection import Connection
from evgraph.ocpp.gateway import Gateway
from evgraph.ocpp.inbound import Peer
from evgraph.ocpp.inbound import Services as Served
from evgraph.ocpp.registry import Registry
from evgraph.services.charging import StartCharging
from evgraph.services.house import Services, open_house
from evgraph.services.stays import CheckIn, CheckOut
from evgraph.settings import Settings

from . import record

POWER_W = 11_500
BEGAN = datetime.fromisoformat("2026-11-22T08:00:00+00:00")
_PATIENCE_S = 20.0
# How long a call that its charger never answers is waited for.
_UNANSWERED_S = 0.05
_BLINK = timedelta(milliseconds=10)

Json = dict[str, Any]


@functools.cache
def largest_frame() -> int:
    """What the server takes from an admitted charge point, in bytes (C6)."""
    return Settings(database_url="sqlite://:memory:").max_frame_bytes


class Clock:
    """Turned by hand."""

    def __init__(self) -> None:
        self.present = BEGAN

    def now(self) -> datetime:
        return self.present


@dataclass
class Town:
    """The services on one database, in which every story has a garage of its own."""

    clock: Clock
    registry: Registry
    house: Services
    metering: "asyncio.Task[None]"
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    async def open(cls, url: str) -> "Town":
        await database.open_database(url)
        clock, registry = Clock(), Registry()
        house = open_house(
            bus=EventBus(), clock=clock, gateway=Gateway(registry, deadline=_UNANSWERED_S), stop_wait_s=0.05
        )
        return cls(clock, registry, house, asyncio.create_task(house.metering.run()))

    async def close(self) -> None:
        self.metering.cancel()
        with suppress(asyncio.CancelledError):
            await self.metering
        await self.house.close()
        await database.close_database()


class Wire:
    """A WebSocket of which both ends are here. What the server sends is passed to the charger at once."""

    def __init__(self, charger: "Charger", number: int) -> None:
        self.number = number
        self._charger = charger
        self._to_server: asyncio.Queue[Json] = asyncio.Queue()

    async def receive(self) -> Json:
        return await self._to_server.get()

    async def send_text(self, text: str) -> None:
        self._charger.hears(self, text)

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        self.hang_up()

    def put(self, text: str) -> None:
        self._to_server.put_nowait({"type": "websocket.receive", "text": text})

    def hang_up(self) -> None:
        self._to_server.put_nowait({"type": "websocket.disconnect", "code": 1000})


@dataclass
class Charger:
    """A charge point as the server sees it: it sends what a story says, and answers calls as it was told to.

    `answers`: by action, the status of its result; None for no answer at all.
    """

    town: Town
    garage_id: int
    id: int
    identity: str
    viewer: Viewer
    connectors: int
    answers: dict[str, str | None] = field(default_factory=dict)
    frames: list[record.Frame] = field(default_factory=list)
    _connection_id: int = 0
    connections: list[record.Connected] = field(default_factory=list)
    requests: list[record.Request] = field(default_factory=list)
    rates: list[record.Rate] = field(default_factory=list)
    stops_asked: list[record.StopAsked] = field(default_factory=list)
    check_outs: list[record.CheckOut] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    stay_ids: dict[str, int] = field(default_factory=dict)
    session_ids: dict[str, int] = field(default_factory=dict)
    sockets: int = 0
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _wire: Wire | None = None
    _serving: "asyncio.Task[None] | None" = None
    _connection: Connection | None = None
    _waiting: "dict[str, asyncio.Future[Any]]" = field(default_factory=dict)

    @classmethod
    async def found(cls, town: Town, *, connectors: int, kind: str, cents: str) -> "Charger":
        """A garage with one charge point, connected and free, and a rate."""
        number = next(town.numbers)
        town.clock.present = BEGAN
        house = town.house
        garage = await house.registration.add_garage(
            organization="Midtown Parking", location_id=f"NYC-{number}", name=f"Garage {number}"
        )
        made, _ = await house.registration.add_charge_point(
            garage_id=garage.id, identity=f"AX48-{number}", open_to_all=True, connectors=connectors, max_power_w=POWER_W
        )
        viewer = Viewer(
            id=1,
            organization_id=(await GarageRow.get(id=garage.id)).organization_id,
            organization="Midtown Parking",
            name="Olivia",
            email=None,
            roles={garage.id: Role.OPERATOR},
        )
        charger = cls(town, garage.id, made.id, made.identity, viewer, connectors)
        await house.rates.set(viewer, garage.id, RateKind(kind), Decimal(cents))
        charger.rates.append(record.Rate(town.clock.now(), kind, Decimal(cents)))
        town.clock.present += _BLINK
        await charger.connect()
        for connector in range(1, connectors + 1):
            now = town.clock.now().isoformat(timespec="milliseconds")
            free = {"connectorId": connector, "status": "Available", "errorCode": "NoError", "timestamp": now}
            await charger.call("StatusNotification", free)
        return charger

    # The wire

    async def connect(self) -> None:
        if self._wire is not None:
            return
        house, self.sockets = self.town.house, self.sockets + 1
        await house.charge_points.connected(self.id)
        self._connection_id = await house.connections.opened(
            self.id, remote="127.0.0.1", subprotocol="ocpp1.6", security_profile=0
        )
        self.connections.append(record.Connected(self.town.clock.now()))
        self._wire = Wire(self, self.sockets)
        self._connection = Connection(
            self._wire,  # type: ignore[arg-type]
            Peer(id=self.id, garage_id=self.garage_id, identity=self.identity, acceptance=Acceptance.ACCEPTED),
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
        self.town.registry.enter(self._connection)
        self._serving = asyncio.create_task(self._connection.run())

    async def hang_up(self) -> None:
        if self._wire is None or self._serving is None or self._connection is None:
            return
        self._wire.hang_up()
        await self._serving
        self.town.registry.leave(self._connection)
        self._wire = self._serving = self._connection = None
        self.connections[-1] = record.Connected(self.connections[-1].since, self.town.clock.now())
        await self.town.house.connections.closed(self._connection_id, code=1000, reason=None)
        await self.town.house.charge_points.disconnected(self.id)
        await self.settled()

    async def call(self, action: str, payload: Json) -> Json | None:
        """The result; None for a CALLERROR."""
        await self.connect()
        assert self._wire is not None
        self.town.clock.present += _BLINK
        id_ = f"m{next(self._ids)}"
        text = json.dumps([2, id_, action, payload])
        self.frames.append(record.Frame(self.town.clock.now(), True, text, self._wire.number))
        self._waiting[id_] = asyncio.get_running_loop().create_future()
        if len(text) > largest_frame():
            # RFC 6455, 1009: too big. The WebSocket library closes before the application sees anything.
            await self.hang_up()
            return None
        self._wire.put(text)
        async with asyncio.timeout(_PATIENCE_S):
            answer = await self._waiting[id_]
        del self._waiting[id_]
        await self.settled()
        return answer[2] if answer[0] == 3 else None

    def hears(self, wire: Wire, text: str) -> None:
        self.frames.append(record.Frame(self.town.clock.now(), False, text, wire.number))
        kind, id_, *rest = json.loads(text)
        if kind != 2:
            if id_ in self._waiting:
                self._waiting[id_].set_result([kind, id_, *rest])
            return
        status = self.answers.get(rest[0], "Accepted")
        if status is not None:
            answer = json.dumps([3, id_, {"status": status}])
            self.frames.append(record.Frame(self.town.clock.now(), True, answer, wire.number))
            wire.put(answer)

    async def settled(self) -> None:
        """Waits for what the server does in the background, such as asking a charger to stop."""
        steady = {self.town.metering, self._serving, asyncio.current_task()}
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                busy = {task for task in asyncio.all_tasks() if task not in steady and not task.done()}
                if not busy:
                    return
                await asyncio.wait(busy, timeout=1)

    # People

    async def ask(self, ticket: str, connector: int) -> str | None:
        """A vehicle is checked in and its start asked for: the one-time idTag, or None when that was refused."""
        house, clock = self.town.house, self.town.clock
        clock.present += _BLINK
        if ticket not in self.stay_ids:
            stay = await house.stays.check_in(
                self.viewer,
                CheckIn(
                    garage_id=self.garage_id,
                    ticket_number=None,
                    kind=StayKind.TRANSIENT,
                    vehicle=Vehicle(license_plate=ticket, plate_state="NY"),
                    charging_note=None,
                    estimated_checkout_at=None,
                    ev_charge=True,
                    channel=Channel.POS,
                ),
            )
            self.stay_ids[ticket] = stay.stay.id
        request = await RequestRow.get(stay_id=self.stay_ids[ticket])
        port = await PortRow.get(charge_point_id=self.id, connector_id=connector)
        session = await self._attempt(
            house.charging.start(self.viewer, StartCharging(request_id=request.id, port_id=port.id))
        )
        if session is None:
            return None
        self.session_ids[session.id_tag] = session.id
        self.requests.append(record.Request(clock.now(), connector, session.id_tag, ticket))
        return str(session.id_tag)

    async def stop_charging(self, tag: str) -> None:
        self.town.clock.present += _BLINK
        self.stops_asked.append(record.StopAsked(self.town.clock.now(), tag))
        await self._attempt(self.town.house.charging.stop(self.viewer, self.session_ids[tag]))

    async def check_out(self, ticket: str) -> None:
        self.town.clock.present += _BLINK
        self.check_outs.append(record.CheckOut(self.town.clock.now(), ticket))
        leaving = CheckOut(stay_id=self.stay_ids[ticket], stop_charging=True)
        await self._attempt(self.town.house.stays.check_out(self.viewer, leaving))

    async def _attempt(self, asked: Coroutine[Any, Any, Any]) -> Any:
        """What was asked, or None: people are refused things every day."""
        try:
            return await asked
        except Refusal as refusal:
            self.refusals.append(f"{refusal.code.value}: {refusal.message}")
            return None
        finally:
            await self.settled()

    # Time, and what came of it

    async def at(self, moment: datetime) -> None:
        """Turns the clock, forward only, and lets the server look at what time alone tells."""
        if moment > self.town.clock.present:
            self.town.clock.present = moment
            await self.town.house.upkeep.look()
            await self.settled()

    def record(self) -> record.Record:
        return record.Record(
            frames=tuple(self.frames),
            until=self.town.clock.now(),
            power_w=dict.fromkeys(range(1, self.connectors + 1), POWER_W),
            connections=tuple(self.connections),
            requests=tuple(self.requests),
            rates=tuple(self.rates),
            stops_asked=tuple(self.stops_asked),
            check_outs=tuple(self.check_outs),
        )

    async def sessions(self) -> list[ChargingSession]:
        """Those that began."""
        rows = await SessionRow.filter(charge_point_id=self.id).order_by("id")
        return [row.value() for row in rows if row.started_at is not None]

    async def owed(self) -> dict[str, int]:
        """What the line items of each ticket come to, in cents."""
        owed = {}
        for ticket, stay_id in self.stay_ids.items():
            items = await LineItemRow.filter(stay_id=stay_id)
            owed[ticket] = sum(item.amount_cents for item in items)
        return owed

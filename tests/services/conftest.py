"""The house on a real database; hand-written fakes for the two edges that are not ours: the charger and the clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from evgraph.bus import EventBus
from evgraph.domain.charging_request import ChargingRequest
from evgraph.domain.charging_session import ChargingSession, StopReason
from evgraph.domain.energy import Reading
from evgraph.domain.people import Role, Viewer
from evgraph.domain.port import PortStatus, StatusReport
from evgraph.domain.rate import RateKind
from evgraph.domain.stay import Channel, Stay, StayKind, Vehicle
from evgraph.domain.transactions import AuthorizationStatus, StartAnswer, TransactionStart, TransactionStop
from evgraph.models import ChargePointRow, GarageRow, LineItemRow, PortRow, RequestRow, SessionRow, database
from evgraph.services.charging import StartCharging
from evgraph.services.house import Services, open_house
from evgraph.services.stays import CheckIn
from tests.fakes import AnsweringChargers

from .station import Station
from .story import Story

# Its energy may come in no time at all: M5 has tests of its own, with chargers as slow as real ones.
UNHURRIED = 1_000_000


class TurnedClock:
    """A clock that a test turns by hand."""

    def __init__(self) -> None:
        self.present = datetime(2026, 11, 22, 8, 48, tzinfo=UTC)

    def now(self) -> datetime:
        return self.present

    def turn(self, **by: float) -> None:
        self.present += timedelta(**by)


@dataclass
class ObedientChargers(AnsweringChargers):
    """Answers what it was told to answer; keeps what it was asked."""

    answer: Exception | None = None
    gate: asyncio.Event | None = None
    seen_at: datetime | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    started: list[tuple[str, int, str]] = field(default_factory=list)
    stopped: list[int] = field(default_factory=list)

    async def remote_start(self, identity: str, *, connector_id: int, id_tag: str) -> None:
        self.started.append((identity, connector_id, id_tag))
        self.asked.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.answer is not None:
            raise self.answer

    async def remote_stop(self, identity: str, *, transaction_id: int) -> None:
        self.stopped.append(transaction_id)
        self.asked.set()
        if self.answer is not None:
            raise self.answer

    async def trigger_status(self, identity: str, *, connector_id: int | None) -> None:
        pass

    def last_seen(self, identity: str) -> datetime | None:
        return self.seen_at


@dataclass
class Garage:
    """A garage with two charge points, a port each, and the people who work there."""

    id: int
    house: Services
    clock: TurnedClock
    chargers: ObedientChargers
    operator: Viewer
    stranger: Viewer
    charge_point_id: int
    other_charge_point_id: int
    port_id: int
    other_port_id: int

    async def set_rate(self, kind: RateKind = RateKind.PER_KWH, cents: str = "25") -> None:
        await self.house.rates.set(self.operator, self.id, kind, Decimal(cents))

    async def check_in(self, plate: str = "JVR 8810", *, ev_charge: bool = True, **more: object) -> Stay:
        return (
            await self.house.stays.check_in(self.operator, self.a_check_in(plate, ev_charge=ev_charge, **more))
        ).stay

    def a_check_in(self, plate: str = "JVR 8810", **more: object) -> CheckIn:
        fields: dict[str, object] = {
            "garage_id": self.id,
            "ticket_number": None,
            "kind": StayKind.TRANSIENT,
            "vehicle": Vehicle(license_plate=plate, plate_state="NY"),
            "charging_note": None,
            "estimated_checkout_at": None,
            "ev_charge": True,
            "channel": Channel.POS,
        }
        return CheckIn(**(fields | more))  # type: ignore[arg-type]

    async def request_of(self, stay: Stay) -> ChargingRequest:
        return (await RequestRow.filter(stay_id=stay.id).order_by("-id").get()).value()

    async def session(self, session_id: int) -> ChargingSession:
        return (await SessionRow.get(id=session_id)).value()

    async def start(self, stay: Stay, port_id: int | None = None, key: str | None = None) -> ChargingSession:
        request = await self.request_of(stay)
        return await self.house.charging.start(
            self.operator,
            StartCharging(request_id=request.id, port_id=port_id or self.port_id, idempotency_key=key),
        )

    async def begin(
        self,
        session: ChargingSession | str,
        *,
        meter: int = 1000,
        at: datetime | None = None,
        reported_at: str = "2026-11-22T08:48:00Z",
    ) -> StartAnswer:
        """The charger's StartTransaction; `at` is its stamp, where it is not of this moment."""
        id_tag = session if isinstance(session, str) else session.id_tag
        return await self.house.transactions.transaction_started(
            self.charge_point_id,
            TransactionStart(
                connector_id=1,
                id_tag=id_tag,
                meter_start_wh=meter,
                at=at or self.clock.now(),
                reported_at=reported_at,
                clock_replaced=False,
            ),
        )

    async def meter(self, transaction_id: int | None, register: int, *, connector: int = 1) -> None:
        await self.house.metering.record(
            self.charge_point_id,
            connector_id=connector,
            transaction_id=transaction_id,
            readings=[Reading(at=self.clock.now(), register_wh=register, power_w=9800)],
            raw="[a frame]",
        )

    async def end(
        self,
        transaction_id: int | None,
        *,
        meter: int | None,
        id_tag: str | None = None,
        reason: StopReason = StopReason.EV_DISCONNECTED,
        at: datetime | None = None,
        clock_replaced: bool = False,
    ) -> AuthorizationStatus | None:
        """The charger's StopTransaction."""
        return await self.house.transactions.transaction_stopped(
            self.charge_point_id,
            TransactionStop(
                transaction_id=transaction_id,
                id_tag=id_tag,
                meter_stop_wh=meter,
                at=at or self.clock.now(),
                reason=reason,
                readings=(),
                clock_replaced=clock_replaced,
                raw="[a frame]",
            ),
        )

    async def report(self, status: PortStatus, *, info: str | None = None, error: str | None = None) -> None:
        await self.house.charge_points.report_status(
            self.charge_point_id,
            StatusReport(connector_id=1, status=status, error_code=error, info=info, at=self.clock.now()),
        )

    async def charge(self, stay: Stay, *, wh: int = 17_234, minutes: float = 90) -> ChargingSession:
        """A whole session, from the tap to the unplugging."""
        session = await self.start(stay)
        answer = await self.begin(session)
        self.clock.turn(minutes=minutes)
        await self.end(answer.transaction_id, meter=1000 + wh)
        return await self.session(session.id)

    async def line_items(self, stay: Stay) -> list[LineItemRow]:
        return await LineItemRow.filter(stay_id=stay.id).order_by("id")


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def chargers() -> ObedientChargers:
    return ObedientChargers()


@pytest.fixture
def simulated_speed() -> int:
    return UNHURRIED


@pytest.fixture
async def house(
    database_url: str, clock: TurnedClock, chargers: ObedientChargers, simulated_speed: int
) -> AsyncIterator[Services]:
    await database.open_database(database_url)
    services = open_house(
        bus=EventBus(), clock=clock, gateway=chargers, stop_wait_s=0.3, simulated_speed=simulated_speed
    )
    metering = asyncio.create_task(services.metering.run())
    try:
        yield services
    finally:
        await services.close()
        metering.cancel()
        with suppress(asyncio.CancelledError):
            await metering
        await database.close_database()


@pytest.fixture
async def garage(house: Services, clock: TurnedClock, chargers: ObedientChargers) -> Garage:
    made = await house.registration.add_garage(
        organization="Midtown Parking", location_id="NYC-034", name="34th Street"
    )
    for identity in ("AX48-1", "AX48-2"):
        await house.registration.add_charge_point(garage_id=made.id, identity=identity)
    first, second = await ChargePointRow.all().order_by("id")
    for row in (first, second):
        await house.charge_points.connected(row.id)
        await house.charge_points.report_status(
            row.id,
            StatusReport(connector_id=1, status=PortStatus.AVAILABLE, error_code=None, info=None, at=clock.now()),
        )
    ports = await PortRow.all().order_by("id")
    owner = await GarageRow.get(id=made.id)

    def viewer(id_: int, roles: dict[int, Role]) -> Viewer:
        return Viewer(
            id=id_,
            organization_id=owner.organization_id,
            organization="Midtown Parking",
            name="Olivia",
            email=None,
            roles=roles,
        )

    return Garage(
        id=made.id,
        house=house,
        clock=clock,
        chargers=chargers,
        operator=viewer(1, {made.id: Role.OPERATOR}),
        stranger=viewer(2, {}),
        charge_point_id=first.id,
        other_charge_point_id=second.id,
        port_id=ports[0].id,
        other_port_id=ports[1].id,
    )


@pytest.fixture
async def station(garage: Garage) -> AsyncIterator[Station]:
    """The first charge point, not connected yet."""
    station = Station(garage)
    yield station
    await station.hang_up()


@pytest.fixture
async def two(garage: Garage) -> AsyncIterator[Station]:
    """One with two connectors, connected."""
    station = Station(garage, connectors=2)
    await station.connect()
    yield station
    await station.hang_up()


@pytest.fixture
async def story(garage: Garage) -> AsyncIterator[Story]:
    """One that ends with its bills derived again from its frames, and the same (C10)."""
    story = Story(garage, Station(garage))
    await story.station.connect()
    yield story
    await story.agrees()
    await story.station.hang_up()

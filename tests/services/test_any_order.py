"""X2: Start, MeterValues, Stop and Status of one session, doubled, late, in any order, split by reconnects, boots and
restarts of the house: one session, one bill, the right Wh."""

import asyncio
import itertools
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evgraph.bus import EventBus
from evgraph.domain.charge_point import BootReport
from evgraph.domain.charging_request import RequestStatus
from evgraph.domain.charging_session import SessionFlag, SessionStatus, StopReason
from evgraph.domain.energy import Reading
from evgraph.domain.people import Role, Viewer
from evgraph.domain.port import PortStatus, StatusReport
from evgraph.domain.rate import RateKind
from evgraph.domain.stay import Channel, StayKind, Vehicle
from evgraph.domain.transactions import TransactionStart
from evgraph.models import GarageRow, LineItemRow, PortRow, QuarantinedMessageRow, RequestRow, SessionRow, database
from evgraph.ocpp.translate import iso
from evgraph.services.charging import StartCharging
from evgraph.services.house import Services, open_house
from evgraph.services.stays import CheckIn
from tests.conftest import POSTGRES

from .conftest import ObedientChargers, TurnedClock

METER_START = 12_345
RATE_CENTS = 25


@dataclass(frozen=True)
class Message:
    """What a charger has to tell. `minute`: of the charge that it tells of; `wh`: counted by then."""

    kind: str
    minute: int = 0
    wh: int = 0
    status: PortStatus = PortStatus.AVAILABLE


@dataclass(frozen=True)
class Telling:
    """One time that a message is told. `names_it`: by the transactionId, once its charger knows it; else `instead`."""

    message: Message
    names_it: bool
    instead: int | None
    tells_tag: bool


@dataclass(frozen=True)
class Between:
    """What happens between two messages; `seconds` pass."""

    what: str
    seconds: int


@st.composite
def charges(draw: st.DrawFn) -> list[Message]:
    """A whole charge of some minutes on an AX48, as it was; the first message is its start, the last its stop."""
    minutes = draw(st.lists(st.integers(2, 55), max_size=4, unique=True).map(sorted))
    steps = draw(st.lists(st.integers(0, 190), min_size=len(minutes) + 1, max_size=len(minutes) + 1))
    told, wh, before = [Message("start")], 0, 0
    for minute, step in zip([*minutes, 60], steps, strict=True):
        wh += step * (minute - before)
        before = minute
        told.append(Message("reading" if minute < 60 else "stop", minute, wh))
    statuses = [
        Message("status", minute=minute, status=status)
        for minute, status in [
            (0, PortStatus.PREPARING),
            (1, PortStatus.CHARGING),
            (58, PortStatus.SUSPENDED_EV),
            (60, PortStatus.FINISHING),
            (61, PortStatus.AVAILABLE),
        ]
        if draw(st.booleans())
    ]
    return [told[0], *statuses, *told[1:]]


@st.composite
def stories(draw: st.DrawFn) -> list[Telling | Between]:
    """The charge as the house hears of it: each message at least once, in any order."""
    messages = draw(charges())
    copies = draw(st.lists(st.sampled_from(messages), max_size=4))
    order = draw(st.permutations([*messages, *copies]))
    story: list[Telling | Between] = []
    has_begun = False
    for message in order:
        if draw(st.integers(0, 3)) == 0:
            what = draw(st.sampled_from(["reconnect", "boot", "restart", "look", "offline", "wait"]))
            story.append(Between(what, draw(st.sampled_from([0, 1, 40, 200, 400]))))
        story.append(
            Telling(
                message,
                names_it=draw(st.booleans()),
                instead=draw(st.sampled_from([-1, 0, None, 2**31 - 1])),
                # A stop without an idTag ends nothing that begins after it.
                tells_tag=not has_begun or draw(st.booleans()),
            )
        )
        has_begun = has_begun or message.kind == "start"
    return story


@dataclass(repr=False)
class Town:
    """One database for all stories, each at a charge point of its own."""

    clock: TurnedClock
    chargers: ObedientChargers
    url: str
    house: Services
    garage_id: int = 0
    viewer: Viewer | None = None
    metering: "asyncio.Task[None] | None" = None
    number: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def open(self) -> None:
        """As real chargers are slow, M5 has its say."""
        self.house = open_house(bus=EventBus(), clock=self.clock, gateway=self.chargers)
        self.metering = asyncio.create_task(self.house.metering.run())

    async def close(self) -> None:
        assert self.metering is not None
        self.metering.cancel()
        with suppress(asyncio.CancelledError):
            await self.metering
        await self.house.close()

    async def restart(self) -> None:
        await self.close()
        self.open()
        await self.house.charge_points.forget_connections()


@dataclass
class Told:
    """A charge that is being told: where, and what the charger knows."""

    town: Town
    charge_point_id: int
    identity: str
    port_id: int
    id_tag: str
    session_id: int
    began_at: datetime
    transaction_id: int | None = None
    known: set[int] = field(default_factory=set)

    def at(self, minute: float) -> datetime:
        return self.began_at + timedelta(minutes=minute)

    async def tell(self, telling: Telling) -> None:
        message, at = telling.message, self.at(telling.message.minute)
        match message.kind:
            case "start":
                await self._start(at)
            case "reading":
                reading = Reading(at=at, register_wh=METER_START + message.wh, power_w=9000)
                await self.town.house.metering.record(
                    self.charge_point_id,
                    connector_id=1,
                    transaction_id=self._named(telling),
                    readings=[reading],
                    raw="[a frame]",
                )
            case "stop":
                await self._stop(telling, at)
            case _:
                report = StatusReport(connector_id=1, status=message.status, error_code=None, info=None, at=at)
                await self.town.house.charge_points.report_status(self.charge_point_id, report)

    def _named(self, telling: Telling) -> int | None:
        return self.transaction_id if telling.names_it and self.transaction_id else telling.instead

    async def _start(self, at: datetime) -> None:
        start = TransactionStart(
            connector_id=1,
            id_tag=self.id_tag,
            meter_start_wh=METER_START,
            at=at,
            reported_at=iso(at),
            clock_replaced=False,
        )
        answer = await self.town.house.transactions.transaction_started(self.charge_point_id, start)
        self.transaction_id = answer.transaction_id
        self.known.add(answer.transaction_id)

    async def _stop(self, telling: Telling, at: datetime) -> None:
        payload = {
            "meterStop": METER_START + telling.message.wh,
            "timestamp": iso(at),
            "reason": StopReason.EV_DISCONNECTED,
            "transactionId": self._named(telling),
        }
        if telling.tells_tag:
            payload["idTag"] = self.id_tag
        frame = json.dumps([2, "1", "StopTransaction", payload])
        stop = self.town.chargers.read_stop(frame, self.town.clock.now())
        assert stop is not None
        await self.town.house.transactions.transaction_stopped(self.charge_point_id, stop)

    async def meanwhile(self, between: Between) -> None:
        self.town.clock.turn(seconds=between.seconds)
        points = self.town.house.charge_points
        match between.what:
            case "reconnect":
                await points.disconnected(self.charge_point_id)
                await points.connected(self.charge_point_id)
            case "boot":
                report = BootReport(vendor="Phihong", model="AX48", serial_number=None, firmware_version=None)
                await points.boot(self.charge_point_id, report)
            case "offline":
                await points.disconnected(self.charge_point_id)
            case "restart":
                await self.town.restart()
            case "look":
                await self.town.house.upkeep.look()


@pytest.fixture
def town(database_url: str) -> Iterator[tuple[Town, Callable[[Coroutine[Any, Any, None]], None]]]:
    """And what runs in it."""
    with asyncio.Runner() as runner:
        made = runner.run(_found(database_url))
        try:
            yield made, runner.run
        finally:
            runner.run(_end(made))


async def _found(url: str) -> Town:
    await database.open_database(url)
    clock, chargers = TurnedClock(), ObedientChargers()
    town = Town(clock, chargers, url, open_house(bus=EventBus(), clock=clock, gateway=chargers))
    town.open()
    garage = await town.house.registration.add_garage(
        organization="Midtown Parking", location_id="NYC-034", name="34th Street"
    )
    owner = (await GarageRow.get(id=garage.id)).organization_id
    town.garage_id = garage.id
    town.viewer = Viewer(
        id=1,
        organization_id=owner,
        organization="Midtown Parking",
        name="Olivia",
        email=None,
        roles={garage.id: Role.OPERATOR},
    )
    await town.house.rates.set(town.viewer, garage.id, RateKind.PER_KWH, Decimal(RATE_CENTS))
    return town


async def _end(town: Town) -> None:
    await town.close()
    await database.close_database()


async def asked_for(town: Town) -> Told:
    """A vehicle's start, accepted by its charger; an hour of charging lies ahead."""
    assert town.viewer is not None
    number = next(town.number)
    made, _ = await town.house.registration.add_charge_point(
        garage_id=town.garage_id, identity=f"AX48-{number}", open_to_all=True
    )
    await town.house.charge_points.connected(made.id)
    port = await PortRow.get(charge_point_id=made.id)
    report = StatusReport(connector_id=1, status=PortStatus.AVAILABLE, error_code=None, info=None, at=town.clock.now())
    await town.house.charge_points.report_status(made.id, report)
    stay = (
        await town.house.stays.check_in(
            town.viewer,
            CheckIn(
                garage_id=town.garage_id,
                ticket_number=None,
                kind=StayKind.TRANSIENT,
                vehicle=Vehicle(license_plate=f"EV {number}", plate_state="NY"),
                charging_note=None,
                estimated_checkout_at=None,
                ev_charge=True,
                channel=Channel.POS,
            ),
        )
    ).stay
    request = await RequestRow.get(stay_id=stay.id)
    session = await town.house.charging.start(town.viewer, StartCharging(request_id=request.id, port_id=port.id))
    town.clock.turn(minutes=1)
    began_at = town.clock.now()
    return Told(town, made.id, made.identity, port.id, session.id_tag, session.id, began_at)


async def _one_session_and_one_bill(town: Town, story: list[Telling | Between]) -> None:
    told = await asked_for(town)
    # By now all of it has happened; how late the house hears of it, and in which order, is the story's.
    town.clock.turn(minutes=62)
    for event in story:
        if isinstance(event, Between):
            await told.meanwhile(event)
        else:
            await told.tell(event)
    await town.house.charge_points.connected(told.charge_point_id)
    town.clock.turn(minutes=6)
    await town.house.upkeep.look()
    delivered_wh = max(event.message.wh for event in story if isinstance(event, Telling))

    (row,) = await SessionRow.filter(charge_point_id=told.charge_point_id)
    session = row.value()
    assert (session.id, session.status) == (told.session_id, SessionStatus.ENDED)
    assert told.known == {told.session_id}
    assert session.energy_wh == delivered_wh
    assert (session.started_at, session.ended_at) == (told.at(0), told.at(60))
    assert session.flags <= {SessionFlag.METER_LEAP}
    items = await LineItemRow.filter(session_id=session.id).order_by("sequence")
    owed = Decimal(delivered_wh) / 1000 if delivered_wh >= 10 else Decimal(0)
    assert sum((item.quantity for item in items), Decimal(0)) == owed
    assert len([item for item in items if not item.is_correction]) <= 1
    assert (await RequestRow.get(id=session.request_id)).status is RequestStatus.CHARGED
    stops = await QuarantinedMessageRow.filter(
        charge_point_id=told.charge_point_id, action="StopTransaction", resolved_at__isnull=True
    )
    assert stops == []


Run = Callable[[Coroutine[Any, Any, None]], None]


@settings(
    max_examples=40 if POSTGRES else 100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories())
@pytest.mark.slow
def test_x2_one_session_one_bill_and_the_right_wh_in_any_order(
    town: tuple[Town, Run], story: list[Telling | Between]
) -> None:
    garage, run = town
    run(_one_session_and_one_bill(garage, story))

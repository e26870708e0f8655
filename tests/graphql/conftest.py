"""The graph on a real house and database, asked over HTTP and over real sockets."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn
import websockets

from evgraph.bus import EventBus
from evgraph.domain.charging_session import StopReason
from evgraph.domain.energy import Reading
from evgraph.domain.people import Role
from evgraph.domain.port import PortStatus, StatusReport
from evgraph.domain.transactions import TransactionStart, TransactionStop
from evgraph.graph import GraphApp, create_graphql_app
from evgraph.models import ChargePointRow, SessionRow, database
from evgraph.schema.global_ids import encode, key_of
from evgraph.services.house import Services, open_house
from tests.fakes import AnsweringChargers
from tests.patience import PATIENCE_S

PASSWORD = "correct horse battery"
Json = dict[str, Any]


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
    seen_at: datetime | Exception | None = None
    asked: list[str] = field(default_factory=list)

    async def remote_start(self, identity: str, *, connector_id: int, id_tag: str) -> None:
        self.asked.append(f"start {identity} {connector_id}")
        if self.answer is not None:
            raise self.answer

    async def remote_stop(self, identity: str, *, transaction_id: int) -> None:
        self.asked.append(f"stop {identity}")
        if self.answer is not None:
            raise self.answer

    async def trigger_status(self, identity: str, *, connector_id: int | None) -> None:
        pass

    def last_seen(self, identity: str) -> datetime | None:
        if isinstance(self.seen_at, Exception):
            raise self.seen_at
        return self.seen_at


@dataclass
class Api:
    """A client of the graph, signed in by its token or by its cookie jar."""

    http: httpx.AsyncClient
    token: str | None = None

    async def ask(self, document: str, **variables: Any) -> Json:
        """The whole answer, with its errors."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        body = {"query": document, "variables": variables}
        answer = await self.http.post("/graphql", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    async def data(self, document: str, **variables: Any) -> Json:
        """What was asked for; there must be no top-level error."""
        answer = await self.ask(document, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]  # type: ignore[no-any-return]

    async def do(self, mutation: str, payload: str, **given: Any) -> Json:
        """One mutation's payload: do("checkIn", "stay { id }", garageId=...)."""
        name = mutation[0].upper() + mutation[1:]
        document = (
            f"mutation Do($input: {name}Input!) "
            f"{{ {mutation}(input: $input) {{ {payload} errors {{ code message field }} }} }}"
        )
        return (await self.data(document, input=given))[mutation]  # type: ignore[no-any-return]


@dataclass
class Garage:
    """A garage with one charge point of two connectors, and what its charger says."""

    key: int
    house: Services
    clock: TurnedClock
    charge_point_key: int
    port_keys: list[int]

    @property
    def id(self) -> str:
        return encode("Garage", self.key)

    @property
    def ports(self) -> list[str]:
        return [encode("Port", key) for key in self.port_keys]

    async def report(self, status: PortStatus, connector: int = 1) -> None:
        report = StatusReport(connector_id=connector, status=status, error_code=None, info=None, at=self.clock.now())
        await self.house.charge_points.report_status(self.charge_point_key, report)

    async def begin(self, session_id: str, connector: int = 1, meter: int = 1000) -> int:
        """The charger's StartTransaction."""
        session = await SessionRow.get(id=key_of("ChargingSession", session_id))
        start = TransactionStart(
            connector_id=connector,
            id_tag=session.id_tag,
            meter_start_wh=meter,
            at=self.clock.now(),
            reported_at=self.clock.now().isoformat(),
            clock_replaced=False,
        )
        answer = await self.house.transactions.transaction_started(self.charge_point_key, start)
        return answer.transaction_id

    async def meter(self, transaction_id: int, register: int, connector: int = 1) -> None:
        await self.house.metering.record(
            self.charge_point_key,
            connector_id=connector,
            transaction_id=transaction_id,
            readings=[Reading(at=self.clock.now(), register_wh=register, power_w=9800)],
            raw="[a frame]",
        )

    async def end(self, transaction_id: int, meter: int) -> None:
        """The charger's StopTransaction."""
        stop = TransactionStop(
            transaction_id=transaction_id,
            id_tag=None,
            meter_stop_wh=meter,
            at=self.clock.now(),
            reason=StopReason.EV_DISCONNECTED,
            readings=(),
            clock_replaced=False,
            raw="[a frame]",
        )
        await self.house.transactions.transaction_stopped(self.charge_point_key, stop)


@dataclass
class World:
    """Midtown Parking with its garage, and a garage of strangers."""

    house: Services
    clock: TurnedClock
    chargers: ObedientChargers
    graph: GraphApp
    garage: Garage
    elsewhere: Garage
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def nobody(self, base: str = "http://garage.test") -> Api:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.graph), base_url=base)
        self.clients.append(client)
        return Api(client)

    async def sign_in(self, role: Role, garage: Garage | None = None) -> Api:
        """A new person of that role, signed in by a token."""
        where = garage or self.garage
        email = f"{role.value.lower()}.{where.key}@example.com"
        await self.house.registration.add_person(
            garage_ids=[where.key], email=email, name=role.value.title(), password=PASSWORD, role=role
        )
        signed_in = await self.house.people.sign_in(email, PASSWORD, remote="test")
        api = self.nobody()
        api.token = signed_in.token
        return api

    async def check_in(self, api: Api, plate: str = "JVR 8810", **more: Any) -> Json:
        given: Json = {
            "garageId": self.garage.id,
            "kind": "TRANSIENT",
            "vehicle": {"licensePlate": plate},
            "evCharge": True,
        }
        payload = await api.do("checkIn", "stay { id ticketNumber } request { id }", **(given | more))
        assert payload["errors"] == []
        return payload

    async def start(self, api: Api, request_id: str, port: int = 0) -> str:
        """The session that waits for its vehicle."""
        port_id = self.garage.ports[port]
        payload = await api.do("startCharging", "session { id status }", requestId=request_id, portId=port_id)
        assert payload["errors"] == []
        return payload["session"]["id"]  # type: ignore[no-any-return]

    async def charge(self, api: Api, plate: str = "JVR 8810", wh: int = 17_234) -> Json:
        """A whole session, from the check-in to the unplugging."""
        checked_in = await self.check_in(api, plate)
        session_id = await self.start(api, checked_in["request"]["id"])
        transaction = await self.garage.begin(session_id)
        self.clock.turn(minutes=62.5)
        await self.garage.end(transaction, 1000 + wh)
        return checked_in | {"session": {"id": session_id}}


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def chargers() -> ObedientChargers:
    return ObedientChargers()


@pytest.fixture
async def house(database_url: str, clock: TurnedClock, chargers: ObedientChargers) -> AsyncIterator[Services]:
    await database.open_database(database_url)
    services = open_house(bus=EventBus(), clock=clock, gateway=chargers, stop_wait_s=0.3, simulated_speed=1_000_000)
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
async def world(house: Services, clock: TurnedClock, chargers: ObedientChargers) -> AsyncIterator[World]:
    made = World(
        house=house,
        clock=clock,
        chargers=chargers,
        graph=create_graphql_app(house),
        garage=await _garage(house, clock, "Midtown Parking", "NYC-034", "34th Street"),
        elsewhere=await _garage(house, clock, "Uptown Parking", "NYC-125", "125th Street"),
    )
    yield made
    for client in made.clients:
        await client.aclose()


async def _garage(house: Services, clock: TurnedClock, organization: str, location_id: str, name: str) -> Garage:
    garage = await house.registration.add_garage(organization=organization, location_id=location_id, name=name)
    await house.registration.add_charge_point(garage_id=garage.id, identity=f"AX48-{location_id}", connectors=2)
    charge_point = await ChargePointRow.get(garage_id=garage.id)
    await house.charge_points.connected(charge_point.id)
    board = await house.boards.read(garage.id)
    made = Garage(
        key=garage.id,
        house=house,
        clock=clock,
        charge_point_key=charge_point.id,
        port_keys=[view.port.id for view in board.ports],
    )
    for connector in (1, 2):
        await made.report(PortStatus.AVAILABLE, connector)
    return made


class Socket:
    """A graphql-transport-ws client, by hand."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def receive(self) -> Json:
        return json.loads(await asyncio.wait_for(self.connection.recv(), PATIENCE_S))  # type: ignore[no-any-return]

    async def subscribe(self, document: str, id_: str = "1", **variables: Any) -> None:
        await self.send(type="subscribe", id=id_, payload={"query": document, "variables": variables})

    async def next(self) -> Json:
        """The data of the next event; it must hold no error."""
        message = await self.receive()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]  # type: ignore[no-any-return]


Connect = Callable[..., Any]


@asynccontextmanager
async def serving(graph: GraphApp, ws: Any, *, send_buffer: int = 0) -> AsyncIterator[str]:
    """The graph on a port of its own, by this WebSocket protocol: HOST:PORT. `send_buffer`: what the kernel takes for
    each socket."""
    listening = socket.create_server(("127.0.0.1", 0))
    if send_buffer:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    port = listening.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(graph, ws=ws, lifespan="off", log_config=None))
    task = asyncio.create_task(server.serve([listening]))
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task
        await graph.sharing.close()


@pytest.fixture
async def served(world: World) -> AsyncIterator[str]:
    async with serving(world.graph, "websockets-sansio") as address:
        yield address


@pytest.fixture
def connect(served: str) -> Connect:
    """connect(token) opens a socket and says who is there."""

    @asynccontextmanager
    async def open_socket(token: str | None = None, *, greet: bool = True, **more: Any) -> AsyncIterator[Socket]:
        address = f"ws://{served}/graphql"
        async with websockets.connect(address, subprotocols=["graphql-transport-ws"], **more) as connection:  # type: ignore[list-item]
            client = Socket(connection)
            if greet:
                await client.send(type="connection_init", payload={"authToken": token} if token else {})
                assert (await client.receive())["type"] == "connection_ack"
            yield client

    return open_socket

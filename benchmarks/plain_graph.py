"""The plain way to a graph: Strawberry over Tortoise rows, each subscriber with a queue and an execution of its own.

`EVGRAPH_BENCHMARK_LOADS`: `prefetch` or `loaders`, how the rows below a garage come. `EVGRAPH_BENCHMARK_BOARD`: a file
with the board that EVGraph answered. A line on standard input is an energy update of so many Wh.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import Enum

import strawberry
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from tortoise import Tortoise

from benchmarks.feed import each_line
from benchmarks.plain_board import BOARD, GarageRow, PortRow, RequestRow, SessionRow, open_board

LOADS = "EVGRAPH_BENCHMARK_LOADS"
_IS_PREFETCHED = os.environ.get(LOADS, "prefetch") == "prefetch"


@strawberry.enum
class PortStatus(Enum):
    AVAILABLE = "AVAILABLE"
    PREPARING = "PREPARING"
    CHARGING = "CHARGING"
    FINISHING = "FINISHING"
    FAULTED = "FAULTED"


@strawberry.enum
class RequestStatus(Enum):
    NEEDS_CHARGING = "NEEDS_CHARGING"
    STARTING = "STARTING"
    CHARGING = "CHARGING"
    CHARGED = "CHARGED"


@strawberry.type
class Port:
    id: strawberry.ID
    name: str
    status: PortStatus

    @classmethod
    def of(cls, row: PortRow) -> "Port":
        return cls(id=strawberry.ID(row.id), name=row.name, status=PortStatus(row.status))


@strawberry.type
class ChargingSession:
    row: strawberry.Private[SessionRow]
    energy_kwh: float

    @strawberry.field
    async def port(self, info: strawberry.Info) -> Port:
        return Port.of(self.row.port if _IS_PREFETCHED else await info.context["ports"].load(self.row.port_id))


@strawberry.type
class Vehicle:
    license_plate: str


@strawberry.type
class Stay:
    vehicle: Vehicle


@strawberry.type
class ChargingRequest:
    row: strawberry.Private[RequestRow]
    id: strawberry.ID
    status: RequestStatus

    @strawberry.field
    def stay(self) -> Stay:
        return Stay(vehicle=Vehicle(license_plate=self.row.license_plate))

    @strawberry.field
    async def session(self, info: strawberry.Info) -> ChargingSession | None:
        row = self.row.session if _IS_PREFETCHED else await info.context["sessions"].load(self.row.id)
        return ChargingSession(row=row, energy_kwh=row.energy_kwh) if row is not None else None


@strawberry.type
class Board:
    garage: strawberry.Private[GarageRow]
    revision: int

    @strawberry.field
    async def ports(self, info: strawberry.Info) -> list[Port]:
        rows = self.garage.ports if _IS_PREFETCHED else await info.context["ports_of_garage"].load(self.garage.id)
        return [Port.of(row) for row in rows]

    @strawberry.field
    async def needs_charging(self, info: strawberry.Info) -> list[ChargingRequest]:
        return await self._requests(info, RequestStatus.NEEDS_CHARGING)

    @strawberry.field
    async def charging(self, info: strawberry.Info) -> list[ChargingRequest]:
        return await self._requests(info, RequestStatus.CHARGING)

    @strawberry.field
    async def charged(self, info: strawberry.Info) -> list[ChargingRequest]:
        return await self._requests(info, RequestStatus.CHARGED)

    async def _requests(self, info: strawberry.Info, status: RequestStatus) -> list[ChargingRequest]:
        loader = info.context["requests_of_garage"]
        rows = self.garage.requests if _IS_PREFETCHED else await loader.load(self.garage.id)
        return [
            ChargingRequest(row=row, id=strawberry.ID(row.id), status=status)
            for row in rows
            if row.status == status.value
        ]


@strawberry.type
class Garage:
    row: strawberry.Private[GarageRow]
    name: str

    @strawberry.field
    def board(self) -> Board:
        return Board(garage=self.row, revision=self.row.revision)


@strawberry.type
class Query:
    @strawberry.field
    async def garage(self, id: strawberry.ID | None = None) -> Garage | None:  # noqa: A002
        found = GarageRow.get(id=id)
        row = await (found.prefetch_related("ports", "requests__session__port") if _IS_PREFETCHED else found)
        return Garage(row=row, name=row.name)


@strawberry.type
class Money:
    cents: int
    formatted: str


@strawberry.type
class EnergyUpdate:
    session_id: strawberry.ID
    port_id: strawberry.ID
    request_id: strawberry.ID | None
    energy_wh: int
    energy_kwh: float
    power_kw: float | None
    cost: Money | None
    at: datetime


def update(energy_wh: int) -> EnergyUpdate:
    cents = energy_wh * 25 // 1000
    return EnergyUpdate(
        session_id=strawberry.ID("Q2hhcmdpbmdTZXNzaW9uOjE="),
        port_id=strawberry.ID("UG9ydDox"),
        request_id=None,
        energy_wh=energy_wh,
        energy_kwh=energy_wh / 1000,
        power_kw=9.84,
        cost=Money(cents=cents, formatted=f"${cents / 100:,.2f}"),
        at=datetime.now(UTC),
    )


_queues: set["asyncio.Queue[EnergyUpdate]"] = set()


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def energy_updated(self, garage_id: strawberry.ID) -> AsyncIterator[EnergyUpdate]:
        queue: asyncio.Queue[EnergyUpdate] = asyncio.Queue()
        _queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            _queues.discard(queue)


class View(GraphQL):
    async def get_context(self, request: object, response: Response | WebSocket) -> dict[str, object]:
        return {
            "ports": DataLoader(_ports),
            "ports_of_garage": DataLoader(_ports_of_garages),
            "requests_of_garage": DataLoader(_requests_of_garages),
            "sessions": DataLoader(_sessions_of_requests),
        }


async def _ports(ids: list[str]) -> list[PortRow | None]:
    found = await PortRow.in_bulk(ids, "id")
    return [found.get(id_) for id_ in ids]


async def _ports_of_garages(ids: list[str]) -> list[list[PortRow]]:
    rows = await PortRow.filter(garage_id__in=ids)
    return [[row for row in rows if row.garage_id == id_] for id_ in ids]


async def _requests_of_garages(ids: list[str]) -> list[list[RequestRow]]:
    rows = await RequestRow.filter(garage_id__in=ids)
    return [[row for row in rows if row.garage_id == id_] for id_ in ids]


async def _sessions_of_requests(ids: list[str]) -> list[SessionRow | None]:
    found = {row.request_id: row for row in await SessionRow.filter(request_id__in=ids)}
    return [found.get(id_) for id_ in ids]


async def _publish(line: str) -> None:
    news = update(int(line))
    for queue in _queues:
        queue.put_nowait(news)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    if os.environ.get(BOARD):
        await open_board(is_shared=True)
    async with each_line(_publish):
        yield
    await Tortoise.close_connections()


schema = strawberry.Schema(Query, subscription=Subscription)
view = View(schema, graphql_ide=None, subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL])
app = Starlette(routes=[Route("/graphql", view), WebSocketRoute("/graphql", view)], lifespan=lifespan)

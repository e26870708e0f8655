"""A real uvicorn and real WebSocket clients; only the services behind, and the clock, are fakes."""

import asyncio
import base64
import itertools
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from evgraph.bus import EventBus
from evgraph.domain.cards import IdTagInfo
from evgraph.domain.charge_point import Acceptance, BootReport, ChargePoint, JobKind
from evgraph.domain.charging_session import AuthorizationStatus
from evgraph.domain.energy import Reading
from evgraph.domain.port import StatusReport
from evgraph.domain.transactions import StartAnswer, TransactionStart, TransactionStop
from evgraph.ocpp.endpoint import create_endpoint
from evgraph.ocpp.gateway import Gateway
from evgraph.ocpp.registry import Registry
from evgraph.services.charge_points import Admission, AdmissionFailure, NotAdmitted
from evgraph.services.frames import FrameLog
from tests.patience import PATIENCE_S

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class StoppedClock:
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


@dataclass
class FakeServices:
    """Stands for all services that handlers call; keeps what it was told, in order.

    `keys`: identity to key, null for none. `failing`: what a method of that name raises.
    """

    keys: dict[str, bytes | None] = field(default_factory=lambda: {"CP1": None, "CP2": None})
    acceptance: Acceptance = Acceptance.ACCEPTED
    known_connectors: list[int] = field(default_factory=list)
    has_authority: bool = False
    was_never_configured: bool = False
    is_kept_configured: bool = False
    configured: list[int] = field(default_factory=list)
    told: list[tuple[str, Any]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    opened_connections: list[tuple[int, str, str | None, int]] = field(default_factory=list)
    closed_connections: list[tuple[int, int | None, str | None]] = field(default_factory=list)
    failing: dict[str, BaseException] = field(default_factory=dict)
    busy: dict[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    known_transactions: set[int] = field(default_factory=set)
    transaction_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1001))

    def all(self, name: str) -> list[Any]:
        return [what for kind, what in self.told if kind == name]

    async def _tell(self, name: str, what: Any) -> None:
        if name in self.busy:
            await self.busy[name]()
        if name in self.failing:
            raise self.failing[name]
        self.told.append((name, what))

    async def admit(
        self, identity: str, *, user: str | None, password: bytes | None, remote: str, **_: object
    ) -> Admission:
        if "admit" in self.failing:
            raise self.failing["admit"]
        if identity not in self.keys:
            self.refused.append((identity, remote))
            raise NotAdmitted(AdmissionFailure.UNKNOWN_IDENTITY)
        key = self.keys[identity]
        if key is not None and (user, password) != (identity, key):
            self.refused.append((identity, remote))
            raise NotAdmitted(AdmissionFailure.BAD_CREDENTIALS)
        charge_point = ChargePoint(
            id=list(self.keys).index(identity) + 1,
            garage_id=1,
            identity=identity,
            acceptance=self.acceptance,
            vendor=None,
            model=None,
            serial_number=None,
            firmware_version=None,
            is_online=False,
            last_seen_at=None,
            last_boot_at=None,
        )
        return Admission(charge_point=charge_point, security_profile=0 if key is None else 1)

    async def speaks_otherwise(self, identity: str, *, remote: str) -> None:
        if "speaks otherwise" in self.failing:
            raise self.failing["speaks otherwise"]
        self.refused.append((identity, remote))

    async def keep_refused(self, identity: str, *, remote: str, reason: str) -> None:
        self.refused.append((identity, remote))

    async def connected(self, charge_point_id: int) -> None:
        await self._tell("connected", charge_point_id)

    async def disconnected(self, charge_point_id: int) -> None:
        await self._tell("disconnected", charge_point_id)

    async def opened(self, charge_point_id: int, *, remote: str, subprotocol: str | None, security_profile: int) -> int:
        self.opened_connections.append((charge_point_id, remote, subprotocol, security_profile))
        return len(self.opened_connections)

    async def closed(self, connection_id: int, *, code: int | None, reason: str | None) -> None:
        self.closed_connections.append((connection_id, code, reason))

    async def boot(self, charge_point_id: int, report: BootReport) -> Acceptance:
        await self._tell("boot", report)
        return self.acceptance

    async def heartbeat(self, charge_point_id: int) -> None:
        await self._tell("heartbeat", charge_point_id)

    async def report_status(self, charge_point_id: int, report: StatusReport) -> None:
        await self._tell("status", report)

    async def quarantine(
        self, charge_point_id: int, *, action: str, raw: str, why: str, connector_id: int | None = None
    ) -> None:
        await self._tell("quarantine", (action, raw, why))

    async def connectors(self, charge_point_id: int) -> list[int]:
        if "connectors" in self.failing:
            raise self.failing["connectors"]
        return self.known_connectors

    async def is_due(self, charge_point_id: int) -> bool:
        return self.was_never_configured

    async def bring_local_list(self, charge_point_id: int, identity: str) -> None:
        pass

    async def configure(self, charge_point_id: int) -> bool:
        self.configured.append(charge_point_id)
        if "configure" in self.failing:
            raise self.failing["configure"]
        return self.is_kept_configured

    async def is_known(self, charge_point_id: int, transaction_id: int) -> bool:
        return transaction_id in self.known_transactions

    async def authorize(self, charge_point_id: int, id_tag: str) -> IdTagInfo:
        await self._tell("authorize", id_tag)
        return IdTagInfo(status=AuthorizationStatus.ACCEPTED)

    async def transaction_started(self, charge_point_id: int, start: TransactionStart) -> StartAnswer:
        await self._tell("start", start)
        return StartAnswer(transaction_id=next(self.transaction_ids), status=AuthorizationStatus.ACCEPTED)

    async def transaction_stopped(self, charge_point_id: int, stop: TransactionStop) -> AuthorizationStatus | None:
        await self._tell("stop", stop)
        return AuthorizationStatus.ACCEPTED if stop.id_tag else None

    async def record(
        self,
        charge_point_id: int,
        *,
        connector_id: int,
        transaction_id: int | None,
        readings: Sequence[Reading],
        raw: str,
    ) -> None:
        await self._tell("record", (connector_id, transaction_id, tuple(readings)))

    async def heard(self, charge_point_id: int, kind: JobKind, status: str, request_id: int | None = None) -> None:
        await self._tell("job", (kind, status, request_id))

    async def reported(self, charge_point_id: int, *, kind: str, tech_info: str | None, at: datetime) -> None:
        await self._tell("security event", (kind, tech_info, at))

    async def sign_requested(self, charge_point_id: int, identity: str, csr: str) -> bool:
        await self._tell("csr", csr)
        return self.has_authority


class Charger:
    """The charger's end of a socket, by hand: it sends what no library would."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self._ids = itertools.count(1)

    async def send(self, frame: Any) -> None:
        """A text as it is, anything else as JSON."""
        await self.websocket.send(frame if isinstance(frame, str) else json.dumps(frame))

    async def receive(self, timeout: float = PATIENCE_S) -> Any:  # noqa: ASYNC109
        async with asyncio.timeout(timeout):
            return json.loads(await self.websocket.recv())

    async def call(self, action: Any, payload: Any, message_id: Any = None) -> Any:
        """The frame that answers."""
        await self.send([2, message_id if message_id is not None else f"m{next(self._ids)}", action, payload])
        return await self.receive()

    async def hears_nothing(self, seconds: float = 0.15) -> bool:
        try:
            await self.receive(timeout=seconds)
        except TimeoutError:
            return True
        return False

    async def is_alive(self) -> bool:
        return (await self.call("Heartbeat", {}, "alive"))[:2] == [3, "alive"]

    async def closed(self) -> int:
        """The code that the connection was closed with."""
        async with asyncio.timeout(PATIENCE_S):
            await self.websocket.wait_closed()
        code = self.websocket.close_code
        assert code is not None
        return code


class CentralSystem:
    """Ours, on a port of 127.0.0.1."""

    server: uvicorn.Server

    def __init__(self, port: int, services: FakeServices, registry: Registry, clock: StoppedClock) -> None:
        self.url = f"ws://127.0.0.1:{port}/ocpp/"
        self.services = services
        self.registry = registry
        self.clock = clock
        self.gateway = Gateway(registry, deadline=10 * PATIENCE_S)

    @asynccontextmanager
    async def charger(
        self,
        path: str = "CP1",
        *,
        subprotocols: Sequence[str] = ("ocpp1.6",),
        basic: bytes | None = None,
        authorization: str | None = None,
    ) -> AsyncIterator[Charger]:
        """`path` as it is in the URL; `basic` is the user:password before base64."""
        if basic is not None:
            authorization = "Basic " + base64.b64encode(basic).decode()
        async with connect(
            self.url + path,
            subprotocols=[Subprotocol(name) for name in subprotocols] or None,
            additional_headers={"Authorization": authorization} if authorization else None,
            compression=None,
            close_timeout=1,
        ) as websocket:
            yield Charger(websocket)

    async def until(self, is_so: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
        async with asyncio.timeout(seconds):
            while not is_so():  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    async def until_told(self, name: str, times: int = 1) -> None:
        await self.until(lambda: len(self.services.all(name)) >= times)


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def frames() -> FrameLog:
    return FrameLog(EventBus())


@pytest.fixture
def boot_wait() -> float:
    return 60.0


@pytest.fixture
def server_settings() -> dict[str, Any]:
    return {"ws": "websockets-sansio"}


@pytest.fixture
async def central(
    services: FakeServices,
    clock: StoppedClock,
    boot_wait: float,
    server_settings: dict[str, Any],
    frames: FrameLog,
) -> AsyncIterator[CentralSystem]:
    registry = Registry()
    route = create_endpoint(
        charge_points=services,  # type: ignore[arg-type]
        charging=services,  # type: ignore[arg-type]
        metering=services,  # type: ignore[arg-type]
        jobs=services,  # type: ignore[arg-type]
        certificates=services,  # type: ignore[arg-type]
        security_events=services,  # type: ignore[arg-type]
        frames=frames,
        connections=services,  # type: ignore[arg-type]
        onboarding=services,  # type: ignore[arg-type]
        registry=registry,
        clock=clock,
        boot_wait=boot_wait,
    )
    config = uvicorn.Config(
        Starlette(routes=[route]),
        ws_max_size=65536,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        lifespan="off",
        **server_settings,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        await server.startup(sockets=[listener])
        central = CentralSystem(listener.getsockname()[1], services, registry, clock)
        central.server = server
        try:
            yield central
        finally:
            # Not server.shutdown(), which sleeps.
            for serving in server.servers:
                serving.close()
            await central.until(lambda: not server.server_state.tasks)

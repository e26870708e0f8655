"""The one place that wires: settings in, a running house out. Its lifespan owns every task."""

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from evgraph.bus import EventBus
from evgraph.graph import GraphApp, create_graphql_app
from evgraph.models.database import (
    NoDatabase,
    OtherVersion,
    ReadOnlyDatabase,
    close_database,
    open_database,
    refuse_missing,
    refuse_other_version,
    refuse_read_only,
    refuse_unwritable,
)
from evgraph.ocpp.door import DoorServer
from evgraph.ocpp.endpoint import create_endpoint
from evgraph.ocpp.frame_budget import SMALL_FRAME
from evgraph.ocpp.gateway import Gateway
from evgraph.ocpp.handshake import CHARGERS, BadProxies, Proxies, identity_in
from evgraph.ocpp.protocol import PONG_WITHIN, ChargerProtocol
from evgraph.ocpp.refusals import Refusals
from evgraph.ocpp.registry import Registry
from evgraph.ocpp.tls import BadTlsFiles, server_context
from evgraph.services.authority import ROOT_FILE
from evgraph.services.clock import SystemClock
from evgraph.services.house import Services, open_house
from evgraph.services.interfaces import Clock
from evgraph.settings import Settings
from evgraph.web import SecurityHeaders, WebApp

log = structlog.get_logger("evgraph")

_SHUTDOWN_S = 2
_GRAPHQL = "/graphql"
# As many as Linux lets wait by itself.
_BACKLOG = 4096


class CannotServe(RuntimeError):
    """What must be put right first: the port is taken, the database is older than this program or out of reach."""


def create_app(settings: Settings, *, clock: Clock | None = None) -> Starlette:
    """The ASGI application. The house is open while its lifespan runs; it stands in `app.state.services`."""
    bus = EventBus()
    clock = clock or SystemClock()
    registry = Registry()
    services = open_house(
        bus=bus,
        clock=clock,
        gateway=Gateway(registry, deadline=settings.call_timeout_s),
        start_window=timedelta(seconds=settings.start_window_s),
        free_for=timedelta(seconds=settings.forgotten_after_s),
        call_timeout_s=settings.call_timeout_s,
        stop_wait_s=settings.stop_wait_s,
        upkeep_every_s=settings.upkeep_every_s,
        simulated_speed=settings.simulated_speed,
        ca_folder=settings.ca_dir,
        heartbeat_interval_s=settings.heartbeat_interval_s,
        frames_kept_days=settings.frames_kept_days,
        samples_kept_whole_days=settings.samples_kept_whole_days,
    )

    proxies = _proxies(settings)
    refusals = Refusals(services.charge_points, proxies)
    graphql = create_graphql_app(services=services, ide_page=settings.web_dist / "graphiql.html")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await open_database(
            settings.database_url, pool_size=settings.database_pool_size, timeout_s=settings.database_timeout_s
        )
        try:
            async with _running(services):
                try:
                    yield
                finally:
                    await graphql.sharing.close()
                    await refusals.close()
        finally:
            await close_database()

    app = _App(
        chargers=_charger_route(settings, services, registry, clock, proxies, refusals),
        routes=_routes(settings, services, graphql, registry),
        lifespan=lifespan,
        middleware=[Middleware(SecurityHeaders)],
    )
    app.state.services = services
    app.state.refusals = refusals
    app.state.end_streams = graphql.end_streams
    return app


class _App(Starlette):
    """Chargers go past routing and middleware, which have nothing to do for them: a dozen frames that wait as long as
    a connection lasts, 5 kB of each."""

    def __init__(self, *, chargers: WebSocketRoute, **named: Any) -> None:
        super().__init__(**named)
        self._chargers = chargers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _is_chargers(scope):
            await self._chargers.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _is_chargers(scope: Scope) -> bool:
    """C1: a WebSocket on any other path than ours for people is a charger's mistake, if anybody's."""
    match scope["type"]:
        case "websocket":
            return bool(scope["path"] != _GRAPHQL)
        case "http":
            return CHARGERS in scope["path"] and identity_in(scope) is not None
    return False


def server(settings: Settings, *, clock: Clock | None = None) -> uvicorn.Server:
    """uvicorn as chargers need it, to serve on what `listen` returns: let in a few at a time, frames of 64 KiB at the
    most except from an admitted charge point (C6), pings (C4), no compression (35 kB a socket). Raises CannotServe."""
    tls = _tls(settings)
    app = create_app(settings, clock=clock)
    return DoorServer(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            ws=ChargerProtocol,
            ws_max_size=SMALL_FRAME,
            ws_ping_interval=settings.ping_interval_s,
            ws_ping_timeout=settings.ping_interval_s * PONG_WITHIN,
            ws_per_message_deflate=False,
            loop="uvloop",
            log_config=None,
            access_log=False,
            forwarded_allow_ips=settings.trusted_proxies or None,
            ssl_context_factory=(lambda *_: tls) if tls is not None else None,
            timeout_graceful_shutdown=_SHUTDOWN_S,
        ),
        stopping=app.state.end_streams,
    )


def url_of(settings: Settings, listening: socket.socket) -> str:
    """Where the server answers: the address that it listens on."""
    host, port = listening.getsockname()[:2]
    scheme = "http" if settings.tls_cert is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def listen(settings: Settings) -> socket.socket:
    """The socket to serve on. Raises CannotServe."""
    try:
        return socket.create_server((settings.host, settings.port), backlog=_BACKLOG)
    except (OSError, OverflowError) as failure:
        why = getattr(failure, "strerror", None) or failure
        raise CannotServe(
            f"Cannot listen on {settings.host}:{settings.port} ({why}). Choose another port with --port."
        ) from failure


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_cert is None and settings.tls_key is None:
        return None
    if settings.tls_cert is None or settings.tls_key is None:
        raise CannotServe("TLS needs both a certificate and its key: --tls-cert and --tls-key.")
    own_ca = settings.ca_dir / ROOT_FILE
    try:
        return server_context(
            settings.tls_cert, settings.tls_key, settings.client_ca or (own_ca if own_ca.is_file() else None)
        )
    except BadTlsFiles as failure:
        raise CannotServe(str(failure)) from failure


def _proxies(settings: Settings) -> Proxies:
    try:
        return Proxies.parse(settings.trusted_proxies, settings.client_certificate_header)
    except BadProxies as failure:
        raise CannotServe(str(failure)) from failure


async def check_database(settings: Settings) -> None:
    """Raises CannotServe, and what the database's driver raises, before anything is served that could not be kept."""
    try:
        refuse_missing(settings.database_url)
        refuse_unwritable(settings.database_url)
    except (NoDatabase, ReadOnlyDatabase) as failure:
        raise CannotServe(str(failure)) from failure
    await open_database(settings.database_url, pool_size=1)
    try:
        await refuse_other_version()
        await refuse_read_only()
    except (OtherVersion, ReadOnlyDatabase) as failure:
        raise CannotServe(str(failure)) from failure
    finally:
        await close_database()


@asynccontextmanager
async def _running(services: Services) -> AsyncIterator[None]:
    """The house with its tasks; they end, and what is under way is waited for, before the database closes."""
    await services.charge_points.forget_connections()
    await services.connections.forget()
    services.start()
    log.info("open")
    try:
        yield
    finally:
        await services.close()
        await services.supervisor.stop()
        await services.frame_writer.write()
        log.info("closed")


def _routes(settings: Settings, services: Services, graphql: GraphApp, registry: Registry) -> list[BaseRoute]:
    sharing = graphql.sharing

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(_: Request) -> Response:
        checks = await services.readiness.checks()
        is_ready = all(check.is_ok for check in checks)
        told = {check.name: {"ok": check.is_ok, **({"why": check.why} if check.why else {})} for check in checks}
        return JSONResponse({"ready": is_ready, "checks": told}, 200 if is_ready else 503)

    async def metrics(_: Request) -> Response:
        return PlainTextResponse(
            "# TYPE evgraph_charge_points_connected gauge\n"
            f"evgraph_charge_points_connected {len(registry)}\n"
            "# TYPE evgraph_subscriptions gauge\n"
            f"evgraph_subscriptions {services.bus.reader_count + sharing.member_count - sharing.group_count}\n"
            "# TYPE evgraph_subscription_groups gauge\n"
            f"evgraph_subscription_groups {sharing.group_count}\n",
            media_type="text/plain; version=0.0.4",
        )

    return [
        # The one that is asked most comes first. Not a Mount, which answers below /graphql/ only.
        Route(_GRAPHQL, graphql),
        WebSocketRoute(_GRAPHQL, graphql),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Mount("/", WebApp(settings.web_dist)),
    ]


def _charger_route(
    settings: Settings,
    services: Services,
    registry: Registry,
    clock: Clock,
    proxies: Proxies,
    refusals: Refusals,
) -> WebSocketRoute:
    return create_endpoint(
        charge_points=services.charge_points,
        charging=services.transactions,
        metering=services.metering,
        jobs=services.jobs,
        certificates=services.certificates,
        security_events=services.security_events,
        frames=services.frames,
        connections=services.connections,
        onboarding=services.onboarding,
        oversized_frames=services.oversized_frames,
        registry=registry,
        clock=clock,
        heartbeat_interval=settings.heartbeat_interval_s,
        boot_wait=settings.boot_wait_s,
        max_frame_bytes=settings.max_frame_bytes,
        proxies=proxies,
        refusals=refusals,
    )

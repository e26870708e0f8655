"""Where charge points connect: the handshake, the connection, and what follows when it closes."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from itertools import chain, repeat

import structlog
from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from evgraph.models.failures import DatabaseUnavailable
from evgraph.ocpp.connection import BROKEN_OFF, Connection
from evgraph.ocpp.failures import log_failure
from evgraph.ocpp.frame_budget import FrameBudget
from evgraph.ocpp.handshake import (
    CHARGERS,
    NO_PROXIES,
    Offer,
    Proxies,
    Wire,
    choose_subprotocol,
    credentials,
    identity_in,
    wire_of,
)
from evgraph.ocpp.inbound import Peer, Services
from evgraph.ocpp.protocol import ChargerProtocol
from evgraph.ocpp.refusals import NO_IDENTITY, NO_UPGRADE, Refusals, wrong_path
from evgraph.ocpp.registry import Registry
from evgraph.ocpp.welcome import Welcome
from evgraph.services.certificates import Certificates
from evgraph.services.charge_points import Admission, AdmissionFailure, ChargePoints, NotAdmitted
from evgraph.services.connections import Connections
from evgraph.services.frames import FrameLog
from evgraph.services.interfaces import Clock
from evgraph.services.jobs import Jobs
from evgraph.services.metering import Metering
from evgraph.services.onboarding import Onboarding
from evgraph.services.oversized_frames import MESSAGE_TOO_BIG, OversizedFrames
from evgraph.services.security_events import SecurityEvents
from evgraph.services.transactions import Transactions
from evgraph.sockets import FRAMES, FramesProtocol

PATH = f"/{CHARGERS}/"
HEARTBEAT_INTERVAL = 300
BOOT_WAIT = 5.0
MAX_FRAME_BYTES = 1024 * 1024
_WAITS = (1.0, 5.0, 30.0)
_LONGEST_IDENTITY = 200

_PROTOCOL_ERROR = 1002
_INTERNAL_ERROR = 1011

log = structlog.get_logger("evgraph.ocpp")


def create_endpoint(
    *,
    charge_points: ChargePoints,
    charging: Transactions,
    metering: Metering,
    jobs: Jobs,
    certificates: Certificates,
    security_events: SecurityEvents,
    frames: FrameLog,
    connections: Connections,
    onboarding: Onboarding,
    registry: Registry,
    clock: Clock,
    heartbeat_interval: int = HEARTBEAT_INTERVAL,
    boot_wait: float = BOOT_WAIT,
    oversized_frames: OversizedFrames | None = None,
    max_frame_bytes: int = MAX_FRAME_BYTES,
    proxies: Proxies = NO_PROXIES,
    refusals: Refusals | None = None,
) -> WebSocketRoute:
    """The route /ocpp/{identity} (C1 to C10, B1, B3, B5); its `app` serves without the route as well.
    `heartbeat_interval` and `boot_wait` (B5) in seconds; `max_frame_bytes`: the limit for a frame of a charge point
    without one of its own (C6), where uvicorn serves with ChargerProtocol; `oversized_frames` flags what is longer.
    `proxies`: those whose word on TLS counts; `refusals` keeps attempts that show no identity."""
    services = Services(
        charge_points=charge_points,
        transactions=charging,
        metering=metering,
        jobs=jobs,
        certificates=certificates,
        security_events=security_events,
        oversized_frames=oversized_frames,
    )
    endpoint = Endpoint(
        services,
        registry,
        clock,
        frames=frames,
        connections=connections,
        welcome=Welcome(charge_points, onboarding, boot_wait=boot_wait),
        heartbeat_interval=heartbeat_interval,
        max_frame_bytes=max_frame_bytes,
        proxies=proxies,
        refusals=refusals or Refusals(charge_points, proxies),
    )
    return WebSocketRoute(f"{PATH}{{identity:path}}", endpoint, name="ocpp")


class Endpoint:
    def __init__(
        self,
        services: Services,
        registry: Registry,
        clock: Clock,
        *,
        frames: FrameLog,
        connections: Connections,
        welcome: Welcome,
        heartbeat_interval: int,
        max_frame_bytes: int,
        proxies: Proxies,
        refusals: Refusals,
    ) -> None:
        self._services = services
        self._charge_points = services.charge_points
        self._registry = registry
        self._clock = clock
        self._frames = frames
        self._connections = connections
        self._heartbeat_interval = heartbeat_interval
        self._welcome = welcome
        self._proxies = proxies
        self._refusals = refusals
        self._max_frame_bytes = max_frame_bytes
        self._frame_budget = FrameBudget()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serves a WebSocket on any path, and a charger's path without a WebSocket."""
        if scope["type"] == "http":
            self._refusals.note(scope, NO_UPGRADE)
            return _no_upgrade()(scope, receive, send)
        identity = identity_in(scope)
        if not identity:
            return self._refuse_path(WebSocket(scope, receive, send), identity)
        return self._serve_or_stop(WebSocket(scope, receive, send))

    async def _refuse_path(self, websocket: WebSocket, identity: str | None) -> None:
        self._refusals.note(
            websocket.scope, NO_IDENTITY if identity is not None else wrong_path(websocket.scope["path"])
        )
        await websocket.send_denial_response(PlainTextResponse("Charge points connect to /ocpp/IDENTITY.", 404))

    async def _serve_or_stop(self, websocket: WebSocket) -> None:
        try:
            await self._serve(websocket)
        except asyncio.CancelledError:
            # The server stops, and cannot save that this one left: at its next start nobody is connected (X1).
            log.warning("connection given up", charge_point=identity_in(websocket.scope), why="The server stops.")

    async def _serve(self, websocket: WebSocket) -> None:
        wire = wire_of(websocket.scope, websocket.headers, self._proxies)
        admission = await self._admit(websocket, wire)
        if admission is None:
            return
        charge_point = admission.charge_point
        subprotocol = choose_subprotocol(websocket.scope["subprotocols"])
        if subprotocol is Offer.OTHERS:
            # OCPP-J 1.6 section 3.1.2: complete the handshake without a subprotocol, then close.
            await websocket.accept()
            await websocket.close(_PROTOCOL_ERROR, "Only ocpp1.6 is spoken here.")
            await self._keep_refused(websocket, charge_point.identity)
            return
        chosen = None if isinstance(subprotocol, Offer) else subprotocol
        await websocket.accept(chosen)
        # All that was said in it is known, and a connection lasts for weeks.
        websocket.scope["headers"].clear()
        protocol = websocket.scope["extensions"].get(FRAMES)
        if isinstance(protocol, ChargerProtocol):
            protocol.admit(charge_point.max_frame_bytes or self._max_frame_bytes, self._frame_budget)
        connection = Connection(
            websocket,
            Peer(
                id=charge_point.id,
                garage_id=charge_point.garage_id,
                identity=charge_point.identity,
                acceptance=charge_point.acceptance,
                security_profile=admission.security_profile,
            ),
            services=self._services,
            frame_log=self._frames,
            clock=self._clock,
            heartbeat_interval=self._heartbeat_interval,
            writable=protocol.writable if isinstance(protocol, FramesProtocol) else None,
        )
        self._registry.enter(connection)
        try:
            await self._stay(connection, wire.host, chosen)
        except Exception as failure:
            log_failure("connection failed", failure, charge_point=charge_point.identity)
            with suppress(WebSocketDisconnect, RuntimeError):
                await websocket.close(_INTERNAL_ERROR)
        finally:
            self._registry.leave(connection)
        # Not when the server stops and waits no longer: the database closes now.
        await self._left(connection)

    async def _admit(self, websocket: WebSocket, wire: Wire) -> Admission | None:
        """Null when it was turned away (C1): 404 for who it is, 401 for its key, 403 for less than its security
        profile."""
        # PostgreSQL takes no NUL; no identity holds the character that stands in for it.
        identity = (identity_in(websocket.scope) or "").replace("\x00", "\ufffd")[:_LONGEST_IDENTITY]
        shown = credentials(websocket.headers.get("authorization"))
        try:
            return await self._charge_points.admit(
                identity,
                user=shown.user,
                password=shown.password,
                remote=wire.host,
                is_encrypted=wire.is_encrypted,
                certificate=wire.certificate,
            )
        except NotAdmitted as refusal:
            log.warning("connection refused", charge_point=identity, remote=wire.host, reason=refusal.reason.value)
            match refusal.reason:
                case AdmissionFailure.UNKNOWN_IDENTITY:
                    response = PlainTextResponse("Unknown charge point.", 404)
                case AdmissionFailure.NO_CREDENTIALS | AdmissionFailure.OTHER_USER | AdmissionFailure.BAD_CREDENTIALS:
                    challenge = {"WWW-Authenticate": 'Basic realm="EVGraph", charset="UTF-8"'}
                    response = PlainTextResponse("Wrong credentials.", 401, challenge)
                case reason:
                    response = PlainTextResponse(f"Refused by its security profile: {reason.value}.", 403)
        except Exception as failure:
            log_failure("admission failed", failure, charge_point=identity)
            response = PlainTextResponse("Try again later.", 503)
        await websocket.send_denial_response(response)
        return None

    async def _keep_refused(self, websocket: WebSocket, identity: str) -> None:
        """C1: it was admitted, and speaks something else (C2)."""
        remote = wire_of(websocket.scope, websocket.headers, self._proxies).host
        reason = AdmissionFailure.OTHER_SUBPROTOCOLS.value
        log.warning("connection refused", charge_point=identity, remote=remote, reason=reason)
        try:
            await self._charge_points.speaks_otherwise(identity, remote=remote)
        except Exception as failure:
            log_failure("refusal not recorded", failure, charge_point=identity)

    async def _stay(self, connection: Connection, remote: str, subprotocol: str | None) -> None:
        peer = connection.peer
        async with self._registry.presence(peer.identity):
            await self._charge_points.connected(peer.id)
        connection.history_id = await self._connections.opened(
            peer.id,
            remote=remote,
            subprotocol=subprotocol,
            security_profile=peer.security_profile,
        )
        log.info("connected", charge_point=peer.identity)
        self._welcome.expect(connection)
        try:
            await connection.run()
        finally:
            await self._welcome.part(connection)

    async def _left(self, connection: Connection) -> None:
        """Tells that it ended, and that the charge point is offline, unless a newer connection is open."""
        peer = connection.peer
        oversized_frames = self._services.oversized_frames
        was_too_big = connection.closing is not None and connection.closing.code == MESSAGE_TOO_BIG
        if oversized_frames is not None and not was_too_big:
            oversized_frames.ended_otherwise(peer.id)
        if connection.history_id is not None:
            await self._close_history(connection, connection.history_id)
        await self._tell_gone(connection)

    async def _close_history(self, connection: Connection, history_id: int) -> None:
        closing = connection.closing or BROKEN_OFF
        try:
            await self._connections.closed(history_id, code=closing.code, reason=closing.reason)
        except Exception as failure:
            log_failure("end of connection not recorded", failure, charge_point=connection.peer.identity)

    async def _tell_gone(self, connection: Connection) -> None:
        """Until it is saved. While the database is out of reach the services themselves try again: what fails here is
        something else, and would leave the charge point connected for ever."""
        peer = connection.peer
        for wait in chain(_WAITS, repeat(_WAITS[-1])):
            try:
                async with self._registry.presence(peer.identity):
                    if self._registry.current(peer.identity) is None:
                        await self._charge_points.disconnected(peer.id)
                return
            except DatabaseUnavailable as failure:
                # We are closing; at our next start nobody is connected (X1).
                log.warning("leaving not recorded", charge_point=peer.identity, error=repr(failure))
                return
            except Exception as failure:
                log_failure("leaving not recorded", failure, charge_point=peer.identity)
            await asyncio.sleep(wait)


def _no_upgrade() -> PlainTextResponse:
    """RFC 9110 section 15.5.22."""
    text = (
        "Charge points connect here by WebSocket (OCPP 1.6 JSON). This request has no WebSocket upgrade: set the charge"
        " point to JSON, not SOAP, and let proxies hand on the headers Connection and Upgrade."
    )
    return PlainTextResponse(text, 426, {"Upgrade": "websocket", "Connection": "Upgrade"})

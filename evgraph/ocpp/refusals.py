"""Refused handshakes that show no identity, or that no application hears of (C1): kept for whoever installs a charger.

What counts as a charger's attempt: every request on /ocpp; on any other path, a WebSocket handshake that offers an OCPP
subprotocol or shows Basic credentials. Requests for pages, and scanners that try other paths, leave no trace.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog
from starlette.datastructures import Headers
from starlette.types import Scope
from uvicorn.config import Config

from evgraph.ocpp.failures import log_failure
from evgraph.ocpp.handshake import WIRE, Proxies, Wire, credentials, identity_in, wire_of
from evgraph.services.charge_points import ChargePoints

NO_IDENTITY = "no identity in the URL"
NO_UPGRADE = "no WebSocket upgrade"
NO_HANDSHAKE = "request cannot be read"
_WRONG_PATH = "wrong path: "
_BAD_HEADER = "bad header: "
# While the database is slow: more than that are in the log alone.
_MOST_WAITING = 1000

log = structlog.get_logger("evgraph.ocpp")


def wrong_path(path: str) -> str:
    return _WRONG_PATH + path


def bad_header(name: str) -> str:
    return _BAD_HEADER + name


def is_charger(scope: Scope) -> bool:
    """Whether a request is a charger's attempt to connect. `scope`: of ASGI, or as `scope_of` makes it."""
    if identity_in(scope) is not None:
        return True
    headers = Headers(raw=scope["headers"])
    offered = ",".join(headers.getlist("sec-websocket-protocol")).lower().split(",")
    has_credentials = credentials(headers.get("authorization")).user is not None
    return has_credentials or any(name.strip().startswith("ocpp") for name in offered)


def scope_of(
    target: str, headers: Iterable[tuple[bytes, bytes]], client: tuple[str, int] | None, *, is_encrypted: bool
) -> dict[str, Any]:
    """What is known of a request that no application was told of."""
    path = target.partition("?")[0]
    wire = Wire(host=client[0] if client else "unknown", is_encrypted=is_encrypted)
    return {
        "path": path,
        "raw_path": path.encode(),
        "headers": [(name.lower(), value) for name, value in headers],
        "client": client,
        "extensions": {WIRE: wire},
    }


class Refusals:
    def __init__(self, charge_points: ChargePoints, proxies: Proxies) -> None:
        self._charge_points = charge_points
        self._proxies = proxies
        self._tasks: set[asyncio.Task[None]] = set()

    def note(self, scope: Scope, reason: str) -> None:
        """Keeps a charger's attempt, and nobody else's; returns at once."""
        if not is_charger(scope):
            return
        headers = Headers(raw=scope["headers"])
        identity = _name(scope, headers)
        remote = wire_of(scope, headers, self._proxies).host
        log.warning("connection refused", charge_point=identity, remote=remote, reason=reason)
        if len(self._tasks) < _MOST_WAITING:
            task = asyncio.create_task(self._keep(identity, remote, reason))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Waits for what is being saved."""
        await asyncio.gather(*self._tasks)

    async def _keep(self, identity: str, remote: str, reason: str) -> None:
        try:
            await self._charge_points.keep_refused(identity, remote=remote, reason=reason)
        except Exception as failure:
            log_failure("refusal not recorded", failure, charge_point=identity)


def refusals_of(config: Config) -> Refusals | None:
    """Of the application that uvicorn serves, for what it is not asked about."""
    found = getattr(getattr(config.app, "state", None), "refusals", None)
    return found if isinstance(found, Refusals) else None


def _name(scope: Scope, headers: Headers) -> str:
    """Where the URL has no identity: the user name, or the last part of the path, which is meant to be one."""
    identity = identity_in(scope)
    last = str(scope["path"]).rstrip("/").rpartition("/")[2] if identity is None else ""
    return identity or credentials(headers.get("authorization")).user or last

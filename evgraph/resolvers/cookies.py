"""The session cookie of browsers: out of reach for scripts, and sent by no other site's requests.

It carries its lifetime twice. Max-Age counts from the moment of arrival, so that a browser whose clock is wrong keeps
the cookie as long as any other. It takes precedence over Expires (RFC 6265 section 5.3), which is for clients that know
no Max-Age.
"""

from datetime import UTC, datetime, timedelta

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.websockets import WebSocket

NAME = "evgraph_session"
_LONG_AGO = datetime.fromtimestamp(0, UTC)


def set_session(
    request: HTTPConnection, response: Response | WebSocket, token: str, *, expires_at: datetime, lifetime: timedelta
) -> None:
    """Set the cookie. A response on a socket cannot carry it; that client has the token."""
    _set(request, response, token, expires_at, lifetime)


def clear_session(request: HTTPConnection, response: Response | WebSocket) -> None:
    """Delete the cookie, whatever the browser's clock says."""
    _set(request, response, "", _LONG_AGO, timedelta(0))


def _set(
    request: HTTPConnection, response: Response | WebSocket, value: str, expires_at: datetime, lifetime: timedelta
) -> None:
    if isinstance(response, Response):
        response.set_cookie(
            NAME,
            value,
            max_age=int(lifetime.total_seconds()),
            expires=expires_at,
            path="/",
            secure=_is_secure(request),
            httponly=True,
            samesite="lax",
        )


def _is_secure(request: HTTPConnection) -> bool:
    return request.url.scheme in ("https", "wss")

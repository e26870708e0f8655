"""The session cookie of browsers: out of reach for scripts, and sent by no other site's requests."""

from datetime import datetime

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.websockets import WebSocket

NAME = "evgraph_session"


def set_session(request: HTTPConnection, response: Response | WebSocket, token: str, expires_at: datetime) -> None:
    """On a socket there is no response to carry it; its client has the token."""
    if isinstance(response, Response):
        response.set_cookie(
            NAME, token, expires=expires_at, path="/", secure=_is_secure(request), httponly=True, samesite="lax"
        )


def clear_session(request: HTTPConnection, response: Response | WebSocket) -> None:
    if isinstance(response, Response):
        response.delete_cookie(NAME, path="/", secure=_is_secure(request), httponly=True, samesite="lax")


def _is_secure(request: HTTPConnection) -> bool:
    return request.url.scheme in ("https", "wss")

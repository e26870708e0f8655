"""The built web app, and the headers that keep its pages to themselves."""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self' ws: wss:; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'"
)
# As ASGI has them: bytes, and names in lower case.
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)


class WebApp:
    """Serves web/dist; a path that is no file is a page of the app, which finds its own way (history routing)."""

    def __init__(self, dist: Path) -> None:
        self._dist = dist
        self._files = StaticFiles(directory=dist, html=True, check_dir=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        response = await self._page(scope)
        await response(scope, receive, send)

    async def _page(self, scope: Scope) -> Response:
        if not (self._dist / "index.html").is_file():
            return PlainTextResponse("The web app is not built. Run: make web. The API is at /graphql.\n", 404)
        path = self._files.get_path(scope)
        try:
            response = await self._files.get_response(path, scope)
        except HTTPException as missing:
            if missing.status_code != 404 or path.startswith("assets"):
                return PlainTextResponse(missing.detail, missing.status_code)
            response = await self._files.get_response("index.html", scope)
        if path.startswith("assets"):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        else:
            response.headers["Cache-Control"] = "no-cache"
        return response


class SecurityHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = list(message.get("headers", ()))
                names = {name for name, _ in said}
                message["headers"] = said + [header for header in _HEADERS if header[0] not in names]
            await send(message)

        await self._app(scope, receive, send_with_headers)

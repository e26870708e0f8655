"""The graph as it is served: the schema, the ASGI application, and the context of an operation."""

import asyncio
import sys
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson
import strawberry
from graphql import GraphQLError, print_schema
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.extensions import SchemaExtension
from strawberry.http.base import BaseRequestProtocol
from strawberry.http.streaming import HTTPStreamTransport
from strawberry.http.websocket_origin import is_same_origin, normalize_origin
from strawberry.schema.config import StrawberryConfig
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UnsetType

from evgraph.answering import DONE, Planned, Plans, Queries
from evgraph.resolvers import cookies
from evgraph.resolvers.context import Operation
from evgraph.resolvers.limits import Documents, LimitedDocuments
from evgraph.resolvers.loaders import make_loaders
from evgraph.resolvers.masking import MaskErrors, masked
from evgraph.resolvers.mutations import Mutation
from evgraph.resolvers.queries import Query
from evgraph.resolvers.subscriptions import Subscription
from evgraph.schema.node import read
from evgraph.schema.scalars import SCALARS
from evgraph.services.house import Services
from evgraph.sharing import Sharing, SharingHandler

SDL_FILE = Path(__file__).parent / "schema" / "schema.graphql"
MAX_BODY = 1_000_000
API_DESCRIPTION = """
The public API of EVGraph: what front ends, live boards and third-party points of sale build on.

Instants are UTC ISO 8601. Energy is exact in watt-hours; kWh is the same figure for people. Money is whole cents of the
garage's currency. Every mutation answers with what it changed and with `errors`, the typed reasons that a well-behaved
client can meet and show; GraphQL's own top-level errors (extensions.code UNAUTHENTICATED, FORBIDDEN, BAD_USER_INPUT,
RATE_LIMITED, INTERNAL) are for the rest.
""".strip()
_PLAINLY = frozenset({"*/*", "application/*", "application/json", "application/graphql-response+json"})
_NO_PAGE = (
    "This is EVGraph's GraphQL endpoint. Send operations by POST as application/json; "
    "subscribe over a WebSocket (graphql-transport-ws) or with Accept: text/event-stream.\n"
)


class OwnContext(SchemaExtension):
    """Each operation gets a context of its own, also where many share one socket."""

    async def on_execute(self) -> Any:
        # Not earlier: what fails in on_operation ends a socket's operation without a word to the client.
        context = self.execution_context.context
        if isinstance(context, Operation):
            self.execution_context.context = await context.begin()
        yield


class GraphSchema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """`MaskErrors` logs what is worth it."""

    async def execute(self, *positional: Any, **named: Any) -> ExecutionResult:
        """One answer: a subscription has many, and is refused to who takes one."""
        allowed = named.get("allowed_operation_types") or OperationType
        named["allowed_operation_types"] = {*allowed} - {OperationType.SUBSCRIPTION}
        return await super().execute(*positional, **named)


documents = Documents()
plans = Plans()


def make_schema() -> strawberry.Schema:
    made = GraphSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=[
            MaskErrors,
            OwnContext,
            lambda: LimitedDocuments(documents),
            lambda: Planned(plans),
        ],
        config=StrawberryConfig(default_resolver=read, scalar_map=SCALARS),
    )
    made._schema.description = API_DESCRIPTION
    return made


schema = make_schema()


def sdl() -> str:
    """What stands in schema/schema.graphql."""
    return print_schema(schema._schema) + "\n"


class GraphApp(GraphQL[Operation, None]):
    """Who asks: Authorization: Bearer, else the cookie, else on a socket what connection_init says."""

    graphql_transport_ws_handler_class = SharingHandler

    def __init__(
        self, services: Services, *, ide_page: Path | None = None, allowed_origins: tuple[str, ...] = ()
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=timedelta(seconds=10),
            allowed_origins=allowed_origins,
        )
        self.sharing = Sharing(schema, services, documents, plans)
        self._services = services
        self._ide_page = ide_page
        self._queries = Queries(services, schema, documents, plans)
        self._streams: set[asyncio.Task[Any]] = set()
        self._is_stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        request = Request(scope)
        if _is_for_a_person(request):
            await self._page()(scope, receive, send)
            return
        answer = _Answer(send)
        receive = _bounded(request, receive)
        try:
            if _is_plain_query(request):
                body = await _whole(receive)
                token = self._token(request)
                viewer = await self._services.people.viewer_of(token) if token else None
                answered = await self._queries.answer(body, viewer, request)
                if answered is not None:
                    await _send_json(answer, answered)
                    return
                receive = _again(body, receive)
            if _is_stream(request):
                await self._stream(scope, receive, answer)
                return
            await super().__call__(scope, receive, answer)
        except _TooLarge:
            too_large = PlainTextResponse("The body is too large.", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            await too_large(scope, receive, send)
        except Exception as failure:
            if answer.has_begun:
                raise
            # Before there was an operation that could fail: who is asking could not be looked up.
            error = masked(GraphQLError("", original_error=failure))
            await JSONResponse({"data": None, "errors": [error.formatted]})(scope, receive, send)

    def end_streams(self) -> None:
        """The server stops: server-sent events would go on for as long as their clients listen."""
        self._is_stopping = True
        for stream in self._streams:
            stream.cancel()

    async def _stream(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        """Until its client leaves, or `end_streams`: then the answer ends properly, and the client connects again."""
        task = asyncio.current_task()
        assert task is not None
        self._streams.add(task)
        try:
            await super().__call__(scope, receive, answer)
        except asyncio.CancelledError:
            if not self._is_stopping:
                raise
            await answer.end()
        finally:
            self._streams.discard(task)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Operation:
        token = self._token(request)
        viewer = await self._services.people.viewer_of(token) if token else None
        return Operation(
            services=self._services,
            loaders=make_loaders(self._services),
            viewer=viewer,
            token=token,
            request=request,
            response=response,
            done=request.scope.get(DONE),
        )

    def _token(self, request: Request | WebSocket) -> str | None:
        token = _bearer(request.headers.get("authorization"))
        if token is None and not self._is_caused_elsewhere(request):
            token = request.cookies.get(cookies.NAME)
        return token

    async def on_ws_connect(self, context: Operation) -> UnsetType | dict[str, object] | None:
        """A token that is none is told at once, by closing with 4403."""
        said = context.connection_params or {}
        token = said.get("authToken") or _bearer(said.get("Authorization") or said.get("authorization"))
        if token is not None:
            context.viewer = await self._services.people.viewer_of(token) if isinstance(token, str) else None
            if context.viewer is None:
                raise ConnectionRejectionError
            context.token = token
        return await super().on_ws_connect(context)

    def _get_stream_transport_from_headers(self, headers: Mapping[str, str]) -> HTTPStreamTransport | None:
        """Events for who asks for them first: some clients list text/event-stream behind JSON with every query, and
        cannot read a query's answer as events."""
        accept = next((value for name, value in headers.items() if name.lower() == "accept"), "")
        first = accept.split(",")[0]
        return super()._get_stream_transport_from_headers({"accept": first})

    def is_websocket_origin_allowed(self, request: WebSocket, origin: str) -> bool:
        """A page of another origin may open a socket, as long as it brings no cookie: then it must bring a token."""
        return cookies.NAME not in request.cookies or super().is_websocket_origin_allowed(request, origin)

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        return False

    def decode_json(self, data: str | bytes) -> object:
        """Raises JSONDecodeError, also for what is no object: Strawberry would look into it."""
        decoded: object = orjson.loads(data)
        if not isinstance(decoded, dict | list):
            raise orjson.JSONDecodeError("Not an object", "", 0)
        return decoded

    def encode_json(self, data: object) -> str:
        # Text: bytes would leave a socket as binary frames.
        return orjson.dumps(data).decode()

    def _is_caused_elsewhere(self, request: Request | WebSocket) -> bool:
        """A page of another origin sent it: the cookie that comes with it is not the viewer's word."""
        origin = request.headers.get("origin")
        if origin is None or request.headers.get("sec-fetch-site") == "same-origin":
            return False
        return not (
            is_same_origin(origin, request.headers.get("host")) or normalize_origin(origin) in self.allowed_origins
        )

    def _page(self) -> Response:
        if self._ide_page is not None and self._ide_page.is_file():
            return FileResponse(self._ide_page, media_type="text/html")
        return PlainTextResponse(_NO_PAGE)


def create_graphql_app(
    services: Services, *, ide_page: Path | None = None, allowed_origins: tuple[str, ...] = ()
) -> GraphApp:
    """`ide_page`: what a browser that asks for text/html is shown. `allowed_origins`: pages elsewhere that may use a
    viewer's cookie."""
    return GraphApp(services, ide_page=ide_page, allowed_origins=allowed_origins)


class _TooLarge(Exception):
    pass


class _Answer:
    """The way out to the client; knows whether anything went there yet."""

    def __init__(self, send: Send) -> None:
        self.has_begun = False
        self._send = send

    async def __call__(self, message: Message) -> None:
        self.has_begun = True
        await self._send(message)

    async def end(self) -> None:
        """The last of it, whatever was said before."""
        if not self.has_begun:
            await self({"type": "http.response.start", "status": HTTPStatus.SERVICE_UNAVAILABLE, "headers": []})
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


def _bounded(request: Request, receive: Receive) -> Receive:
    declared = request.headers.get("content-length", "")
    seen = int(declared) if declared.isdecimal() and int(declared) > MAX_BODY else 0

    async def bounded() -> Message:
        nonlocal seen
        if seen > MAX_BODY:
            raise _TooLarge
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY:
            raise _TooLarge
        return message

    return bounded


def _is_plain_query(request: Request) -> bool:
    """Or a mutation: what it asks for, one answer as JSON, is what the short road can give."""
    accepted = request.headers.get("accept", "*/*").split(",")[0].split(";")[0].strip()
    return (
        request.method == "POST"
        and accepted in _PLAINLY
        and request.headers.get("content-type", "").startswith("application/json")
    )


def _is_stream(request: Request) -> bool:
    accepted = request.headers.get("accept", "").split(",")[0].split(";")[0].strip()
    return accepted in ("text/event-stream", "multipart/mixed")


async def _whole(receive: Receive) -> bytes:
    """The body; empty when the client left meanwhile. Raises _TooLarge."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False):
        message = await receive()
        body += message.get("body", b"")
    return body if message["type"] == "http.request" else b""


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever follows it."""
    is_told = False

    async def told() -> Message:
        nonlocal is_told
        if is_told:
            return await receive()
        is_told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return told


async def _send_json(send: Send, body: bytes) -> None:
    length = str(len(body)).encode()
    headers = [(b"content-length", length), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _is_for_a_person(request: Request) -> bool:
    return (
        request.method == "GET"
        and "query" not in request.query_params
        and "text/html" in request.headers.get("accept", "")
    )


def _bearer(authorization: Any) -> str | None:
    scheme, _, token = authorization.partition(" ") if isinstance(authorization, str) else ("", "", "")
    return token.strip() or None if scheme.lower() == "bearer" else None


if __name__ == "__main__":
    SDL_FILE.write_text(sdl())
    sys.stdout.write(f"{SDL_FILE.name} is written.\n")

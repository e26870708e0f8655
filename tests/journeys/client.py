"""A front end of foreign make: GraphQL over HTTP, graphql-transport-ws and SSE, written from their specifications."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import websockets

from tests.patience import PATIENCE_S

Json = dict[str, Any]


class GraphQLErrors(Exception):
    """The top-level errors of an answer, as they came."""

    def __init__(self, errors: list[Json]) -> None:
        super().__init__(json.dumps(errors))
        self.errors = errors


class Stream:
    """The data of each event, in turn."""

    def __init__(self, events: AsyncIterator[Json]) -> None:
        self._events = events

    def __aiter__(self) -> "Stream":
        return self

    async def __anext__(self) -> Json:
        return _data(await anext(self._events))

    async def next(self) -> Json:
        """The next one; TimeoutError when none comes."""
        async with asyncio.timeout(PATIENCE_S):
            return await anext(self)


class Client:
    """Signs in with `sign_in`; without it, a stranger."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._token: str | None = None
        self._http = httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE_S)

    async def close(self) -> None:
        await self._http.aclose()

    async def sign_in(self, email: str, password: str) -> None:
        payload = await self.do("signIn", "accessToken", email=email, password=password)
        assert payload["errors"] == []
        self._token = payload["accessToken"]

    async def ask(self, document: str, **variables: Any) -> Json:
        """The whole answer, with its errors. Raises httpx.TransportError when the server is gone."""
        answer = await self._http.post("/graphql", json=_body(document, variables), headers=self._headers())
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    async def metrics(self) -> list[str]:
        """The server's metrics, a line each."""
        return (await self._http.get("/metrics")).text.splitlines()

    async def data(self, document: str, **variables: Any) -> Json:
        """Raises GraphQLErrors."""
        return _data(await self.ask(document, **variables))

    async def do(self, mutation: str, fields: str, **given: Any) -> Json:
        """One mutation's payload, with its `errors`: do("checkIn", "stay { id }", garageId=...)."""
        kind = mutation[0].upper() + mutation[1:]
        document = (
            f"mutation($input: {kind}Input!) "
            f"{{ {mutation}(input: $input) {{ {fields} errors {{ code message field }} }} }}"
        )
        return (await self.data(document, input=given))[mutation]  # type: ignore[no-any-return]

    @asynccontextmanager
    async def over_socket(self, document: str, **variables: Any) -> AsyncIterator[Stream]:
        """A subscription over a WebSocket of its own: graphql-transport-ws."""
        protocol = websockets.Subprotocol("graphql-transport-ws")
        async with websockets.connect(f"ws://{self._address}/graphql", subprotocols=[protocol], proxy=None) as socket:
            assert socket.subprotocol == protocol
            await socket.send(json.dumps({"type": "connection_init", "payload": {"authToken": self._token}}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            subscribe = {"type": "subscribe", "id": "1", "payload": _body(document, variables)}
            await socket.send(json.dumps(subscribe))
            yield Stream(_socket_events(socket))
            await socket.send(json.dumps({"type": "complete", "id": "1"}))

    @asynccontextmanager
    async def over_sse(self, document: str, **variables: Any) -> AsyncIterator[Stream]:
        """A subscription over server-sent events."""
        headers = self._headers() | {"Accept": "text/event-stream"}
        body = _body(document, variables)
        timeout = httpx.Timeout(PATIENCE_S, read=None)
        async with self._http.stream("POST", "/graphql", json=body, headers=headers, timeout=timeout) as answer:
            assert answer.status_code == 200, await answer.aread()
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield Stream(_sse_events(answer))

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}


def _body(document: str, variables: Json) -> Json:
    return {"query": document, "variables": variables}


def _data(answer: Json) -> Json:
    if answer.get("errors"):
        raise GraphQLErrors(answer["errors"])
    return answer["data"]  # type: ignore[no-any-return]


async def _socket_events(socket: websockets.ClientConnection) -> AsyncIterator[Json]:
    async for text in socket:
        message = json.loads(text)
        match message["type"]:
            case "ping":
                await socket.send(json.dumps({"type": "pong"}))
            case "next":
                yield message["payload"]
            case "error":
                raise GraphQLErrors(message["payload"])
            case "complete":
                return


async def _sse_events(answer: httpx.Response) -> AsyncIterator[Json]:
    """An empty line ends an event; a line that begins with a colon only keeps the connection open."""
    kind, data = "message", ""
    async for line in answer.aiter_lines():
        if line.startswith(":"):
            continue
        field, _, value = line.partition(":")
        match field:
            case "event":
                kind = value.strip()
            case "data":
                data += value.strip()
            case "":
                if kind == "next":
                    yield json.loads(data)
                elif kind == "complete":
                    return
                kind, data = "message", ""

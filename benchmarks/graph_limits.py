"""The limits of a graph's roads: no GraphQL at all.

`EVGRAPH_BENCHMARK_LIMIT`: `sql`, one statement that builds the JSON; `ready`, orjson of an object that is there. On a
socket, either sends the same bytes to all. A line on standard input is an energy update of so many Wh.
"""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from tortoise import Tortoise

from benchmarks.feed import each_line
from benchmarks.plain_board import BOARD, DATABASE, board_asked, open_board

LIMIT = "EVGRAPH_BENCHMARK_LIMIT"
_CARDS = """
(SELECT json_group_array(json_object('id', r.id, 'status', r.status,
  'stay', json_object('vehicle', json_object('licensePlate', r.license_plate)),
  'session', json_object('energyKwh', s.energy_kwh, 'port', json_object('name', p.name))))
 FROM request r LEFT JOIN session s ON s.request_id = r.id LEFT JOIN port p ON p.id = s.port_id
 WHERE r.garage_id = g.id AND r.status = '{}' ORDER BY r.place)
"""
_SQL = f"""
SELECT json_object('data', json_object('garage', json_object('name', g.name, 'board', json_object(
  'revision', g.revision,
  'ports', (SELECT json_group_array(json_object('id', id, 'name', name, 'status', status))
            FROM port WHERE garage_id = g.id ORDER BY place),
  'needsCharging', {_CARDS.format("NEEDS_CHARGING")},
  'charging', {_CARDS.format("CHARGING")},
  'charged', {_CARDS.format("CHARGED")}))))
FROM garage g WHERE g.id = ?
"""


async def ask(request: Request) -> Response:
    body = orjson.loads(await request.body())
    if os.environ[LIMIT] == "ready":
        answer: str | bytes = orjson.dumps(request.app.state.answer)
    else:
        (answer,) = request.app.state.database.execute(_SQL, (body["variables"]["id"],)).fetchone()
    return Response(answer, media_type="application/json")


async def watch(websocket: WebSocket) -> None:
    await websocket.accept("graphql-transport-ws")
    watchers = websocket.app.state.watchers
    try:
        async for message in websocket.iter_json():
            if message["type"] == "connection_init":
                await websocket.send_text('{"type":"connection_ack"}')
            elif message["type"] == "subscribe":
                watchers.add(websocket)
    except WebSocketDisconnect:
        pass
    finally:
        watchers.discard(websocket)


def _next(energy_wh: int) -> str:
    update = {
        "sessionId": "Q2hhcmdpbmdTZXNzaW9uOjE=",
        "portId": "UG9ydDox",
        "requestId": None,
        "energyWh": energy_wh,
        "energyKwh": energy_wh / 1000,
        "powerKw": 9.84,
        "cost": {"cents": energy_wh * 25 // 1000, "formatted": f"${energy_wh * 25 // 1000 / 100:,.2f}"},
        "at": "2026-11-22T08:48:00.000Z",
    }
    return orjson.dumps({"id": "1", "type": "next", "payload": {"data": {"energyUpdated": update}}}).decode()


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.watchers = set()
    if os.environ.get(BOARD):
        app.state.answer = {"data": board_asked()["data"]}
        await open_board(is_shared=False)
        await Tortoise.close_connections()
        app.state.database = sqlite3.connect(os.environ[DATABASE])

    async def tell(line: str) -> None:
        text = _next(int(line))
        for watcher in list(app.state.watchers):
            # One that left a moment ago.
            with suppress(WebSocketDisconnect, RuntimeError):
                await watcher.send_text(text)

    async with each_line(tell):
        yield


app = Starlette(routes=[Route("/graphql", ask, methods=["POST"]), WebSocketRoute("/graphql", watch)], lifespan=lifespan)

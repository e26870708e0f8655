"""The limit: the same frames on the same server, sent back as they came. Nothing is read, nothing is kept."""

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket


async def echo(websocket: WebSocket) -> None:
    await websocket.accept("ocpp1.6")
    async for text in websocket.iter_text():
        await websocket.send_text(text)


app = Starlette(routes=[WebSocketRoute("/ocpp/{identity}", echo)])

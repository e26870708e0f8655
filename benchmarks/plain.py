"""The plain way: the `ocpp` package's loop with its validation, and one `create()` a reading before its answer.

It does less than EVGraph: no session is moved, and no board is told.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.enums import Action, Measurand
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from tortoise import Tortoise, fields
from tortoise.models import Model

DATABASE = "EVGRAPH_BENCHMARK_PLAIN_DATABASE"


class Reading(Model):
    id = fields.BigIntField(primary_key=True)
    charge_point = fields.CharField(max_length=48)
    connector_id = fields.IntField()
    transaction_id = fields.IntField(null=True)
    at = fields.DatetimeField()
    register_wh = fields.BigIntField(null=True)
    power_w = fields.IntField(null=True)

    class Meta:
        table = "reading"
        indexes = (("transaction_id", "at"),)


class Connection:
    """What the package asks of a connection."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def recv(self) -> str:
        return await self._websocket.receive_text()

    async def send(self, text: str) -> None:
        await self._websocket.send_text(text)


class Charger(ChargePoint):
    @on(Action.meter_values)
    async def meter_values(
        self, connector_id: int, meter_value: list[dict[str, Any]], transaction_id: int | None = None
    ) -> call_result.MeterValues:
        for taken in meter_value:
            values = {sample["measurand"]: Decimal(sample["value"]) for sample in taken["sampled_value"]}
            await Reading.create(
                charge_point=self.id,
                connector_id=connector_id,
                transaction_id=transaction_id,
                at=datetime.fromisoformat(taken["timestamp"]),
                register_wh=values.get(Measurand.energy_active_import_register),
                power_w=values.get(Measurand.power_active_import),
            )
        return call_result.MeterValues()


async def serve(websocket: WebSocket) -> None:
    await websocket.accept("ocpp1.6")
    with suppress(WebSocketDisconnect):
        await Charger(websocket.path_params["identity"], Connection(websocket)).start()


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    url = f"sqlite://{os.environ[DATABASE]}?journal_mode=WAL&synchronous=FULL"
    await Tortoise.init(db_url=url, modules={"models": ["benchmarks.plain"]}, _enable_global_fallback=True)
    await Tortoise.generate_schemas()
    yield
    await Tortoise.close_connections()


app = Starlette(routes=[WebSocketRoute("/ocpp/{identity}", serve)], lifespan=lifespan)

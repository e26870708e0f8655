"""The limit of a reading's road: frames read with types and answered, alone or after a commit that many share.

It knows one message, moves no session and tells nobody. `EVGRAPH_BENCHMARK_DATABASE`: empty, a file, or postgresql://
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import asyncpg
import msgspec
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

DATABASE = "EVGRAPH_BENCHMARK_DATABASE"
TABLE = "bare_reading"
_COLUMNS = "charge_point, transaction_id, at, register_wh, power_w"
_MEASURANDS = ("Energy.Active.Import.Register", "Power.Active.Import")
_Reading = tuple[str, int, str, int, int]
_Write = Callable[[Sequence[_Reading]], Awaitable[object]]


class _Sample(msgspec.Struct):
    value: str
    measurand: str = "Energy.Active.Import.Register"


class _Taken(msgspec.Struct, rename="camel"):
    timestamp: str
    sampled_value: list[_Sample]


class _MeterValues(msgspec.Struct, rename="camel"):
    connector_id: int
    meter_value: list[_Taken]
    transaction_id: int = 0


_call = msgspec.json.Decoder(tuple[int, str, str, msgspec.Raw]).decode
_meter_values = msgspec.json.Decoder(_MeterValues).decode


class Batch:
    """What queued while the last commit ran goes into the next one."""

    def __init__(self, write: _Write) -> None:
        self._write = write
        self._waiting: list[tuple[_Reading, asyncio.Future[None]]] = []
        self._has_some = asyncio.Event()

    def put(self, reading: _Reading) -> asyncio.Future[None]:
        committed = asyncio.get_running_loop().create_future()
        self._waiting.append((reading, committed))
        self._has_some.set()
        return committed

    async def run(self) -> None:
        while True:
            await self._has_some.wait()
            self._has_some.clear()
            batch, self._waiting = self._waiting, []
            await self._write([reading for reading, _ in batch])
            for _, committed in batch:
                if not committed.done():
                    committed.set_result(None)


async def serve(websocket: WebSocket) -> None:
    identity, batch = websocket.path_params["identity"], websocket.app.state.batch
    await websocket.accept("ocpp1.6")
    async for text in websocket.iter_text():
        _, message_id, _, payload = _call(text)
        message = _meter_values(payload)
        for taken in message.meter_value:
            values = {sample.measurand: sample.value for sample in taken.sampled_value}
            register, power = (round(float(values[name])) for name in _MEASURANDS)
            if batch is not None:
                await batch.put((identity, message.transaction_id, taken.timestamp, register, power))
        await websocket.send_text(f'[3,"{message_id}",{{}}]')


@asynccontextmanager
async def _sqlite(file: str) -> AsyncIterator[_Write]:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as thread:
        connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"CREATE TABLE {TABLE} (id INTEGER PRIMARY KEY, {_COLUMNS})")

        def write(readings: Sequence[_Reading]) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(f"INSERT INTO {TABLE} ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)", readings)
            connection.execute("COMMIT")

        yield lambda readings: loop.run_in_executor(thread, write, readings)
        connection.close()


@asynccontextmanager
async def _postgres(url: str) -> AsyncIterator[_Write]:
    connection = await asyncpg.connect(url)
    await connection.execute(
        f"CREATE TABLE {TABLE} (id bigserial PRIMARY KEY, charge_point text, transaction_id int, at text,"
        " register_wh bigint, power_w int)"
    )
    statement = await connection.prepare(
        f"INSERT INTO {TABLE} ({_COLUMNS})"
        " SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::bigint[], $5::int[])"
    )
    yield lambda readings: statement.fetch(*map(list, zip(*readings, strict=True)))
    await connection.close()


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.batch = None
    database = os.environ.get(DATABASE)
    if not database:
        yield
        return
    async with _postgres(database) if database.startswith("postgres") else _sqlite(database) as write:
        app.state.batch = Batch(write)
        running = asyncio.create_task(app.state.batch.run())
        yield
        running.cancel()


app = Starlette(routes=[WebSocketRoute("/ocpp/{identity}", serve)], lifespan=lifespan)

"""X2, C10: the same charges, told in any order, through the handling of frames: whatever became of them, the books are
derived again from the frames that were kept, and nothing differs."""

import asyncio
import itertools
import json
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evgraph.domain.charge_point import Acceptance
from evgraph.ocpp.connection import Connection
from evgraph.ocpp.inbound import Peer
from evgraph.ocpp.inbound import Services as Served
from evgraph.ocpp.replay import Selection, replay
from evgraph.ocpp.replay.derived_sessions import Surroundings
from evgraph.ocpp.translate import iso
from evgraph.services.supplies import Supplies
from tests.services.test_any_order import (
    METER_START,
    Between,
    Telling,
    Told,
    Town,
    asked_for,
    stories,
    town,
)

__all__ = ["town"]

UNSET = "1970-01-01T00:00:00Z"
Json = dict[str, Any]


class InMemory:
    """A WebSocket of which both ends are here."""

    def __init__(self) -> None:
        self._to_us: asyncio.Queue[Json] = asyncio.Queue()
        self._to_it: asyncio.Queue[str] = asyncio.Queue()

    async def receive(self) -> Json:
        return await self._to_us.get()

    async def send_text(self, text: str) -> None:
        self._to_it.put_nowait(text)

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        self.hang_up()

    async def asks(self, text: str) -> Any:
        """The frame that answers."""
        self._to_us.put_nowait({"type": "websocket.receive", "text": text})
        return json.loads(await self._to_it.get())

    def hang_up(self) -> None:
        self._to_us.put_nowait({"type": "websocket.disconnect", "code": 1000})


@dataclass
class OnTheWire(Told):
    """A charge that is told in frames, over a connection of its own. `lost_clock`: which tellings bear no stamp."""

    lost_clock: frozenset[int] = frozenset()
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _told: Iterator[int] = field(default_factory=lambda: itertools.count(0))
    _socket: InMemory | None = None
    _serving: "asyncio.Task[None] | None" = None
    _connection_id: int = 0

    async def connect(self) -> None:
        house = self.town.house
        await house.charge_points.connected(self.charge_point_id)
        self._connection_id = await house.connections.opened(
            self.charge_point_id, remote="127.0.0.1", subprotocol="ocpp1.6", security_profile=0
        )
        self._socket = InMemory()
        connection = Connection(
            self._socket,  # type: ignore[arg-type]
            Peer(
                id=self.charge_point_id,
                garage_id=self.town.garage_id,
                identity=self.identity,
                acceptance=Acceptance.ACCEPTED,
            ),
            services=Served(
                charge_points=house.charge_points,
                transactions=house.transactions,
                metering=house.metering,
                jobs=house.jobs,
                certificates=house.certificates,
                security_events=house.security_events,
            ),
            frame_log=house.frames,
            clock=house.clock,
            heartbeat_interval=300,
        )
        self._serving = asyncio.create_task(connection.run())

    async def hang_up(self) -> None:
        if self._socket is None or self._serving is None:
            return
        self._socket.hang_up()
        await self._serving
        self._socket = self._serving = None
        house = self.town.house
        await house.connections.closed(self._connection_id, code=1000, reason=None)
        await house.charge_points.disconnected(self.charge_point_id)

    async def call(self, action: str, payload: Json) -> Json:
        if self._socket is None:
            await self.connect()
        assert self._socket is not None
        kind, _, answer = await self._socket.asks(json.dumps([2, f"m{next(self._count)}", action, payload]))
        assert kind == 3, answer
        return answer  # type: ignore[no-any-return]

    async def tell(self, telling: Telling) -> None:
        message = telling.message
        stamp = UNSET if next(self._told) in self.lost_clock else iso(self.at(message.minute))
        register = METER_START + message.wh
        named = {} if (it := self._named(telling)) is None else {"transactionId": it}
        match message.kind:
            case "start":
                start = {"connectorId": 1, "idTag": self.id_tag, "meterStart": METER_START, "timestamp": stamp}
                self.transaction_id = (await self.call("StartTransaction", start))["transactionId"]
            case "reading":
                value = {"timestamp": stamp, "sampledValue": [{"value": str(register)}]}
                await self.call("MeterValues", {"connectorId": 1, "meterValue": [value], **named})
            case "stop":
                tells = {"idTag": self.id_tag} if telling.tells_tag else {}
                stop = {"meterStop": register, "timestamp": stamp, "reason": "EVDisconnected", **tells}
                await self.call("StopTransaction", {"transactionId": -1, **stop, **named})
            case _:
                status = {"connectorId": 1, "status": message.status, "errorCode": "NoError", "timestamp": stamp}
                await self.call("StatusNotification", status)

    async def meanwhile(self, between: Between) -> None:
        self.town.clock.turn(seconds=between.seconds)
        house = self.town.house
        match between.what:
            case "reconnect" | "offline":
                await self.hang_up()
                if between.what == "reconnect":
                    await self.connect()
            case "boot":
                await self.call("BootNotification", {"chargePointVendor": "Phihong", "chargePointModel": "AX48"})
            case "restart":
                await self.hang_up()
                await house.frame_writer.write()
                await self.town.restart()
            case "look":
                await house.upkeep.look()


async def _nothing_differs(town: Town, told: OnTheWire, story: list[Telling | Between]) -> None:
    town.clock.turn(minutes=62)
    try:
        for event in story:
            # Whatever is told takes a moment.
            town.clock.turn(seconds=0.01)
            if isinstance(event, Between):
                await told.meanwhile(event)
            else:
                await told.tell(event)
    finally:
        await told.hang_up()
    town.clock.turn(minutes=6)
    await town.house.upkeep.look()
    await town.house.frame_writer.write()
    report = await replay(Selection(charge_point=told.identity), supplies=Supplies(), now=town.clock.now())
    assert report.differences == []
    assert (report.proven, report.untold) == (1, [])


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    story=stories(),
    stops=st.booleans(),
    lost_clock=st.one_of(st.just(frozenset()), st.frozensets(st.integers(0, 12), max_size=3)),
)
def test_c10_nothing_differs_after_any_story(
    town: tuple[Town, Callable[[Coroutine[Any, Any, None]], None]],
    story: list[Telling | Between],
    stops: bool,
    lost_clock: frozenset[int],
) -> None:
    garage, run = town

    async def tell() -> None:
        asked = await asked_for(garage)
        told = OnTheWire(**vars(asked), lost_clock=lost_clock)
        await _nothing_differs(
            garage, told, [one for one in story if stops or isinstance(one, Between) or one.message.kind != "stop"]
        )

    run(tell())


def test_b7_a_connection_that_ends_in_the_moment_of_a_frame_was_open_then() -> None:
    opened, closed = datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 1, 13, tzinfo=UTC)
    around = Surroundings(
        garage_id=1, charge_point_id=2, supplies={}, reported=frozenset({1}), connections=[(opened, closed)]
    )
    assert around.connected_since(closed) == opened
    assert around.connected_since(closed + timedelta(microseconds=1)) is None

"""A socket that is not read: it costs the others nothing, and is told what is when it reads again."""

import asyncio
import base64
import gc
import json
import os
import socket as sockets
from dataclasses import replace
from itertools import pairwise

import pytest

from evgraph.domain.events import EnergyMetered
from evgraph.domain.people import Role
from evgraph.models import SessionRow
from evgraph.schema.global_ids import key_of
from evgraph.sharing import group as groups
from evgraph.sockets import FramesProtocol
from tests.graphql.conftest import serving
from tests.patience import PATIENCE_S

BOARD = "subscription($id: ID!) { boardUpdated(garageId: $id) { revision isSnapshot ports { id name } } }"
ENERGY = "subscription($id: ID!) { energyUpdated(garageId: $id) { sessionId energyWh at } }"
LINE_ITEMS = "subscription($id: ID!) { lineItemAdded(garageId: $id) { id stay { ticketNumber } } }"
KERNEL = 16 * 1024


@pytest.fixture
async def served(world):
    async with serving(world.graph, FramesProtocol, send_buffer=KERNEL) as address:
        yield address


@pytest.fixture
async def operator(world):
    operator = await world.sign_in(Role.OPERATOR)
    await operator.do("setRate", "rate { id }", garageId=world.garage.id, kind="PER_KWH", amountCents="25")
    return operator


class Raw:
    """A WebSocket of which every byte is read by hand, or not."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, address: str, token: str) -> "Raw":
        host, port = address.split(":")
        plain = sockets.socket()
        plain.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, KERNEL)
        plain.setblocking(False)
        await asyncio.get_running_loop().sock_connect(plain, (host, int(port)))
        raw = cls(*await asyncio.open_connection(sock=plain, limit=KERNEL))
        key = base64.b64encode(os.urandom(16)).decode()
        raw._writer.write(
            f"GET /graphql HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )
        await raw._reader.readuntil(b"\r\n\r\n")
        raw.send(type="connection_init", payload={"authToken": token})
        assert (await raw.receive())["type"] == "connection_ack"
        return raw

    def send(self, **message) -> None:
        text = json.dumps(message).encode()
        length = bytes((0x80 | len(text),)) if len(text) < 126 else bytes((0xFE,)) + len(text).to_bytes(2, "big")
        self._writer.write(b"\x81" + length + bytes(4) + text)

    def subscribe(self, document: str, id_: str = "1", **variables) -> None:
        self.send(type="subscribe", id=id_, payload={"query": document, "variables": variables})

    async def frame(self) -> tuple[int, bytes]:
        head = await self._reader.readexactly(2)
        length = head[1]
        if length == 126:
            length = int.from_bytes(await self._reader.readexactly(2), "big")
        elif length == 127:
            length = int.from_bytes(await self._reader.readexactly(8), "big")
        return head[0] & 0x0F, await self._reader.readexactly(length)

    async def receive(self) -> dict:
        """The next message; pings are passed over."""
        while True:
            opcode, data = await asyncio.wait_for(self.frame(), PATIENCE_S)
            if opcode == 1:
                return json.loads(data)
            assert opcode == 9, (opcode, data)

    async def close(self) -> None:
        self._writer.close()


async def running_session(world, operator):
    waiting = await world.check_in(operator)
    session = await world.start(operator, waiting["request"]["id"])
    await world.garage.begin(session)
    return (await SessionRow.get(id=key_of("ChargingSession", session))).value()


async def flood(world, session, sessions: int, energy_wh: int) -> None:
    """A reading of each of so many sessions, as many at a time as one commit brings. The sessions are in no database,
    where a reader that lags would look for them: each has taken all of it when the next are published."""
    for first in range(0, sessions, 200):
        for number in range(first, min(first + 200, sessions)):
            at = world.clock.now()
            metered = replace(session, id=session.id + 1 + number, energy_wh=energy_wh, last_meter_at=at)
            world.house.bus.publish(EnergyMetered(garage_id=session.garage_id, session=metered, rate=None, at=at))
        await all_is_taken(world)


async def all_is_taken(world) -> None:
    """Returns once nothing that was published waits for a reader."""
    await until(lambda: not any(feed._waiting for feeds in world.house.bus._feeds.values() for feed in feeds))


def the_group(world):
    (running,) = world.graph.sharing._running.values()
    return running.group


async def until(holds) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_who_does_not_read_costs_the_others_nothing(world, operator, served, connect):
    session = await running_session(world, operator)
    stuck = await Raw.open(served, operator.token)
    stuck.subscribe(ENERGY, id=world.garage.id)
    async with connect(operator.token) as reading:
        await reading.subscribe(ENERGY, id=world.garage.id)
        assert (await reading.next())["energyUpdated"]["energyWh"] == 0
        rounds, told = 0, 0
        while not the_group(world).has_slow:
            rounds += 1
            assert rounds < 20
            world.clock.turn(seconds=1)
            await flood(world, session, 1000, rounds)
            for _ in range(1000):
                assert (await reading.next())["energyUpdated"]["energyWh"] == rounds
                told += 1
        # Bounded: what waits for the one who does not read grows no more.
        (slow,) = [member for members in the_group(world)._slow.values() for member in members]
        waits = slow.line.waiting()
        assert waits > 256 * 1024
        world.clock.turn(seconds=1)
        await flood(world, session, 1000, rounds + 1)
        for _ in range(1000):
            assert (await reading.next())["energyUpdated"]["energyWh"] == rounds + 1
        assert slow.line.waiting() <= waits

        # It reads again: what was sent, then what is, in one reading of each session that runs.
        read = [(await stuck.receive())["payload"]["data"]["energyUpdated"] for _ in range(2)]
        while the_group(world).has_slow:
            read.append((await stuck.receive())["payload"]["data"]["energyUpdated"])
        world.clock.turn(seconds=1)
        await flood(world, session, 1, 999_999)
        while read[-1]["energyWh"] != 999_999:
            read.append((await stuck.receive())["payload"]["data"]["energyUpdated"])
        assert len(read) < told
        assert read[-2]["energyWh"] == 0
    await stuck.close()


async def test_a_board_that_was_slow_gets_a_snapshot_and_then_every_revision(world, operator, served, connect):
    stuck = await Raw.open(served, operator.token)
    # Something else on the same socket fills it.
    session = await running_session(world, operator)
    stuck.subscribe(ENERGY, id_="energy", id=world.garage.id)
    stuck.subscribe(BOARD, id_="board", id=world.garage.id)
    await until(lambda: world.graph.sharing.member_count == 2)
    by_document = {running.sharable.text: running.group for running in world.graph.sharing._running.values()}
    rounds = 0
    while not by_document[BOARD].has_slow:
        rounds += 1
        assert rounds < 20
        world.clock.turn(seconds=1)
        await flood(world, session, 1000, rounds)
        await operator.do("renamePort", "port { id }", portId=world.garage.ports[0], name=f"Port {rounds}")
        await all_is_taken(world)
    for number in range(5):
        await operator.do("renamePort", "port { id }", portId=world.garage.ports[0], name=f"Missed {number}")
    boards = []
    while not boards or not boards[-1]["ports"] or boards[-1]["ports"][-1]["name"] != "Last":
        message = await stuck.receive()
        if message["id"] == "board":
            boards.append(message["payload"]["data"]["boardUpdated"])
        if not any(group.has_slow for group in by_document.values()) and boards and boards[-1]["isSnapshot"]:
            await operator.do("renamePort", "port { id }", portId=world.garage.ports[0], name="Last")
    assert [board["isSnapshot"] for board in boards].count(True) == 2
    for before, after in pairwise(boards):
        assert after["isSnapshot"] or after["revision"] == before["revision"] + 1
    await stuck.close()


async def test_a_till_that_was_slow_misses_no_line_item(world, operator, served):
    stuck = await Raw.open(served, operator.token)
    session = await running_session(world, operator)
    await world.garage.end(session.id, 2000)
    stuck.subscribe(ENERGY, id_="energy", id=world.garage.id)
    stuck.subscribe(LINE_ITEMS, id_="items", id=world.garage.id)
    await until(lambda: world.house.bus.reader_count == 2)
    by_document = {running.sharable.text: running.group for running in world.graph.sharing._running.values()}
    rounds, tickets = 0, []
    while len(tickets) < 3 or not by_document[LINE_ITEMS].has_slow:
        rounds += 1
        assert rounds < 20
        world.clock.turn(seconds=1)
        await flood(world, session, 1000, rounds)
        charged = await world.charge(operator, f"CAR {rounds}")
        tickets.append(charged["stay"]["ticketNumber"])
    told = []
    while len(told) < len(tickets):
        message = await stuck.receive()
        if message["id"] == "items":
            told.append(message["payload"]["data"]["lineItemAdded"]["stay"]["ticketNumber"])
    assert told == tickets
    await stuck.close()


async def test_who_stays_stuck_is_closed_with_a_reason(world, operator, served, monkeypatch):
    # A minute of the event loop's own clock, which nobody can turn.
    monkeypatch.setattr(groups, "_STUCK_S", 0.3)
    session = await running_session(world, operator)
    stuck = await Raw.open(served, operator.token)
    stuck.subscribe(ENERGY, id=world.garage.id)
    await until(lambda: world.graph.sharing.member_count == 1)
    rounds = 0
    while world.graph.sharing.member_count and not the_group(world).has_slow:
        rounds += 1
        assert rounds < 20
        world.clock.turn(seconds=1)
        await flood(world, session, 1000, rounds)
    await until(lambda: world.graph.sharing.group_count == 0)
    assert world.house.bus.reader_count == 0
    while (frame := await asyncio.wait_for(stuck.frame(), PATIENCE_S))[0] != 8:
        pass
    assert int.from_bytes(frame[1][:2], "big") == 1013
    assert frame[1][2:].decode() == "What was sent has not been read for a minute."
    await stuck.close()


async def test_a_flood_of_readings_is_told_at_a_pace_and_to_its_end(world, operator, connect):
    waiting = await world.check_in(operator)
    transaction = await world.garage.begin(await world.start(operator, waiting["request"]["id"]))
    readings, published = 1000, 0
    now = asyncio.get_running_loop().time
    async with connect(operator.token) as socket:
        await socket.subscribe(ENERGY, id=world.garage.id)
        await socket.next()
        begun = now()
        with world.house.bus.subscribe(world.garage.key) as feed:
            for reading in range(1, readings + 1):
                world.clock.turn(seconds=1)
                await world.garage.meter(transaction, 1000 + reading)
                published += isinstance(feed.take(), EnergyMetered)
        assert published == readings
        told = []
        while not told or told[-1] != readings:
            told.append((await socket.next())["energyUpdated"]["energyWh"])
        took = now() - begun
    assert told == sorted(set(told))
    # Ten times a second at most: how many that is depends on how long the machine takes for the readings.
    assert len(told) <= took * 10 + 1


@pytest.mark.slow
async def test_ten_thousand_who_come_and_go_leave_nothing(world, operator, connect):
    """Of what they were made of: tasks, groups, members, feeds."""
    cycles, at_once = 10_000, 100

    def left() -> dict[str, int]:
        gc.collect()
        kinds = ("Member", "Group", "_Cohort", "Feed", "Paced", "Execution", "SharedContext", "Task")
        return {name: sum(type(one).__name__ == name for one in gc.get_objects()) for name in kinds}

    async with connect(operator.token) as staying, connect(operator.token) as socket:
        await staying.subscribe(BOARD, id=world.garage.id)
        await staying.next()
        before = None
        for first in range(0, cycles, at_once):
            for number in range(first, first + at_once):
                document = (BOARD, ENERGY)[number % 2]
                await socket.subscribe(document, id_=str(number), id=world.garage.id)
                await socket.send(type="complete", id=str(number))
            await socket.send(type="ping")
            while (await socket.receive())["type"] != "pong":
                pass
            if first == 10 * at_once:
                await until(lambda: world.graph.sharing.member_count == 1)
                before = left()
        await until(lambda: world.graph.sharing.member_count == 1)
        await until(lambda: world.graph.sharing.group_count == 1)
        await until(lambda: all(left()[name] <= count + 5 for name, count in before.items()))
        await world.check_in(operator)
        assert (await staying.next())["boardUpdated"]["isSnapshot"] is False

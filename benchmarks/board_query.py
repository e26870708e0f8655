"""Queries out: whole boards answered a second."""

import asyncio
import itertools
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic, monotonic_ns
from typing import Any

import orjson

from benchmarks import busy_garage, graph_limits, house, peers, plain_board, plain_graph
from benchmarks.charger import Charger
from benchmarks.contenders import Machine, entered, evgraph, uvicorn
from benchmarks.databases import Postgres, Sqlite, postgres
from benchmarks.http_client import Http
from benchmarks.measured import RATE_HEAD, Line, Role, Run, Section, Waits, rate_bars, rate_lines, rate_row
from benchmarks.operations import BOARD
from benchmarks.plan import Plan
from benchmarks.process import Meter, Server
from benchmarks.progress import Tell

CONNECTIONS = 8
CHANGED, UNCHANGED = ", board changed", ", board unchanged"
SQLITE, POSTGRES = "EVGraph, SQLite", "EVGraph, PostgreSQL"
PREFETCH, LOADERS = "Strawberry, Tortoise prefetch", "Strawberry, Tortoise, data loaders"
POSTGRAPHILE = "PostGraphile 5, PostgreSQL"
MERCURIUS_JIT = "Mercurius with JIT, from memory"
ONE_SQL, READY = "limit: one SQL that builds the JSON", "limit: orjson of a ready object"
_PEERS = {
    "Apollo Server 5, from memory": ("apollo", {}),
    "Yoga 5, from memory": ("yoga", {}),
    "Mercurius, from memory": ("mercurius", {}),
    MERCURIUS_JIT: ("mercurius", {"JIT": "1"}),
}
_NO_FRAMES = {"EVGRAPH_FRAMES_KEPT_DAYS": "0"}
_FIRST_REGISTER = 100_000
_LAST_ANSWERS_S = 15.0
_POSTGRAPHILE = """
query Board($id: String!) {
  garageByRowId(rowId: $id) {
    name
    revision
    portsByGarageId(orderBy: PLACE_ASC) { nodes { rowId name status } }
    requestsByGarageId(orderBy: PLACE_ASC) {
      nodes { rowId status licensePlate sessionByRequestId { energyKwh portByPortId { name } } }
    }
  }
}
"""


@dataclass(kw_only=True)
class Lane:
    """One connection, opened for a run: servers close those that rest. With a charger, its reading is answered before
    each query, which then shows it: `changed` gives the next reading and what the answer must hold."""

    body: bytes
    token: str = ""
    charger: Charger | None = None
    changed: Callable[[], tuple[int, bytes]] | None = None
    expected: bytes = b""
    http: Http = field(default_factory=Http)
    is_done: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A server with what it is asked."""

    role: Role
    server: Server
    lanes: Sequence[Lane]


async def measure(machine: Machine, plan: Plan, tell: Tell) -> list[Section]:
    runs: defaultdict[str, list[Run]] = defaultdict(list)
    sizes: dict[str, int] = {}
    async with AsyncExitStack() as opened:
        tell("Board queries: filling the boards")
        contenders = await _contenders(opened, machine, plan)
        for round_ in range(1, plan.rounds + 1):
            for name, asked in contenders.items():
                tell(f"Board queries, run {round_} of {plan.rounds}: {name}")
                run, sizes[name] = await closed_loop(asked, seconds=plan.board_query, warm_up=plan.warm_up)
                runs[name].append(run)
    lines = [Line(name=name, role=asked.role, runs=runs[name]) for name, asked in contenders.items()]
    return [_section(lines, sizes)]


async def closed_loop(asked: Asked, *, seconds: float, warm_up: float) -> tuple[Run, int]:
    """And how many bytes the last answer had."""
    waits: list[int] = []
    until = monotonic() + warm_up + seconds
    size = 0

    def begin(lane: Lane) -> None:
        if lane.charger is not None and lane.changed is not None:
            register, lane.expected = lane.changed()
            lane.charger.meter(register)
        else:
            ask(lane)

    def ask(lane: Lane) -> None:
        asked_ns = monotonic_ns()

        def answered(answer: bytes) -> None:
            nonlocal size
            waits.append(monotonic_ns() - asked_ns)
            size = len(answer)
            if lane.expected not in answer:
                lane.http.failure = RuntimeError(f"{lane.expected.decode()} is missing in {answer[:300].decode()}")
            if monotonic() < until and lane.http.failure is None:
                begin(lane)
            else:
                lane.is_done.set()

        lane.http.post(lane.body, answered)

    for lane in asked.lanes:
        lane.http = await Http().open(asked.server.port, lane.token)
    for lane in asked.lanes:
        lane.is_done.clear()
        if lane.charger is not None:
            lane.charger.answered = lambda _, __, lane=lane: ask(lane)  # type: ignore[misc]
        begin(lane)
    await asyncio.sleep(warm_up)
    waits.clear()
    meter = Meter(asked.server)
    await asyncio.sleep(until - monotonic())
    usage, measured = meter.read(), waits.copy()
    async with asyncio.timeout(_LAST_ANSWERS_S):
        await asyncio.gather(*(lane.is_done.wait() for lane in asked.lanes))
    for lane in asked.lanes:
        if lane.http.failure is not None:
            raise lane.http.failure
        lane.http.close()
    return Run(a_second=len(measured) / usage.seconds, waits=Waits.of(measured), usage=usage), size


async def _contenders(opened: AsyncExitStack, machine: Machine, plan: Plan) -> dict[str, Asked]:
    """Each has been asked once, and its board has been found to be the same."""
    database = opened.enter_context(postgres(machine.folder)) if plan.has_postgres else None
    houses = {SQLITE: busy_house(machine, Sqlite(machine.folder / "evgraph.sqlite3"), SQLITE)}
    if database is not None:
        houses[POSTGRES] = busy_house(machine, await database.beside("house"), POSTGRES)
    filled = await entered(opened, houses)
    made = {name: asked for house, _ in filled.values() for name, asked in house.items()}
    board = filled[SQLITE][1]
    kept = {plain_board.BOARD: str(machine.folder / "board.json")}
    (machine.folder / "board.json").write_bytes(orjson.dumps(board))
    servers = await entered(opened, _servers(machine, plan, kept))
    for name, server in servers.items():
        made[name] = await _same(_role(name), server, board)
    if plan.has_peers and peers.are_installed() and database is not None:
        made[POSTGRAPHILE] = await _postgraphile(opened, machine, await database.beside("board"), kept, board)
    return made


def _servers(machine: Machine, plan: Plan, kept: Mapping[str, str]) -> dict[str, AbstractAsyncContextManager[Server]]:
    def app(name: str, setting: str, value: str) -> AbstractAsyncContextManager[Server]:
        file = {plain_board.DATABASE: str(machine.folder / f"{value}.sqlite3")}
        return uvicorn(machine, f"benchmarks.{name}:app", {**kept, **file, setting: value})

    made = {
        PREFETCH: app("plain_graph", plain_graph.LOADS, "prefetch"),
        LOADERS: app("plain_graph", plain_graph.LOADS, "loaders"),
        ONE_SQL: app("graph_limits", graph_limits.LIMIT, "sql"),
        READY: app("graph_limits", graph_limits.LIMIT, "ready"),
    }
    if plan.has_peers and peers.are_installed():
        for name, (script, environment) in _PEERS.items():
            made[name] = peers.peer(machine, script, {**kept, **environment})
    return made


def _role(name: str) -> Role:
    if name in (ONE_SQL, READY):
        return Role.LIMIT
    return Role.PLAIN if name in (PREFETCH, LOADERS) else Role.PEER


@asynccontextmanager
async def busy_house(
    machine: Machine, database: Sqlite | Postgres, name: str
) -> AsyncIterator[tuple[dict[str, Asked], dict[str, Any]]]:
    """EVGraph with a busy board, to be asked in two ways; and that board."""
    async with evgraph(machine, database, busy_garage.PORTS, is_charging=False, environment=_NO_FRAMES) as contender:
        token, garage_id = await house.sign_in(contender.server.port, house.ATTENDANT)
        began = await busy_garage.fill(contender, token)
        body, server = _body(garage_id), contender.server
        changing = [
            Lane(
                body=body,
                token=token,
                charger=charger,
                changed=_changes(began[place], itertools.count(_FIRST_REGISTER)),
            )
            for place, charger in enumerate(contender.chargers)
        ]
        resting = [Lane(body=body, token=token) for _ in range(CONNECTIONS)]
        data = await _ask(server, BOARD, garage_id, token)
        _check_board(data["garage"]["board"])
        yield (
            {
                name + CHANGED: Asked(role=Role.OURS, server=server, lanes=changing),
                name + UNCHANGED: Asked(role=Role.OURS, server=server, lanes=resting),
            },
            {"id": garage_id, "data": data},
        )


def _changes(began: int, registers: "Iterator[int]") -> Callable[[], tuple[int, bytes]]:
    def change() -> tuple[int, bytes]:
        register = next(registers)
        return register, b'"energyKwh":%b' % orjson.dumps((register - began) / 1000)

    return change


def _check_board(board: dict[str, Any]) -> None:
    cards = [*board["needsCharging"], *board["charging"], *board["charged"]]
    with_session = [card for card in cards if card["session"]["port"]["name"]]
    counted = (len(board["ports"]), len(cards), len(with_session))
    expected = (busy_garage.PORTS, busy_garage.PORTS * busy_garage.VEHICLES_A_PORT)
    if counted != (*expected, expected[1]):
        raise RuntimeError(f"The board has {counted} ports, requests and sessions.")


async def _same(role: Role, server: Server, board: dict[str, Any]) -> Asked:
    lanes = [Lane(body=_body(board["id"])) for _ in range(CONNECTIONS)]
    found = await _ask(server, BOARD, board["id"])
    if found != board["data"]:
        raise RuntimeError(f"Another board was answered: {str(found)[:500]}")
    return Asked(role=role, server=server, lanes=lanes)


async def _postgraphile(
    opened: AsyncExitStack, machine: Machine, database: Postgres, kept: Mapping[str, str], board: dict[str, Any]
) -> Asked:
    environment = {**kept, plain_board.DATABASE: database.url}
    code = "import asyncio; from benchmarks.plain_board import fill; asyncio.run(fill())"
    filling = await asyncio.create_subprocess_exec(sys.executable, "-c", code, env={**os.environ, **environment})
    if await filling.wait():
        raise RuntimeError("The tables for PostGraphile could not be filled.")
    server = await opened.enter_async_context(peers.peer(machine, "postgraphile", environment))
    lanes = [Lane(body=_body(board["id"], _POSTGRAPHILE)) for _ in range(CONNECTIONS)]
    found = (await _ask(server, _POSTGRAPHILE, board["id"]))["garageByRowId"]
    ours = board["data"]["garage"]["board"]
    cards = [*ours["needsCharging"], *ours["charging"], *ours["charged"]]
    theirs = [_card(card) for card in found["requestsByGarageId"]["nodes"]]
    if theirs != [(card["id"], card["session"]["energyKwh"]) for card in cards]:
        raise RuntimeError(f"PostGraphile answered another board: {str(found)[:300]}")
    return Asked(role=Role.PEER, server=server, lanes=lanes)


async def _ask(server: Server, query: str, garage_id: str, token: str = "") -> Any:
    http = await Http().open(server.port, token)
    try:
        return await http.ask(query, id=garage_id)
    finally:
        http.close()


def _card(node: dict[str, Any]) -> tuple[str, float]:
    return node["rowId"], node["sessionByRequestId"]["energyKwh"]


def _body(garage_id: str, query: str = BOARD) -> bytes:
    return orjson.dumps({"query": query, "variables": {"id": garage_id}})


def _section(lines: list[Line], sizes: dict[str, int]) -> Section:
    by_name = {line.name: line for line in lines}
    database_peer = [by_name[POSTGRAPHILE]] if POSTGRAPHILE in by_name else []
    memory_peers = [by_name[name] for name in _PEERS if name in by_name]
    plain = by_name[PREFETCH]
    from_tables = [plain, by_name[LOADERS], *database_peer, by_name[ONE_SQL]]
    from_memory = [plain, by_name[LOADERS], *memory_peers, by_name[READY]]
    rows = [
        rate_row(f"board query: {name}{state}", "a second", by_name[name + state], others, least=goal)
        for name in (SQLITE, POSTGRES)
        for state, others, goal in ((CHANGED, from_tables, 2_000), (UNCHANGED, from_memory, 5_000))
        if name + state in by_name
    ]
    return Section(
        name="board-query",
        title="Whole boards answered a second, on one core",
        head=RATE_HEAD,
        lines=rate_lines(lines, ratios_to=plain),
        rows=rows,
        bars=rate_bars(lines),
        how=_HOW,
        facts=["Bytes of a board: " + ", ".join(f"{size:,} ({name})" for name, size in sizes.items()) + "."],
    )


_HOW = """\
A garage with 20 ports and 60 requests, each with a session, asked for with its revision, every port and every card
(`benchmarks/graph/board.graphql`): some 680 values. It was filled through the API and the chargers' sockets. Before
anything is measured, each contender's answer is compared with EVGraph's, value by value (PostGraphile's by its cards).

- **board changed**: on each of 20 connections, a charger's reading is answered before each query, and the query's
  answer must show its energy: as many readings as queries, and the server's time for both is counted.
- **board unchanged**, and everybody else: 8 connections, each asks when it was answered. EVGraph looks up the viewer of
  each query; nobody else asks who that is.
- **Strawberry** (`benchmarks/plain_graph.py`) over four tables in SQLite, with the vehicle in the request's row.
- **PostGraphile** on the same four tables, on the PostgreSQL that EVGraph is measured on. The other peers answer from
  memory: what they are compared with is the board that has not changed.
- **limits** (`benchmarks/graph_limits.py`): no GraphQL, a fixed answer.
"""

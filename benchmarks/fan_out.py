"""Updates out: energy told to many subscribers of one garage."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from benchmarks import peers
from benchmarks.board import Board
from benchmarks.contenders import Machine, entered, evgraph, uvicorn
from benchmarks.databases import Sqlite
from benchmarks.load import Chargers, Source, paced, raise_failures, watching
from benchmarks.measured import (
    PACED_HEAD,
    RATE_HEAD,
    Line,
    Role,
    Run,
    Section,
    paced_lines,
    rate_bars,
    rate_lines,
    rate_row,
    waits_row,
)
from benchmarks.plan import Plan
from benchmarks.process import Meter, Server
from benchmarks.progress import Tell

CHARGE_POINTS = 50
CEILING_BOARDS, UPDATES_A_SECOND = 250, 20
# So many updates are owed to each board at the most, in the search for the ceiling.
OUTSTANDING = 4
EVGRAPH, PLAIN = "EVGraph", "Strawberry"
BROADCAST, WS = "limit: the same bytes to all, Starlette", "limit of Node: the same bytes to all, ws"
_PEERS = {"Yoga 5": "yoga", "graphql-ws": "graphql-ws", "Mercurius": "mercurius", WS: "ws"}
_TOLD_AGAIN_S = 0.2
_SETTLED_S = 0.3
_OPENING_S = 30.0


class Feed:
    """News that a server takes from its standard input."""

    def __init__(self, server: Server) -> None:
        if server.feed is None:
            raise RuntimeError("This server is not fed.")
        self.answers: list[int] = []
        self._pipe = server.feed

    def send(self, energy_wh: int) -> bool:
        self._pipe.write(b"%d\n" % energy_wh)
        return True

    async def rest(self) -> None:
        await self._pipe.drain()


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A server, and where its updates come from; `running`: sessions that a board is told of when it opens."""

    role: Role
    server: Server
    source: Source
    token: str = ""
    garage_id: str = "R2FyYWdlOjE="
    running: int = 0
    registers: "Iterator[int]" = field(default_factory=lambda: itertools.count(1))


async def measure(machine: Machine, plan: Plan, tell: Tell) -> list[Section]:
    ceilings: defaultdict[str, list[Run]] = defaultdict(list)
    at_a_pace: defaultdict[str, list[Run]] = defaultdict(list)
    notes: dict[str, str] = {}
    few, many = min(CEILING_BOARDS, plan.most_boards), plan.most_boards
    async with AsyncExitStack() as opened:
        watched = await _contenders(opened, machine, plan)
        for round_ in range(1, plan.rounds + 1):
            for name, contender in watched.items():
                tell(f"Fan-out, run {round_} of {plan.rounds}: {name}, {few} boards")
                async with open_boards(contender, few) as boards:
                    ceilings[name].append(await ceiling(contender, boards, plan))
        for round_ in range(1, plan.rounds + 1):
            for name, contender in watched.items():
                if name in notes:
                    continue
                tell(f"Fan-out, run {round_} of {plan.rounds}: {name}, {many} boards at an even pace")
                try:
                    async with asyncio.timeout(_OPENING_S) as opening, open_boards(contender, many) as boards:
                        opening.reschedule(None)
                        at_a_pace[name].append(await _at_a_pace(contender, boards, plan))
                except TimeoutError as failure:
                    notes[name] = str(failure) or f"{many} boards did not open in {_OPENING_S:.0f} s"
    return _sections(watched, ceilings, at_a_pace, notes, few, many)


async def ceiling(contender: Watched, boards: Sequence[Board], plan: Plan) -> Run:
    """As many as are delivered: the next update is made when all but a few are told to everyone. What is not told any
    more, because a newer one took its place, is not waited for."""
    source, count = contender.source, len(boards)
    delivered = made = forgiven = 0

    def told(energy_wh: int = 0, at_ns: int = 0) -> None:
        nonlocal delivered, made
        delivered += 1
        while is_open and delivered + forgiven > (made - OUTSTANDING) * count:
            made += 1
            source.send(next(contender.registers))

    async def forgive() -> None:
        nonlocal forgiven, delivered
        before = -1
        while True:
            if before == delivered:
                forgiven = made * count - delivered
                delivered -= 1
                told()
            before = delivered
            await asyncio.sleep(_TOLD_AGAIN_S)

    is_open = True
    for board in boards:
        board.told = told
    forgiving = asyncio.create_task(forgive())
    try:
        delivered -= 1
        told()
        await asyncio.sleep(plan.warm_up)
        begun, meter = (delivered, made), Meter(contender.server)
        await asyncio.sleep(plan.fan_out)
        usage, ended = meter.read(), (delivered, made)
    finally:
        is_open = False
        forgiving.cancel()
    await source.rest()
    raise_failures(boards)
    told_to_all, owed = ended[0] - begun[0], (ended[1] - begun[1]) * count
    return Run(a_second=told_to_all / usage.seconds, usage=usage, share=min(told_to_all / owed, 1.0) if owed else 0.0)


async def _at_a_pace(contender: Watched, boards: Sequence[Board], plan: Plan) -> Run:
    return await paced(
        contender.source,
        contender.server,
        contender.registers,
        boards,
        seconds=plan.fan_out,
        a_second=UPDATES_A_SECOND,
        warm_up=plan.warm_up,
    )


@asynccontextmanager
async def open_boards(contender: Watched, count: int) -> AsyncIterator[list[Board]]:
    """Every board has had an update, and nothing is under way."""
    async with watching(
        contender.server, count, token=contender.token, garage_id=contender.garage_id, running=contender.running
    ) as boards:
        while any(board.updates <= contender.running for board in boards):
            contender.source.send(next(contender.registers))
            await asyncio.sleep(_TOLD_AGAIN_S)
        await _settled(boards)
        yield boards
    await asyncio.sleep(_SETTLED_S)


async def _settled(boards: Sequence[Board]) -> None:
    before = -1
    while before != (now := sum(board.updates for board in boards)):
        before = now
        await asyncio.sleep(_SETTLED_S)


@asynccontextmanager
async def watched_house(machine: Machine, plan: Plan) -> AsyncIterator[Watched]:
    """EVGraph, with a garage whose chargers all charge."""
    count = min(CHARGE_POINTS, plan.charge_points_together)
    database = Sqlite(machine.folder / "evgraph.sqlite3")
    async with evgraph(machine, database, count, environment={"EVGRAPH_FRAMES_KEPT_DAYS": "0"}) as house:
        yield Watched(
            role=Role.OURS,
            server=house.server,
            source=Chargers(house.chargers),
            token=house.token,
            garage_id=house.garage_id,
            running=len(house.chargers),
            registers=house.registers,
        )


@asynccontextmanager
async def _fed(role: Role, serving: AbstractAsyncContextManager[Server]) -> AsyncIterator[Watched]:
    async with serving as server:
        yield Watched(role=role, server=server, source=Feed(server))


async def _contenders(opened: AsyncExitStack, machine: Machine, plan: Plan) -> dict[str, Watched]:
    contexts: dict[str, AbstractAsyncContextManager[Watched]] = {
        EVGRAPH: watched_house(machine, plan),
        PLAIN: _fed(Role.PLAIN, uvicorn(machine, "benchmarks.plain_graph:app", {})),
        BROADCAST: _fed(Role.LIMIT, uvicorn(machine, "benchmarks.graph_limits:app", {})),
    }
    if plan.has_peers and peers.are_installed():
        for name, script in _PEERS.items():
            role = Role.LIMIT if name == WS else Role.PEER
            contexts[name] = _fed(role, peers.peer(machine, script, {}))
    return await entered(opened, contexts)


def _sections(
    watched: Mapping[str, Watched],
    ceilings: Mapping[str, list[Run]],
    at_a_pace: Mapping[str, list[Run]],
    notes: Mapping[str, str],
    few: int,
    many: int,
) -> list[Section]:
    first = [Line(name=name, role=one.role, runs=ceilings.get(name, [])) for name, one in watched.items()]
    second = [
        Line(name=name, role=one.role, runs=at_a_pace.get(name, []), note=notes.get(name, ""))
        for name, one in watched.items()
    ]
    rates, waits = ({line.name: line for line in lines} for lines in (first, second))
    rows = [
        rate_row(
            f"fan-out: updates delivered, {few} boards",
            "a second",
            rates[EVGRAPH],
            # Node's `ws` is the limit of Node, and not of this machine.
            [line for line in first if line.name not in (EVGRAPH, WS)],
            least=50_000,
        )
    ]
    paced_rows = []
    if waits[EVGRAPH].runs:
        others = [line for line in second if line.name not in (EVGRAPH, WS)]
        paced_rows.append(
            waits_row(
                f"fan-out: p99 of {many} boards at {UPDATES_A_SECOND} updates a second",
                waits[EVGRAPH],
                others,
                lambda wait: wait.p99_ms,
                most=30,
            )
        )
    return [
        Section(
            name="fan-out",
            title=f"Updates delivered a second to {few} boards, on one core",
            head=RATE_HEAD,
            lines=rate_lines(first, ratios_to=rates[PLAIN]),
            rows=rows,
            bars=rate_bars(first),
            how=_HOW,
        ),
        Section(
            name="fan-out-paced",
            title=f"{many} boards at {UPDATES_A_SECOND} updates a second",
            head=PACED_HEAD,
            lines=paced_lines(second),
            rows=paced_rows,
            how=_HOW_PACED,
        ),
    ]


_HOW = """\
Every board subscribes to one garage's energyUpdated over graphql-transport-ws, the same document and variables
(`benchmarks/graph/energy.graphql`), some 250 bytes an update. The next update is made as soon as no board is owed more
than four: the server is never idle, and no queue grows. EVGraph's updates are readings of 50 chargers, read, committed
and answered as always; everybody else is told a number on standard input.

- **Strawberry** (`benchmarks/plain_graph.py`): a queue and an execution for each subscriber, as its documentation has
  it.
- **peers** (`benchmarks/peers/`): as their documentations have it, with their own publish and subscribe.
- **limits**: one text made once and sent to all, through Starlette, or through Node's `ws`.
"""
_HOW_PACED = """\
The time runs from when a charger has its reading to send (everybody else: from when the number is written) until a
board received it. The boards are told one after the other, so the median is about half of a pass. "delivered" is what
came until three seconds after the last update; where that is not all, the times say nothing.
"""

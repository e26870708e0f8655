"""Readings in: answered a second, each after the commit that holds it."""

from collections import defaultdict
from contextlib import AsyncExitStack

from benchmarks import limits
from benchmarks.contenders import Contender, Machine, entered, evgraph, limit, plain_way
from benchmarks.databases import Sqlite, postgres
from benchmarks.load import closed_loop
from benchmarks.measured import RATE_HEAD, Line, Role, Run, Section, rate_bars, rate_lines, rate_row
from benchmarks.plan import Plan
from benchmarks.progress import Tell

CHARGE_POINTS = 50
SQLITE, POSTGRES = "EVGraph, SQLite", "EVGraph, PostgreSQL"
KEPT = ", every frame kept"
PLAIN = "plain way, SQLite"
LIMIT, LIMIT_SQLITE, LIMIT_POSTGRES = "limit, no database", "limit, SQLite", "limit, PostgreSQL"
_NO_FRAMES = {"EVGRAPH_FRAMES_KEPT_DAYS": "0"}


async def measure(machine: Machine, plan: Plan, tell: Tell) -> list[Section]:
    """All servers at once, so that they can take turns: one that nobody asks takes next to no time."""
    runs: defaultdict[str, list[Run]] = defaultdict(list)
    async with AsyncExitStack() as opened:
        contenders = await _contenders(opened, machine, plan)
        for round_ in range(1, plan.rounds + 1):
            for name, contender in contenders.items():
                tell(f"Readings, run {round_} of {plan.rounds}: {name}")
                runs[name].append(
                    await closed_loop(
                        contender.chargers,
                        contender.server,
                        contender.registers,
                        seconds=plan.readings,
                        warm_up=plan.warm_up,
                    )
                )
        kept = {name: await contender.count() for name, contender in contenders.items()}
    lines = [Line(name=name, role=_role(name), runs=runs[name]) for name in contenders]
    return [_section(lines, {name: count for name, count in kept.items() if count is not None})]


async def _contenders(opened: AsyncExitStack, machine: Machine, plan: Plan) -> dict[str, Contender]:
    """Without those on PostgreSQL where it is not installed."""
    folder = machine.folder
    contexts = {
        LIMIT: limit(machine, None, CHARGE_POINTS),
        LIMIT_SQLITE: limit(machine, Sqlite(folder / "limit.sqlite3", limits.TABLE), CHARGE_POINTS),
        SQLITE: evgraph(machine, Sqlite(folder / "evgraph.sqlite3"), CHARGE_POINTS, environment=_NO_FRAMES),
        SQLITE + KEPT: evgraph(machine, Sqlite(folder / "frames.sqlite3"), CHARGE_POINTS),
        PLAIN: plain_way(machine, Sqlite(folder / "plain.sqlite3", "reading"), CHARGE_POINTS),
    }
    server = opened.enter_context(postgres(folder)) if plan.has_postgres else None
    if server is not None:
        bare = await server.beside("limit", limits.TABLE)
        contexts[LIMIT_POSTGRES] = limit(machine, bare, CHARGE_POINTS)
        house, frames = await server.beside("house"), await server.beside("frames")
        contexts[POSTGRES] = evgraph(machine, house, CHARGE_POINTS, environment=_NO_FRAMES)
        contexts[POSTGRES + KEPT] = evgraph(machine, frames, CHARGE_POINTS)
    return await entered(opened, contexts)


def _role(name: str) -> Role:
    if name.startswith("EVGraph"):
        return Role.OURS
    return Role.PLAIN if name == PLAIN else Role.LIMIT


def _section(lines: list[Line], kept: dict[str, int]) -> Section:
    by_name = {line.name: line for line in lines}
    plain = by_name[PLAIN]
    goals = (
        (SQLITE, LIMIT_SQLITE, 10_000),
        (SQLITE + KEPT, LIMIT_SQLITE, 6_000),
        (POSTGRES, LIMIT_POSTGRES, 10_000),
        (POSTGRES + KEPT, LIMIT_POSTGRES, 6_000),
    )
    return Section(
        name="readings",
        title="Readings answered a second, on one core",
        head=RATE_HEAD,
        lines=rate_lines(lines, ratios_to=plain),
        rows=[
            rate_row(f"readings: {ours}", "a second", by_name[ours], [plain, by_name[bound]], least=goal)
            for ours, bound, goal in goals
            if ours in by_name
        ],
        bars=rate_bars(lines),
        bars_title="Readings answered a second, on one core",
        how=_HOW,
        facts=[
            "Readings that were answered, all of them found in the database afterwards: "
            + ", ".join(f"{count:,} ({name})" for name, count in kept.items())
            + "."
        ],
    )


_HOW = """\
50 charge points, each with a running session, send a MeterValues of some 500 bytes as soon as the one before is
answered. EVGraph answers after the commit (SQLite: WAL, synchronous FULL) that holds the reading and what became of its
session; "every frame kept" is the default, and writes each frame and each answer as well.

- **plain way** (`benchmarks/plain.py`): the `ocpp` package's ChargePoint with its schema validation, and one Tortoise
  `create()` a reading, on a SQLite file with the same settings. It moves no session, keeps no frame and tells no board.
- **limit** (`benchmarks/limits.py`): the frame read with types by msgspec, answered at once or after a commit that all
  share which came meanwhile: one table, no session, no board.
- **CitrineOS** 1.8 cannot run here: on a machine of this kind it answered 168 a second on one core, and 263 on two, on
  PostgreSQL with its message log on. That figure was measured once, elsewhere, and stands in no ratio.
"""

"""All at once on one core: ten thousand chargers that charge, and a garage of them on a hundred boards."""

import statistics

from benchmarks.contenders import Machine, crowded
from benchmarks.databases import Sqlite
from benchmarks.load import Chargers, paced, watching
from benchmarks.measured import PACED_HEAD, Line, Role, Row, Run, Section, Spread, paced_lines, waits_row
from benchmarks.plan import Plan
from benchmarks.progress import Tell

GARAGES, BOARDS, EVERY_S = 10, 100, 10
_GOAL_CPU = 85.0


async def measure(machine: Machine, plan: Plan, tell: Tell) -> list[Section]:
    runs: list[Run] = []
    count, boards_count = plan.charge_points_together, min(BOARDS, plan.most_boards)
    tell(f"All together: plugging in {count:,} chargers")
    database = Sqlite(machine.folder / "evgraph.sqlite3")
    async with crowded(machine, database, count, GARAGES) as (contender, _):
        tell(f"All together: opening {boards_count} boards")
        async with watching(
            contender.server,
            boards_count,
            token=contender.token,
            garage_id=contender.garage_id,
            running=len(contender.chargers[::GARAGES]),
        ) as boards:
            source = Chargers(contender.chargers, watched_every=GARAGES)
            for round_ in range(1, plan.rounds + 1):
                tell(f"All together, run {round_} of {plan.rounds}")
                runs.append(
                    await paced(
                        source,
                        contender.server,
                        contender.registers,
                        boards,
                        seconds=plan.together,
                        a_second=max(count // EVERY_S, 1),
                        warm_up=plan.warm_up,
                    )
                )
    line = Line(name=f"EVGraph, {count:,} chargers, {boards_count} boards", role=Role.OURS, runs=runs)
    return [
        Section(
            name="together",
            title="All together, on one core",
            head=PACED_HEAD,
            lines=paced_lines([line]),
            rows=_rows(line),
            how=_HOW,
        )
    ]


def _rows(line: Line) -> list[Row]:
    shares = [run.usage.server * 100 for run in line.runs]
    return [
        Row(
            title="all together: share of the core",
            unit="%",
            measured=Spread.of(shares),
            most=_GOAL_CPU,
            share=statistics.median(run.share for run in line.runs),
        ),
        waits_row("all together: frame to board, p50", line, [], lambda wait: wait.p50_ms, most=5),
        waits_row("all together: frame to board, p99", line, [], lambda wait: wait.p99_ms, most=25),
    ]


_HOW = """\
10,000 charge points in ten garages, each with a running session, send a reading every ten seconds, evenly paced: 1,000
a second. 100 boards watch one of the garages: 100 of the readings are told to each of them, 10,000 updates a second.
SQLite, every frame kept: the defaults.
"""

"""What a history costs, as a section of the report; `make bench-growth` measures it in full."""

from collections.abc import Sequence
from time import monotonic

import uvloop

from benchmarks import growth
from benchmarks.contenders import Machine
from benchmarks.growth import Figure, Growth
from benchmarks.measured import Row, Section, Spread
from benchmarks.plan import Plan
from benchmarks.progress import Tell
from benchmarks.report import RESULTS, as_markdown, machine_facts

FULL = RESULTS.with_name("growth.md")
_HEAD = ("a second", f"{growth.FEW} sessions", "the whole history", "times as dear")
_GOAL = 1.2


async def measure(machine: Machine, plan: Plan, tell: Tell) -> list[Section]:
    tell(f"Growth: with {plan.grown_sessions:,} sessions, and {growth.FEW}")
    return [section(await growth.measure(sessions=plan.grown_sessions, runs=plan.rounds, seconds=plan.grown))]


def section(grown: Growth) -> Section:
    return Section(
        name="growth",
        title=f"With {grown.sessions:,} sessions and {grown.samples:,} samples, on {grown.database}",
        head=_HEAD,
        lines=[_line(figure) for figure in grown.figures],
        rows=[_row(grown, figure) for figure in grown.figures],
        how=_HOW,
    )


def write(sections: Sequence[Section], took_s: float) -> None:
    """growth.md, beside results.md."""
    parts = ["# As it grows\n\nWritten by `make bench-growth`.\n"]
    for one in sections:
        goals = [(row.title, row.goal, row.measured.text(row.form), row.verdict) for row in one.rows]
        parts.append(as_markdown(one.title, one.head, one.lines))
        parts.append(as_markdown("", ("", "goal", "measured", "verdict"), goals))
    parts += [sections[0].how, "\n".join(f"- {line}" for line in machine_facts(took_s))]
    FULL.write_text("\n".join(parts) + "\n")


def _line(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        Spread.of(figure.few).text(),
        Spread.of(figure.grown).text(),
        f"{figure.ratio:.2f}",
    )


def _row(grown: Growth, figure: Figure) -> Row:
    ratios = [few / full for few, full in zip(figure.few, figure.grown, strict=True)]
    return Row(
        title=f"growth, {grown.sessions:,} sessions: {figure.name}",
        unit="times as dear",
        measured=Spread(figure.ratio, min(ratios), max(ratios)),
        most=_GOAL,
        form="{:,.2f}",
    )


def main() -> None:
    """A million sessions on both databases; the histories are written once and kept in var/growth."""
    begun = monotonic()
    sections = [section(uvloop.run(growth.measure(database=database))) for database in ("sqlite", "postgres")]
    write(sections, monotonic() - begun)
    print(FULL.read_text())


_HOW = """\
Two servers take turns, one on a database as good as empty and one with a history: what a second of the server's CPU
brings with either; on PostgreSQL, whose own work that would not show, a second by the clock, but for updates.
"deep page" is three quarters of the way down. The history is written in bulk, and kept in var/growth.
"""

if __name__ == "__main__":
    main()

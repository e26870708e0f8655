"""The tables, for the screen and for results.md."""

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import plots
from benchmarks.measured import Role, Row, Section

RESULTS = Path(__file__).parent / "results.md"
PLOTS = Path(__file__).parent / "plots"
_PACKAGES = (
    *("uvicorn", "uvloop", "websockets", "starlette", "strawberry-graphql", "graphql-core", "tortoise-orm"),
    *("asyncpg", "msgspec", "orjson", "ocpp"),
)
_GOALS = ("", "goal", "measured", "a CPU second", "plain", "ratio", "best peer", "ratio", "limit", "share", "verdict")


@dataclass(frozen=True, kw_only=True)
class Report:
    """`took_s`: the whole of it, setting up included."""

    sections: Sequence[Section]
    how: str
    took_s: float
    peers: str = ""

    @property
    def failed(self) -> list[str]:
        return [section.name for section in self.sections if not section.is_measured]

    def show(self, console: Console) -> None:
        for section in self.sections:
            console.print(_table(section.title, section.head, section.lines))
        console.print(_table("Goals", _GOALS, list(self._goals())))
        for line in self._facts():
            console.print(line, highlight=False)

    def write(self) -> None:
        PLOTS.mkdir(exist_ok=True)
        parts = [_HEAD, as_markdown("Goals", _GOALS, list(self._goals())), _HOW_TO_READ]
        for section in self.sections:
            parts.append(as_markdown(section.title, section.head, section.lines))
            if section.bars:
                file = PLOTS / f"{section.name}.svg"
                file.write_text(plots.bars(section.bars, title=section.bars_title or section.title))
                parts.append(f"![{section.title}]({PLOTS.name}/{file.name})\n")
            parts.append(section.how)
        parts += ["## This run\n", "\n".join(f"- {line}" for line in self._facts())]
        RESULTS.write_text("\n".join(parts) + "\n")

    def _goals(self) -> Iterator[tuple[str, ...]]:
        for section in self.sections:
            for row in section.rows:
                yield _goal(row)

    def _facts(self) -> list[str]:
        return [
            f"{self.how[:1].upper()}{self.how[1:]}.",
            *machine_facts(self.took_s),
            *([self.peers] if self.peers else []),
            *(fact for section in self.sections for fact in section.facts),
        ]


def machine_facts(took_s: float) -> list[str]:
    return [
        f"{datetime.now(UTC):%Y-%m-%d}, {took_s / 60:.1f} minutes in all.",
        f"{_processor()}, {_memory()}, {platform.system()} {platform.release()} {platform.machine()}.",
        f"Python {platform.python_version()}, {', '.join(f'{name} {version(name)}' for name in _PACKAGES)}.",
    ]


def _goal(row: Row) -> tuple[str, ...]:
    plain, peer, limit = (row.of(role) for role in (Role.PLAIN, Role.PEER, Role.LIMIT))

    return (
        row.title,
        f"{row.goal} {row.unit}" if row.goal else row.unit,
        row.measured.text(row.form),
        row.form.format(row.by_cpu) if row.by_cpu is not None else "",
        row.form.format(plain.value) if plain else "",
        f"{row.better_than(plain):.1f}x" if plain else "",
        f"{row.form.format(peer.value)} ({peer.name})" if peer else "",
        f"{row.better_than(peer):.1f}x" if peer else "",
        row.form.format(limit.value) if limit else "",
        f"{row.better_than(limit):.0%}" if limit else "",
        row.verdict,
    )


def as_markdown(title: str, head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    aligned = ["---", *("---:" for _ in head[1:])]
    rows = (f"| {' | '.join(line)} |" for line in (head, aligned, *lines))
    return (f"## {title}\n\n" if title else "") + "\n".join(rows) + "\n"


def _table(title: str, head: Sequence[str], lines: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left")
    for number, name in enumerate(head):
        table.add_column(name, justify="right" if number else "left")
    for line in lines:
        table.add_row(*line)
    return table


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} cores of {names[0]}" if names else "cores of an unknown kind"


def _memory() -> str:
    kilobytes = int(Path("/proc/meminfo").read_text().split()[1])
    return f"{kilobytes / 2**20:.0f} GiB"


_HEAD = """\
# How fast

Written by `make bench`. Believe the ratios, which are of one run; the figures themselves are a floor, from a machine
that others use too. Run it on yours.
"""

_HOW_TO_READ = """\
Every figure is the median of the runs; in brackets stand the least and the greatest of them. "ratio" is how many times
better EVGraph is, and "share" how much of the limit it reaches; of rates, both are by the CPU second. A rate that
misses its goal by the clock and meets it by the CPU seconds that the server got was waiting, or disturbed: "met by CPU
time alone".

- The server is a process of its own, pinned to one core. All load comes from a second process, on another core: its
  share is in each table, and marked "(load busy)" above 80 %, where it may have been the bottleneck. "beside the load"
  is what else ran on the load's core, PostgreSQL above all.
- "stolen" is what the hypervisor took from the server's core in the worst of the runs; "!" stands where others, disk
  and other programs included, took more than 15 % of it in one run: that figure is disturbed.
- "a CPU second" counts the CPU alone that the server got, and so do the tables' ratios, which are to the plain way.
- Contenders take turns, one run each a round, so that a noisy minute hits all of them.
"""

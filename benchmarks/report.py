"""The tables, for the screen and for results.md."""

import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from benchmarks.load import Answered, Told

Run = TypeVar("Run", Answered, Told)

RESULTS = Path(__file__).parent / "results.md"
_PACKAGES = ("uvicorn", "uvloop", "websockets", "starlette", "strawberry-graphql", "tortoise-orm", "msgspec", "ocpp")
_CPU = "CPU: server / load / others"


@dataclass(frozen=True)
class Rows:
    title: str
    head: Sequence[str]
    lines: Sequence[Sequence[str]]

    def markdown(self) -> str:
        aligned = ["---", *("---:" for _ in self.head[1:])]
        lines = (f"| {' | '.join(line)} |" for line in (self.head, aligned, *self.lines))
        return f"## {self.title}\n\n" + "\n".join(lines) + "\n"

    def table(self) -> Table:
        table = Table(title=self.title, title_justify="left")
        for number, name in enumerate(self.head):
            table.add_column(name, justify="right" if number else "left")
        for line in self.lines:
            table.add_row(*line)
        return table


@dataclass(frozen=True, kw_only=True)
class Report:
    """The runs, by what was measured; `kept`: how many readings were answered and found in the database."""

    answered: Mapping[str, Sequence[Answered]]
    told: Mapping[str, Sequence[Told]]
    kept: Mapping[str, int | None]
    ratios_to: str
    how: str

    def show(self, console: Console) -> None:
        console.print(self._answered().table())
        console.print(self._told().table())
        for line in self._facts():
            console.print(line, highlight=False)

    def write(self) -> None:
        facts = "\n".join(f"- {line}" for line in self._facts())
        parts = (_HEAD, self._answered().markdown(), self._told().markdown(), _HOW_TO_READ, "## This run\n", facts)
        RESULTS.write_text("\n".join(parts) + "\n")

    def _answered(self) -> Rows:
        base = _median(self.answered[self.ratios_to], lambda run: run.a_cpu_second)
        head = ("", "a second", "a CPU second", "ratio", "answer p50 / p99 ms", _CPU)
        lines = [
            (
                name,
                _spread(runs, lambda run: run.a_second, "{:,.0f}"),
                f"{_median(runs, lambda run: run.a_cpu_second):,.0f}",
                f"{_median(runs, lambda run: run.a_cpu_second) / base:.1f}",
                _answer(runs),
                _usage(runs),
            )
            for name, runs in self.answered.items()
        ]
        return Rows("Readings answered a second, on one core", head, lines)

    def _told(self) -> Rows:
        head = ("", "p50 ms", "p99 ms", "delivered", "answer p50 / p99 ms", _CPU)
        lines = [
            (
                name,
                _spread(runs, lambda run: run.board.p50_ms, "{:,.1f}"),
                _spread(runs, lambda run: run.board.p99_ms, "{:,.1f}"),
                f"{_median(runs, lambda run: run.share):.0%}",
                _answer(runs),
                _usage(runs),
            )
            for name, runs in self.told.items()
        ]
        return Rows("From a charger's frame to a board's update, at 200 readings a second", head, lines)

    def _facts(self) -> list[str]:
        kept = ", ".join(f"{count:,} ({name})" for name, count in self.kept.items() if count is not None)
        return [
            f"{datetime.now(UTC):%Y-%m-%d}; {self.how}.",
            f"{_processor()}, {platform.system()} {platform.machine()}, Python {platform.python_version()}.",
            ", ".join(f"{name} {version(name)}" for name in _PACKAGES) + ".",
            f"Readings that were answered, all of them found in the database afterwards: {kept}.",
        ]


def _median(runs: Sequence[Run], of: Callable[[Run], float]) -> float:
    return statistics.median(of(run) for run in runs)


def _spread(runs: Sequence[Run], of: Callable[[Run], float], form: str) -> str:
    values = [of(run) for run in runs]
    median, least, most = (form.format(value) for value in (statistics.median(values), min(values), max(values)))
    return f"{median} ({least} to {most})"


def _answer(runs: Sequence[Run]) -> str:
    return f"{_median(runs, lambda run: run.answer.p50_ms):,.1f} / {_median(runs, lambda run: run.answer.p99_ms):,.1f}"


def _usage(runs: Sequence[Run]) -> str:
    shares = (
        _median(runs, lambda run: run.usage.server),
        _median(runs, lambda run: run.usage.load),
        _median(runs, lambda run: run.usage.others),
    )
    return " / ".join(f"{share:.0%}" for share in shares)


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} cores of {names[0]}" if names else "cores of an unknown kind"


_HEAD = """\
# How fast

Written by `make bench`. Believe the ratios, which are of one run; the figures themselves are a floor, from a machine
that others use too. Run it on yours.
"""

_HOW_TO_READ = """\
## How to read it

- The server is a process of its own, pinned to one core. All load comes from a second process, on another core; where
  its share is well below 100 %, it was not the limit. PostgreSQL runs on the load's core, and
  its CPU is not counted.
- "others" is what the rest of the machine took from the server's core meanwhile, hypervisor and disk included. "a CPU
  second" counts the CPU alone that the server got, and so does the ratio. The contenders take turns, one run each a
  round, so that a noisy minute hits all of them. Every figure is the median of the runs; in brackets stand their least
  and their greatest.
- **Readings answered.** 50 charge points, each with a running session, send a MeterValues of some 500 bytes as soon as
  the one before is answered. EVGraph answers after the commit (SQLite: WAL, synchronous FULL) that holds the reading
  and what became of its session.
- **plain way** (`benchmarks/plain.py`), what the ratios are to: the `ocpp` package's ChargePoint with its schema
  validation, and one Tortoise `create()` a reading, on a SQLite file with the same settings. It moves no session and
  tells no board.
- **echo** (`benchmarks/echo.py`), the limit: Starlette sends the same frames back, on the same uvicorn.
- **To the boards.** The same 50 charge points, evenly paced. Each board subscribes to the garage's energyUpdated over
  graphql-transport-ws: 50 boards are owed 10,000 updates a second. The time runs from when a charger has its reading
  to send until the update with that reading's energy was received, by one monotonic clock for both. "delivered"
  counts the updates that came until five seconds after the last reading; the times are of these alone. A board that
  lags is told the latest instead of what it missed. Below 100 % the boards were owed more than the core could tell:
  chargers wait too then, and the times say only how long the run was.
"""

"""What a run gives, what a row of the table is made of, and when its goal is met."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from benchmarks.process import Usage

# A load that takes more of its core than this may have been what the figure shows.
BUSY_LOAD = 0.8
# Of all that is owed, what must come for a time to mean anything.
COMPLETE = 0.99
# More of the server's core than this went to others: the run was disturbed.
DISTURBED = 0.15


class Role(StrEnum):
    OURS = "EVGraph"
    PLAIN = "plain libraries"
    PEER = "peer"
    LIMIT = "limit"


@dataclass(frozen=True, kw_only=True)
class Waits:
    """How long something took, in milliseconds."""

    p50_ms: float
    p99_ms: float
    p95_ms: float = 0.0
    p999_ms: float = 0.0
    count: int = 0

    @classmethod
    def of(cls, nanoseconds: Sequence[int]) -> Self:
        ordered = sorted(nanoseconds)

        def at(share: float) -> float:
            return ordered[min(int(len(ordered) * share), len(ordered) - 1)] / 1e6 if ordered else float("nan")

        return cls(p50_ms=at(0.5), p95_ms=at(0.95), p99_ms=at(0.99), p999_ms=at(0.999), count=len(ordered))


@dataclass(frozen=True, kw_only=True)
class Run:
    """`share`: of what was owed, what came."""

    a_second: float
    usage: Usage
    waits: Waits | None = None
    answers: Waits | None = None
    share: float = 1.0

    @property
    def a_cpu_second(self) -> float:
        return self.a_second / self.usage.server if self.usage.server else 0.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """A contender with its runs."""

    name: str
    role: Role
    runs: Sequence[Run]
    note: str = ""


@dataclass(frozen=True)
class Spread:
    """The median of the runs, between the least and the greatest of them."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        return cls(statistics.median(values), min(values), max(values))

    def text(self, form: str = "{:,.0f}") -> str:
        if self.least == self.most:
            return form.format(self.median)
        return f"{form.format(self.median)} ({form.format(self.least)} to {form.format(self.most)})"


@dataclass(frozen=True)
class Against:
    """The same figure of somebody else."""

    name: str
    role: Role
    value: float
    by_cpu: float | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """A figure with its goal, least or most. `by_cpu`: the figure a second of CPU that the server got, where it is a
    rate."""

    title: str
    unit: str
    measured: Spread
    least: float | None = None
    most: float | None = None
    by_cpu: float | None = None
    against: Sequence[Against] = ()
    share: float = 1.0
    form: str = "{:,.0f}"

    @property
    def goal(self) -> str:
        if self.least is not None:
            return f">= {self.form.format(self.least)}"
        return f"<= {self.form.format(self.most)}" if self.most is not None else ""

    @property
    def verdict(self) -> str:
        value = self.measured.median
        if self.least is not None:
            if value >= self.least:
                return "met"
            if self.by_cpu is not None and self.by_cpu >= self.least:
                return "met by CPU time alone"
            return f"not met: {value / self.least:.0%}"
        if self.most is not None:
            if self.share < COMPLETE:
                return f"not met: {self.share:.0%} delivered"
            return "met" if value <= self.most else f"not met: {value / self.most:.1f} times"
        return ""

    def of(self, role: Role) -> Against | None:
        """The best of that role."""
        found = [against for against in self.against if against.role is role]
        if not found:
            return None
        best = max if self.least is not None else min
        return best(found, key=lambda against: against.value)

    def better_than(self, other: Against) -> float:
        """How many times, whichever way is better; by CPU seconds where both are rates."""
        if self.by_cpu is not None and other.by_cpu is not None:
            return self.by_cpu / other.by_cpu if other.by_cpu else float("nan")
        value = self.measured.median
        return value / other.value if self.least is not None else other.value / value


@dataclass(frozen=True, kw_only=True)
class Section:
    """A road that was measured: its goals, a table of everybody, the bars of its plot, and how to read it."""

    name: str
    title: str
    head: Sequence[str]
    lines: Sequence[Sequence[str]]
    rows: Sequence[Row]
    how: str
    bars: Sequence["Bar"] = ()
    bars_title: str = ""
    facts: Sequence[str] = field(default=())
    is_measured: bool = True


@dataclass(frozen=True)
class Bar:
    name: str
    role: Role
    value: Spread


def not_measured(road: str, failure: Exception) -> Section:
    return Section(
        name=road,
        title=f"Not measured: {road}",
        head=("", "why"),
        lines=[(road, f"{type(failure).__name__}: {failure}".replace("\n", " "))],
        rows=[],
        how="",
        is_measured=False,
    )


def rate_row(title: str, unit: str, ours: Line, others: Sequence[Line], *, least: float) -> Row:
    return Row(
        title=title,
        unit=unit,
        measured=Spread.of([run.a_second for run in ours.runs]),
        by_cpu=statistics.median(run.a_cpu_second for run in ours.runs),
        least=least,
        against=[
            Against(
                line.name,
                line.role,
                statistics.median(run.a_second for run in line.runs),
                statistics.median(run.a_cpu_second for run in line.runs),
            )
            for line in others
            if line.runs
        ],
    )


def rate_bars(lines: Sequence[Line]) -> list[Bar]:
    return [Bar(line.name, line.role, Spread.of([run.a_second for run in line.runs])) for line in lines if line.runs]


RATE_HEAD = ("", "a second", "a CPU second", "ratio", "p50 / p99 ms", "CPU: server / load / beside the load", "stolen")


def rate_lines(lines: Sequence[Line], *, ratios_to: Line) -> list[tuple[str, ...]]:
    """The ratio is of what a second of the server's CPU brought."""
    base = statistics.median(run.a_cpu_second for run in ratios_to.runs) if ratios_to.runs else float("nan")
    return [_rate_line(line, base) for line in lines]


def _rate_line(line: Line, base: float) -> tuple[str, ...]:
    if not line.runs:
        return (line.name, line.note or "not measured", *[""] * (len(RATE_HEAD) - 2))
    by_cpu = statistics.median(run.a_cpu_second for run in line.runs)
    waits = [run.waits for run in line.runs if run.waits is not None]
    return (
        f"{line.name}{f' ({line.note})' if line.note else ''}",
        Spread.of([run.a_second for run in line.runs]).text(),
        f"{by_cpu:,.0f}",
        f"{by_cpu / base:.1f}",
        waits_text(waits) if waits else "",
        usage_text([run.usage for run in line.runs]),
        stolen_text([run.usage for run in line.runs]),
    )


PACED_HEAD = (
    *("", "p50 ms", "p99 ms", "p99.9 ms", "delivered", "delivered a second", "answer p50 / p99 ms"),
    *("CPU: server / load / beside the load", "stolen"),
)


def paced_lines(lines: Sequence[Line]) -> list[tuple[str, ...]]:
    return [_paced_line(line) for line in lines]


def _paced_line(line: Line) -> tuple[str, ...]:
    waits = [run.waits for run in line.runs if run.waits is not None]
    if not waits:
        return (line.name, line.note or "not measured", *[""] * (len(PACED_HEAD) - 2))
    answers = [run.answers for run in line.runs if run.answers is not None]
    usages = [run.usage for run in line.runs]
    return (
        f"{line.name}{f' ({line.note})' if line.note else ''}",
        Spread.of([wait.p50_ms for wait in waits]).text("{:,.1f}"),
        Spread.of([wait.p99_ms for wait in waits]).text("{:,.1f}"),
        Spread.of([wait.p999_ms for wait in waits]).text("{:,.1f}"),
        f"{statistics.median(run.share for run in line.runs):.0%}",
        f"{statistics.median(run.a_second for run in line.runs):,.0f}",
        waits_text(answers) if answers else "",
        usage_text(usages),
        stolen_text(usages),
    )


def waits_row(
    title: str, line: Line, others: Sequence[Line], of: Callable[[Waits], float], *, most: float | None = None
) -> Row:
    """In milliseconds. Who did not deliver everything is no measure."""

    def values(of_line: Line) -> list[float]:
        return [of(run.waits) for run in of_line.runs if run.waits is not None]

    complete = [other for other in others if other.runs and min(run.share for run in other.runs) > COMPLETE]
    return Row(
        title=title,
        unit="ms",
        measured=Spread.of(values(line)),
        most=most,
        form="{:,.1f}",
        share=min(run.share for run in line.runs),
        against=[Against(other.name, other.role, statistics.median(values(other))) for other in complete],
    )


def waits_text(waits: Sequence[Waits]) -> str:
    return f"{statistics.median(w.p50_ms for w in waits):,.1f} / {statistics.median(w.p99_ms for w in waits):,.1f}"


def usage_text(usages: Sequence[Usage]) -> str:
    """The load's share is marked where it may have been the bottleneck."""
    load = statistics.median(usage.load for usage in usages)
    shares = (
        statistics.median(usage.server for usage in usages),
        load,
        statistics.median(usage.neighbour for usage in usages),
    )
    text = " / ".join(f"{share:.0%}" for share in shares)
    return f"{text} (load busy)" if load > BUSY_LOAD else text


def stolen_text(usages: Sequence[Usage]) -> str:
    """The most of any run, for one stolen run in three hides behind a median; `!` where others disturbed one."""
    most = max(usage.others for usage in usages)
    return f"{max(usage.stolen for usage in usages):.0%}{' !' if most > DISTURBED else ''}"

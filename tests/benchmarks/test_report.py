"""What the figures are made into: spreads, verdicts, tables and plots."""

from xml.etree import ElementTree

import pytest

from benchmarks import plots
from benchmarks.measured import Against, Bar, Line, Role, Row, Run, Spread, Waits, rate_row, waits_row
from benchmarks.process import Usage
from benchmarks.report import _goal


def usage(server: float = 0.5, load: float = 0.1) -> Usage:
    return Usage(seconds=2, server_s=server * 2, server=server, load=load, others=0.0)


def row(median: float, *, by_cpu: float | None = None, least: float | None = None, most: float | None = None) -> Row:
    return Row(title="", unit="", measured=Spread.of([median]), by_cpu=by_cpu, least=least, most=most)


def test_waits_are_told_by_their_shares() -> None:
    waits = Waits.of([number * 1_000_000 for number in range(1, 1001)])
    assert (waits.p50_ms, waits.p95_ms, waits.p99_ms, waits.p999_ms) == (501, 951, 991, 1000)


def test_a_spread_is_the_median_between_the_least_and_the_most() -> None:
    assert Spread.of([1200, 900, 1000]).text() == "1,000 (900 to 1,200)"


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        (row(10_000, by_cpu=10_000, least=10_000), "met"),
        (row(9_000, by_cpu=11_000, least=10_000), "met by CPU time alone"),
        (row(5_000, by_cpu=6_000, least=10_000), "not met: 50%"),
        (row(4, most=5), "met"),
        (row(10, most=5), "not met: 2.0 times"),
        (row(10), ""),
    ],
)
def test_a_goal_is_met_or_is_not(measured: Row, verdict: str) -> None:
    assert measured.verdict == verdict


def test_a_time_of_what_was_not_delivered_meets_no_goal() -> None:
    runs = [Run(a_second=10, usage=usage(), waits=Waits.of([1_000_000]), share=0.5)]
    line = Line(name="EVGraph", role=Role.OURS, runs=runs)
    assert waits_row("", line, [line], lambda wait: wait.p99_ms, most=30).verdict == "not met: 50% delivered"
    assert waits_row("", line, [line], lambda wait: wait.p99_ms, most=30).against == []


def test_ratios_are_by_what_a_cpu_second_brought() -> None:
    """The other was kept from its core half of the time."""
    ours = Line(name="EVGraph", role=Role.OURS, runs=[Run(a_second=800, usage=usage(0.8))])
    plain = Line(name="plain", role=Role.PLAIN, runs=[Run(a_second=40, usage=usage(0.4))])
    made = rate_row("", "a second", ours, [plain], least=500)
    assert made.better_than(made.of(Role.PLAIN) or Against("", Role.PLAIN, 0)) == 10
    assert _goal(made)[4:6] == ("40", "10.0x")


def test_plots_are_whole_svg_with_every_name() -> None:
    shown = [Bar("EVGraph <SQLite>", Role.OURS, Spread(3, 1, 4)), Bar("plain", Role.PLAIN, Spread(1, 1, 1))]
    drawn = ElementTree.fromstring(plots.bars(shown, title="Readings & more"))
    texts = {element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert {"EVGraph <SQLite>", "plain", "Readings & more"} <= texts

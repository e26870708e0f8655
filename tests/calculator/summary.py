"""How many sessions were compared with the calculator, by habit, at the end of a run."""

from collections import Counter
from collections.abc import Iterable

import pytest

# The property of a test's report: it comes from the workers of xdist as well.
COMPARED = "sessions compared"


class Compared:
    """The sessions that a test compared, by habit. `counted` is a plain dict: xdist sends nothing else."""

    def __init__(self) -> None:
        self.counted: dict[str, int] = {}

    def add(self, habits: Iterable[str], sessions: int = 1) -> None:
        for habit in habits:
            self.counted[habit] = self.counted.get(habit, 0) + sessions


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    total: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                for name, counted in report.user_properties:
                    if name == COMPARED:
                        total.update(counted)
    if not total:
        return
    terminalreporter.section("bills compared with the calculator")
    for habit, sessions in sorted(total.items()):
        terminalreporter.write_line(f"{habit}: {sessions} sessions")

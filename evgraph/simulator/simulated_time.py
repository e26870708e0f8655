"""Time that may run faster than the wall clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

SHORTEST_WAIT = 0.02
"""Real seconds: however fast the time runs, nothing repeats more often than this."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class SimulatedTime:
    """`speed` simulated seconds go by in one real second; stamps stay wall-clock UTC."""

    speed: float = 1.0
    clock: Callable[[], datetime] = utc_now

    def __post_init__(self) -> None:
        if self.speed <= 0:
            raise ValueError("The speed must be above 0.")

    def elapsed(self) -> float:
        """Simulated seconds since some fixed moment."""
        return time.monotonic() * self.speed

    def real(self, simulated_seconds: float) -> float:
        """How many real seconds these simulated seconds take."""
        return max(SHORTEST_WAIT, simulated_seconds / self.speed)

    def now(self) -> datetime:
        return self.clock().astimezone(UTC)


def instant(text: str) -> datetime:
    """What a stamp says; without a zone it is taken for UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and `Z` (errata 3.10)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

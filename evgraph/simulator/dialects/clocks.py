"""Clocks that lie."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from evgraph.simulator.dialects.dialect import Clock, Dialect, Payload

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


class BadClock(Dialect):
    """Without a battery: it counts from 1970 whenever the power comes, and is set by a Heartbeat's answer alone."""

    name = "bad-clock"
    summary = "Its clock says 1970 from power-on until a Heartbeat is answered."

    def __init__(self) -> None:
        self._is_set = False
        self._powered_on_at: datetime | None = None

    def clock(self, true: Clock) -> Clock:
        def now() -> datetime:
            right = true()
            self._powered_on_at = self._powered_on_at or right
            return right if self._is_set else EPOCH + (right - self._powered_on_at)

        return now

    def powered_on(self) -> None:
        self._is_set = False
        self._powered_on_at = None

    def hears(self, action: str) -> None:
        self._is_set = self._is_set or action == "Heartbeat"


class LocalClock(Dialect):
    """Five hours behind UTC, as in New York in winter."""

    name = "local-clock"
    summary = "Stamps are local time, five hours behind UTC, without a zone."
    offset = timedelta(hours=-5)

    def writes(self, action: str, payload: Payload) -> Payload:
        changed: Payload = self._localised(payload)
        return changed

    def _localised(self, value: Any) -> Any:
        match value:
            case dict():
                return {name: self._localised(inner) for name, inner in value.items()}
            case list():
                return [self._localised(inner) for inner in value]
            case str() if STAMP.fullmatch(value):
                local = datetime.fromisoformat(value) + self.offset
                return local.replace(tzinfo=None).isoformat(timespec="seconds")
        return value


class FastClock(Dialect):
    name = "fast-clock"
    summary = "Its clock is three hours ahead."

    def clock(self, true: Clock) -> Clock:
        return lambda: true() + timedelta(hours=3)

"""What only the passing of time tells: starts whose window is over, sessions that were forgotten, old records."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from evgraph.domain.own_clock import has_elapsed
from evgraph.models.failures import DatabaseUnavailable
from evgraph.services.availability import Availability
from evgraph.services.charge_points import ChargePoints
from evgraph.services.charging import Charging
from evgraph.services.interfaces import Clock
from evgraph.services.local_lists import LocalLists
from evgraph.services.reservations import Reservations
from evgraph.services.retention import Retention
from evgraph.services.thinning import Thinning
from evgraph.services.transactions import Transactions

TIDY_EVERY = timedelta(hours=1)
_TIDIED_AGAIN = timedelta(minutes=1)

log = structlog.get_logger("evgraph.upkeep")


class Upkeep:
    """`every_s`: how many seconds lie between two looks. What it does is guarded by its own transaction, so that any
    number of processes may look at once."""

    def __init__(
        self,
        charging: Charging,
        transactions: Transactions,
        charge_points: ChargePoints,
        retention: Retention,
        thinning: Thinning,
        local_lists: LocalLists,
        clock: Clock,
        *,
        availability: Availability,
        reservations: Reservations,
        every_s: float = 1.0,
    ) -> None:
        self._retention = retention
        self._clock = clock
        self._every_s = every_s
        self._tidied: datetime | None = None
        self._looked_at: float | None = None
        # Since when each part fails.
        self._failing: dict[str, float] = {}
        self._parts: dict[str, Callable[[], Awaitable[object]]] = {
            "starts": charging.expire_starts,
            "forgotten sessions": transactions.close_forgotten,
            "reminders to stop": charge_points.remind_to_stop,
            "reservations": reservations.settle,
            "availability": availability.remind,
            "full vehicles": transactions.find_full,
            "old frames": retention.forget_frames,
            "old samples": thinning.look,
            "local lists": local_lists.look,
            "old records": self._tidy,
        }

    @property
    def behind_s(self) -> float:
        """Seconds since the end of the latest look; 0 before `run`."""
        return asyncio.get_running_loop().time() - self._looked_at if self._looked_at is not None else 0.0

    def failing(self, for_s: float) -> list[str]:
        """The names of the parts that have failed at every look for so many seconds."""
        now = asyncio.get_running_loop().time()
        return [name for name, since in self._failing.items() if now - since >= for_s]

    async def run(self) -> None:
        """Until cancelled. A part that fails keeps no other from its turn; it is logged, and tried again at the next
        look."""
        loop = asyncio.get_running_loop()
        self._looked_at = loop.time()
        while True:
            for name, part in self._parts.items():
                await self._try(name, part)
            self._looked_at = loop.time()
            await asyncio.sleep(self._every_s)

    async def look(self) -> None:
        """All parts once. Raises what the first one fails with."""
        for part in self._parts.values():
            await part()

    async def _try(self, name: str, part: Callable[[], Awaitable[object]]) -> None:
        try:
            await part()
        except DatabaseUnavailable as failure:
            # What has become of the database is told elsewhere.
            log.warning("upkeep could not use the database", part=name, error=repr(failure))
            return
        except Exception:
            log.exception("upkeep failed", part=name)
            self._failing.setdefault(name, asyncio.get_running_loop().time())
            return
        self._failing.pop(name, None)

    async def _tidy(self) -> None:
        now = self._clock.now()
        if self._tidied is None or has_elapsed(self._tidied, TIDY_EVERY, now):
            # Where that fails it is tried again in a minute, not at every look.
            self._tidied = now - TIDY_EVERY + _TIDIED_AGAIN
            await self._retention.tidy()
            self._tidied = now

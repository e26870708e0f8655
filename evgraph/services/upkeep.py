"""What only the passing of time tells: starts whose window is over, sessions that were forgotten, old records."""

import asyncio
from datetime import datetime, timedelta

import structlog

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
        self._charging = charging
        self._transactions = transactions
        self._charge_points = charge_points
        self._retention = retention
        self._thinning = thinning
        self._local_lists = local_lists
        self._availability = availability
        self._reservations = reservations
        self._clock = clock
        self._every_s = every_s
        self._tidied: datetime | None = None

    async def run(self) -> None:
        """Until cancelled; a failure is logged and tried again at the next look."""
        while True:
            try:
                await self.look()
            except DatabaseUnavailable as failure:
                log.warning("upkeep could not use the database", error=repr(failure))
            except Exception:
                log.exception("upkeep failed")
            await asyncio.sleep(self._every_s)

    async def look(self) -> None:
        await self._charging.expire_starts()
        await self._transactions.close_forgotten()
        await self._charge_points.remind_to_stop()
        await self._reservations.settle()
        await self._availability.remind()
        await self._transactions.find_full()
        await self._retention.forget_frames()
        await self._thinning.look()
        await self._local_lists.look()
        now = self._clock.now()
        if self._tidied is None or now - self._tidied >= TIDY_EVERY:
            self._tidied = now
            await self._retention.tidy()

"""What only the passing of time tells: starts whose window is over, sessions that their chargers forgot."""

import asyncio

import structlog

from evgraph.services.charging import Charging
from evgraph.services.transactions import Transactions

log = structlog.get_logger("evgraph.upkeep")


class Upkeep:
    """`every_s`: how many seconds lie between two looks. What it does is guarded by its own transaction, so that any
    number of processes may look at once."""

    def __init__(self, charging: Charging, transactions: Transactions, *, every_s: float = 1.0) -> None:
        self._charging = charging
        self._transactions = transactions
        self._every_s = every_s

    async def run(self) -> None:
        """Until cancelled; a failure is logged and tried again at the next look."""
        while True:
            try:
                await self._charging.expire_starts()
                await self._transactions.close_forgotten()
            except Exception:
                log.exception("upkeep failed")
            await asyncio.sleep(self._every_s)

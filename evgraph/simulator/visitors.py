"""Cars that come and go by themselves."""

from __future__ import annotations

import asyncio
import logging
from random import Random

from evgraph.simulator.charge_point import SimulatedChargePoint
from evgraph.simulator.fleet import Fleet
from evgraph.simulator.moves import WrongMove
from evgraph.simulator.simulated_time import SimulatedTime

LOGGER = logging.getLogger("evgraph.simulator")

MINUTE = 60.0
SHORTEST_AND_LONGEST_GAP = (1 * MINUTE, 15 * MINUTE)
SHORTEST_AND_LONGEST_STAY = (20 * MINUTE, 120 * MINUTE)


class Visitors:
    """A driver for each connector, who plugs in, stays a while and leaves, until cancelled.

    With a `card`, the driver holds it to the reader; otherwise somebody has to start from afar.
    """

    def __init__(self, fleet: Fleet, time: SimulatedTime, random: Random, card: str | None = None) -> None:
        self._fleet = fleet
        self._time = time
        self._random = random
        self._card = card

    async def run(self) -> None:
        async with asyncio.TaskGroup() as drivers:
            for charge_point in self._fleet:
                for connector_id in charge_point.connector_ids:
                    drivers.create_task(self._drive(charge_point, connector_id))

    async def _drive(self, charge_point: SimulatedChargePoint, connector_id: int) -> None:
        while True:
            await self._pass(*SHORTEST_AND_LONGEST_GAP)
            try:
                await charge_point.plug_in(connector_id)
                if self._card is not None:
                    await charge_point.start_locally(connector_id, self._card)
                await self._pass(*SHORTEST_AND_LONGEST_STAY)
                await charge_point.unplug(connector_id)
            except WrongMove as elsewhere:
                # Somebody at the panel was faster.
                LOGGER.info("%s: %s", charge_point.identity, elsewhere)

    async def _pass(self, shortest: float, longest: float) -> None:
        await asyncio.sleep(self._time.real(self._random.uniform(shortest, longest)))

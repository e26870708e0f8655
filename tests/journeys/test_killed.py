"""X1: killed at any moment, the server loses no answered message, bills nothing twice, and leaves nothing that a
restart does not resolve."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from random import Random

import pytest

from evgraph.domain.people import Role
from tests.journeys.fleet import Bay, add_fleet, serving_vehicles
from tests.journeys.garage import Garage

CHARGERS = 20
KILLS = 20


@pytest.mark.slow
async def test_x1_twenty_sigkills_cost_no_watt_hour_and_bill_none_twice(open_garage, database_url):
    keys = await add_fleet(database_url, CHARGERS)
    async with open_garage(start_window_s=2, upkeep_every_s=0.2) as garage:
        garage.keys.update(keys)
        operator = await garage.sign_in(Role.OPERATOR)
        await operator.set_rate("PER_KWH", "25")
        # A charge of an hour takes a minute, with a sample every quarter of a second.
        chargers = [garage.charger(identity, speed=60, sample_interval=15) for identity in keys]
        async with serving_vehicles(operator, chargers) as (bays, random):
            await _kill_again_and_again(garage, bays, random)
        for charger in chargers:
            await charger.stop()


async def _kill_again_and_again(garage: Garage, bays: list[Bay], random: Random) -> None:
    """Anywhen; and while a charger waits for the answer to a start, or to a stop."""
    moments: list[Callable[[Bay], bool]] = [lambda bay: True, Bay.waits_for_its_start, Bay.waits_for_its_stop]
    for kill in range(KILLS):
        await asyncio.sleep(random.uniform(0.2, 2))
        has_come = moments[kill % len(moments)]
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                while not any(has_come(bay) for bay in bays):  # noqa: ASYNC110 - a moment of no event
                    await asyncio.sleep(0.002)
        await asyncio.sleep(random.uniform(0, 0.04))
        await garage.server.kill()
        await garage.server.start()

from __future__ import annotations

import asyncio
from random import Random

from evgraph.simulator import Fleet
from evgraph.simulator.simulated_time import SimulatedTime
from evgraph.simulator.visitors import Visitors


async def test_cars_come_charge_and_go_by_themselves(make_charge_point, central_system):
    fleet = Fleet([make_charge_point(connectors=2, speed=36_000)])
    async with fleet:
        await fleet.connected()
        visitors = asyncio.create_task(Visitors(fleet, SimulatedTime(36_000), Random(1), "CARD").run())
        await central_system.came("StopTransaction", times=4)
        visitors.cancel()
        await asyncio.wait({visitors})
    assert {start["idTag"] for start in central_system.payloads("StartTransaction")} == {"CARD"}
    assert {start["connectorId"] for start in central_system.payloads("StartTransaction")} == {1, 2}

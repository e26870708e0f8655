"""Many simulated charge points at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

from evgraph.simulator.charge_point import SimulatedChargePoint


class UnknownChargePoint(Exception):
    """The fleet has no charge point of this identity."""


def identities(prefix: str, count: int) -> list[str]:
    """`AX48-`, 3: AX48-1, AX48-2, AX48-3."""
    return [f"{prefix}{number}" for number in range(1, count + 1)]


class Fleet:
    """Owns its charge points while it runs: as `async with`, or `run` until cancelled."""

    def __init__(self, charge_points: Iterable[SimulatedChargePoint]) -> None:
        self._charge_points: dict[str, SimulatedChargePoint] = {}
        for charge_point in charge_points:
            if charge_point.identity in self._charge_points:
                raise ValueError(f"There are two charge points {charge_point.identity}.")
            self._charge_points[charge_point.identity] = charge_point

    def __iter__(self) -> Iterator[SimulatedChargePoint]:
        return iter(self._charge_points.values())

    def __len__(self) -> int:
        return len(self._charge_points)

    def __getitem__(self, identity: str) -> SimulatedChargePoint:
        found = self._charge_points.get(identity)
        if found is None:
            raise UnknownChargePoint(f"There is no charge point {identity} here.")
        return found

    async def __aenter__(self) -> Self:
        async with asyncio.TaskGroup() as starting:
            for charge_point in self:
                starting.create_task(charge_point.start())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with asyncio.TaskGroup() as stopping:
            for charge_point in self:
                stopping.create_task(charge_point.stop())

    async def run(self) -> None:
        """Live until cancelled; a charge point that breaks ends the fleet and says why."""
        async with asyncio.TaskGroup() as lives:
            for charge_point in self:
                lives.create_task(charge_point.run())

    async def connected(self, timeout: float | None = 30.0) -> None:  # noqa: ASYNC109
        """Return once all are connected and accepted; TimeoutError after real seconds."""
        async with asyncio.timeout(timeout):
            for charge_point in self:
                await charge_point.connected(None)

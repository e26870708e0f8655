"""What each port can deliver, for M5 and M6."""

from collections.abc import Collection
from dataclasses import dataclass

from evgraph.domain.supply import Supply
from evgraph.models import PortRow
from evgraph.models.plain import select_values


@dataclass(frozen=True, slots=True)
class _Power:
    id: int
    max_power_w: int | None


class Supplies:
    """`times`: see Supply."""

    def __init__(self, times: int = 1) -> None:
        self._times = times

    async def at(self, charge_point_ids: Collection[int]) -> dict[int, Supply]:
        """By port; a port whose power nobody knows is not among them. Asked for anew each time, since an operator may
        change it in another process."""
        if not charge_point_ids:
            return {}
        powers = await select_values(PortRow, _Power, "charge_point_id IN (?)", list(charge_point_ids))
        # Few powers, and many ports.
        supplies = {watts: self.of(watts) for watts in {power.max_power_w for power in powers}}
        found = {power.id: supplies[power.max_power_w] for power in powers}
        return {port_id: supply for port_id, supply in found.items() if supply is not None}

    async def of_port(self, port_id: int) -> Supply | None:
        (power,) = await select_values(PortRow, _Power, "id = ?", port_id)
        return self.of(power.max_power_w)

    def of(self, max_power_w: int | None) -> Supply | None:
        return Supply(max_power_w=max_power_w, times=self._times) if max_power_w else None

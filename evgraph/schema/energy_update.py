from datetime import datetime

import strawberry

from evgraph.schema.money import Money
from evgraph.schema.scalars import as_int


@strawberry.type(
    description="Energy delivered so far by one running session: the light-weight feed for counters.",
)
class EnergyUpdate:
    session_id: strawberry.ID
    port_id: strawberry.ID
    request_id: strawberry.ID | None = strawberry.field(description="Null while the session is unassigned.")
    energy_wh: int
    energy_kwh: float
    power_kw: float | None
    cost: Money | None
    at: datetime

    def __post_init__(self) -> None:
        self.energy_wh = as_int(self.energy_wh)

"""What a ticket owes, and whether the frames tell the same (C10)."""

from evgraph.domain.stay import Stay
from evgraph.models import LineItemRow
from evgraph.ocpp.replay import Difference, Selection, replay

from .conftest import Garage


async def bill(stay: Stay) -> int:
    return sum(item.amount_cents for item in await LineItemRow.filter(stay_id=stay.id))


async def differences(garage: Garage) -> list[Difference]:
    supplies = garage.house.transactions._supplies
    return list((await replay(Selection(), supplies=supplies, now=garage.clock.now())).differences)

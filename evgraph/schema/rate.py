from datetime import datetime
from decimal import Decimal

import strawberry

from evgraph.domain.rate import Rate as RateValue
from evgraph.domain.rate import label
from evgraph.schema.context import Info, existing
from evgraph.schema.enums import RateKind
from evgraph.schema.node import Node, from_value, resolved
from evgraph.schema.scalars import plain_decimal


@strawberry.type
class Rate(Node):
    value: strawberry.Private[RateValue]

    kind: RateKind = from_value()
    effective_from: datetime = from_value()
    set_by: str | None = from_value()

    @resolved("Cents a session, a kWh or a minute.")
    def amount_cents(self) -> Decimal:
        return plain_decimal(self.value.amount_cents)

    @resolved("For people: 25 c per kWh.")
    async def label(self, info: Info) -> str:
        garage = existing(await info.context.loaders.garages.load(self.value.garage_id))
        return label(self.value, garage.locale)


def rate_or_none(value: RateValue | None) -> Rate | None:
    return Rate(value=value) if value else None

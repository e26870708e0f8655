from datetime import datetime
from decimal import Decimal

import strawberry

from evgraph.domain.billing import LineItem as LineItemValue
from evgraph.domain.billing import quantity_step
from evgraph.schema import charging_session, stay
from evgraph.schema.context import Info, existing
from evgraph.schema.enums import LineItemUnit
from evgraph.schema.money import Money, money_of
from evgraph.schema.node import Node, from_value, resolved
from evgraph.schema.references import ChargingSessionRef, StayRef
from evgraph.schema.scalars import plain_decimal


@strawberry.type
class LineItem(Node):
    value: strawberry.Private[LineItemValue]

    description: str = from_value("For the receipt: EV charging, 17.234 kWh at 25 c/kWh.")
    unit: LineItemUnit = from_value()
    is_correction: bool = from_value(
        "A correction of an earlier line item of the same session; its amount may be negative."
    )
    after_checkout: bool = from_value("Added when the ticket was checked out already.")
    created_at: datetime = from_value()

    @strawberry.field
    async def stay(self, info: Info) -> StayRef:
        return stay.Stay(value=existing(await info.context.loaders.stays.load(self.value.stay_id)))

    @strawberry.field
    async def session(self, info: Info) -> ChargingSessionRef:
        found = await info.context.loaders.sessions.load(self.value.session_id)
        return charging_session.ChargingSession(value=existing(found))

    @resolved("How much of `unit` was billed: kWh, minutes, or 1 session.")
    def quantity(self) -> Decimal:
        """A column holds three decimals; a session is counted, and a minute has two."""
        return self.value.quantity.quantize(quantity_step(self.value.unit))

    @strawberry.field
    def unit_cents(self) -> Decimal:
        return plain_decimal(self.value.unit_cents)

    @strawberry.field
    async def amount(self, info: Info) -> Money:
        return await money_of(info, self.value.garage_id, self.value.amount_cents)

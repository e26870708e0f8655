"""Sending the cards to a charge point."""

import strawberry

from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.errors import UserError


@strawberry.input
class SendLocalListInput:
    charge_point_id: strawberry.ID


@strawberry.type
class SendLocalListPayload:
    charge_point: ChargePoint | None = None
    status: str | None = strawberry.field(default=None, description="What the charge point answered: Accepted.")
    version: int | None = strawberry.field(default=None, description="Of the list that it holds now.")
    entry_count: int | None = strawberry.field(default=None, description="How many cards that list has.")
    errors: list[UserError] = strawberry.field(default_factory=list)

import strawberry

from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.errors import UserError
from evgraph.schema.port import Port

UNSET = strawberry.UNSET


@strawberry.input
class ChangeAvailabilityInput:
    port_id: strawberry.ID | None = strawberry.field(default=UNSET, description="One port.")
    charge_point_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Or a charge point, with all of its ports."
    )
    available: bool = strawberry.field(description="False puts it out of order; a session that runs goes on.")


@strawberry.type
class ChangeAvailabilityPayload:
    charge_point: ChargePoint | None = None
    ports: list[Port] | None = strawberry.field(
        default=None, description="As they are now, whatever the charge point answered."
    )
    answer: str | None = strawberry.field(
        default=None, description="The charge point's: Accepted, Scheduled or Rejected; null where it gave none."
    )
    warning: str | None = strawberry.field(
        default=None,
        description="What an operator should know of that, in a sentence. A charge point that could not be told that a "
        "port is out of order is told again once it is connected.",
    )
    errors: list[UserError] = strawberry.field(default_factory=list)

"""Giving sessions to tickets."""

import strawberry

from evgraph.schema.charging_session import ChargingSession
from evgraph.schema.errors import UserError


@strawberry.input
class AssignSessionInput:
    session_id: strawberry.ID
    stay_id: strawberry.ID


@strawberry.type
class AssignSessionPayload:
    session: ChargingSession | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class ReassignSessionInput:
    session_id: strawberry.ID
    stay_id: strawberry.ID = strawberry.field(description="The ticket of the vehicle that is at the plug in truth.")
    swap: bool | None = strawberry.field(
        default=False,
        description="Where that vehicle is charging too, the two sessions change places; otherwise it is refused with "
        "REQUEST_NOT_WAITING.",
    )


@strawberry.type
class ReassignSessionPayload:
    session: ChargingSession | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)

from datetime import datetime

import strawberry

from evgraph.domain.charging_request import ChargingRequest as ChargingRequestValue
from evgraph.schema import charging_session, stay
from evgraph.schema.context import Info, existing
from evgraph.schema.enums import Channel, RequestStatus
from evgraph.schema.node import Node, from_value, resolved
from evgraph.schema.references import ChargingSessionRef, StayRef


@strawberry.type(description="A vehicle's place in the EV queue.")
class ChargingRequest(Node):
    value: strawberry.Private[ChargingRequestValue]

    status: RequestStatus = from_value()
    channel: Channel = from_value()
    requested_at: datetime = from_value()
    estimated_checkout_at: datetime | None = from_value()
    last_start_failure: str | None = from_value(
        "Why the last attempt to start came to nothing, in words for an attendant."
    )

    @strawberry.field
    async def stay(self, info: Info) -> StayRef:
        return stay.Stay(value=existing(await info.context.loaders.stays.load(self.value.stay_id)))

    @resolved("The latest session made for this request.")
    async def session(self, info: Info) -> ChargingSessionRef | None:
        if self.value.session_id is None:
            return None
        found = await info.context.loaders.sessions.load(self.value.session_id)
        return charging_session.ChargingSession(value=found) if found else None

from datetime import datetime

import strawberry

from evgraph.domain.quarantine import QuarantinedMessage as QuarantinedMessageValue
from evgraph.schema import charge_point, charging_session
from evgraph.schema.connection import Connection, before_id, newest_first, page_size
from evgraph.schema.context import Info, Page, existing
from evgraph.schema.errors import UserError
from evgraph.schema.global_ids import encode
from evgraph.schema.node import from_value, resolved
from evgraph.schema.operating_context import QuarantineFilter
from evgraph.schema.references import ChargePointRef, ChargingSessionRef

UNSET = strawberry.UNSET


@strawberry.type(
    description="What a charger said, was answered, and could not be placed or read whole. Nobody was billed by it."
)
class QuarantinedMessage:
    value: strawberry.Private[QuarantinedMessageValue]

    action: str = from_value()
    frame: str = from_value("As it came.")
    why: str = from_value("What could not be made sense of.")
    at: datetime = from_value("When it came. Of a message that was repeated, when it came first.")
    count: int = from_value(
        "How often it came. Readings and statuses of one connector that fail for the same reason are counted in one "
        "row, whose frame is the latest one."
    )
    resolved_at: datetime | None = from_value()
    resolved_by: str | None = from_value()
    resolution: str | None = from_value("What an operator made of it.")

    @resolved(name="id")
    def global_id(self) -> strawberry.ID:
        return encode("QuarantinedMessage", self.value.id)

    @resolved("The meter's register that a StopTransaction told, in Wh; not what one session delivered.")
    def meter_wh(self) -> int | None:
        return self.value.energy_wh

    @resolved("The same in kWh.")
    def meter_kwh(self) -> float | None:
        return None if self.value.energy_wh is None else self.value.energy_wh / 1000

    @resolved("When it came last; the same as at unless it was repeated.")
    def last_at(self) -> datetime:
        return self.value.last_at or self.value.at

    @strawberry.field
    async def charge_point(self, info: Info) -> ChargePointRef:
        found = await info.context.loaders.charge_points.load(self.value.charge_point_id)
        return charge_point.ChargePoint(value=existing(found))

    @resolved("The session that it was found to belong to.")
    async def session(self, info: Info) -> ChargingSessionRef | None:
        if self.value.session_id is None:
            return None
        found = await info.context.loaders.sessions.load(self.value.session_id)
        return charging_session.ChargingSession(value=found) if found else None


@strawberry.input
class ResolveQuarantinedInput:
    id: strawberry.ID
    resolution: str = strawberry.field(description="How it was resolved, in a sentence for whoever asks later.")
    session_id: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="Take a StopTransaction as the end of this session: one that runs ends and is billed, one that we "
        "had closed without the charger's word is corrected by a further line item.",
    )


@strawberry.type
class ResolveQuarantinedPayload:
    quarantined_message: QuarantinedMessage | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


async def quarantine(
    info: Info, garage_id: int, is_resolved: bool | None, first: int | None, after: str | None
) -> Connection[QuarantinedMessage]:
    where = QuarantineFilter(garage_id, is_resolved)
    loaders = info.context.loaders.operating
    return newest_first(
        await loaders.quarantine_pages.load(Page(where, page_size(first, 50), before_id(after, "quarantine"))),
        lambda value: QuarantinedMessage(value=value),
        listed="quarantine",
        after=after,
        count=lambda: loaders.quarantine_counts.load(where),
    )

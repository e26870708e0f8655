from datetime import datetime

import strawberry

from evgraph.domain.assigning import SessionMove as SessionMoveValue
from evgraph.schema import stay
from evgraph.schema.context import Info, existing
from evgraph.schema.node import from_value, resolved
from evgraph.schema.references import StayRef


@strawberry.type(description="That someone gave a session to a ticket.")
class SessionMove:
    value: strawberry.Private[SessionMoveValue]

    moved_by: str | None = from_value()
    moved_at: datetime = from_value()

    @resolved("The ticket that it was taken from; null where it was unassigned.")
    async def from_stay(self, info: Info) -> StayRef | None:
        return await _stay(info, self.value.from_stay_id)

    @strawberry.field
    async def to_stay(self, info: Info) -> StayRef | None:
        return await _stay(info, self.value.to_stay_id)


async def _stay(info: Info, stay_id: int | None) -> StayRef | None:
    return stay.Stay(value=existing(await info.context.loaders.stays.load(stay_id))) if stay_id is not None else None

from collections.abc import AsyncGenerator

import strawberry

from evgraph.bus import Lagged
from evgraph.domain.charge_point import ChargePoint
from evgraph.domain.events import FrameLogged
from evgraph.domain.people import Right
from evgraph.models import FrameRow
from evgraph.models.database import reader
from evgraph.resolvers.context import Info, Operation
from evgraph.resolvers.permissions import may_see, signed_in
from evgraph.resolvers.subscriptions.watch import Watch
from evgraph.schema.errors import bad_user_input
from evgraph.schema.frame import Frame
from evgraph.schema.global_ids import key_of

_MOST_AT_ONCE = 1000


async def frame_logged(
    info: Info, charge_point_id: strawberry.ID, action: str | None = strawberry.UNSET
) -> AsyncGenerator[Frame, None]:
    operation = info.context
    signed_in(operation.viewer)
    key = key_of("ChargePoint", charge_point_id)
    charge_point = await operation.loaders.charge_points.load(key) if key is not None else None
    if charge_point is None or not may_see(operation.viewer, Right.OPERATE, charge_point.garage_id):
        raise bad_user_input("There is no such charge point.")
    return _updates(operation, Watch(operation, Right.OPERATE, charge_point.garage_id), charge_point, action or None)


async def _updates(
    operation: Operation, watch: Watch, charge_point: ChargePoint, action: str | None
) -> AsyncGenerator[Frame, None]:
    """Each as it is written; what a reader was too slow for is read from the log."""
    last_id: int | None = None
    with operation.services.frames.watch(charge_point.garage_id, charge_point.id) as feed:
        async for event in feed:
            if isinstance(event, Lagged) and last_id is not None:
                rows = FrameRow.filter(charge_point_id=charge_point.id, id__gt=last_id).using_db(reader())
                logged = [row.value() for row in await rows.order_by("id").limit(_MOST_AT_ONCE)]
            elif isinstance(event, FrameLogged) and event.charge_point_id == charge_point.id:
                logged = [event.frame]
            else:
                continue
            for frame in logged:
                if last_id is not None and frame.id <= last_id:
                    continue
                last_id = frame.id
                if action is None or frame.action == action:
                    await watch.check()
                    yield Frame(value=frame)

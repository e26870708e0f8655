"""A file a subscription. What is refused is refused before the first event."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any

import strawberry

from evgraph.resolvers.subscriptions.board_updated import board_updated, watched_board
from evgraph.resolvers.subscriptions.charge_point_job_updated import charge_point_job_updated
from evgraph.resolvers.subscriptions.energy_updated import energy_updated, watched_energy
from evgraph.resolvers.subscriptions.frame_logged import frame_logged
from evgraph.resolvers.subscriptions.line_item_added import line_item_added, watched_line_items
from evgraph.resolvers.subscriptions.quarantine_added import quarantine_added, watched_quarantine
from evgraph.resolvers.subscriptions.session_updated import session_updated
from evgraph.resolvers.subscriptions.watched import Watched
from evgraph.schema.board import BoardUpdate
from evgraph.schema.charge_point_job import ChargePointJob
from evgraph.schema.charging_session import ChargingSession
from evgraph.schema.energy_update import EnergyUpdate
from evgraph.schema.frame import Frame
from evgraph.schema.line_item import LineItem
from evgraph.schema.quarantined_message import QuarantinedMessage


@strawberry.type
class Subscription:
    board_updated: AsyncGenerator[BoardUpdate, None] = strawberry.subscription(resolver=board_updated)
    energy_updated: AsyncGenerator[EnergyUpdate, None] = strawberry.subscription(
        resolver=energy_updated,
        description="Every kWh reading of a garage, or of one session; starts with the running sessions' latest.",
    )
    session_updated: AsyncGenerator[ChargingSession, None] = strawberry.subscription(
        resolver=session_updated,
        description="One session, each time that anything of it changes; completes when it has ended.",
    )
    charge_point_job_updated: AsyncGenerator[ChargePointJob, None] = strawberry.subscription(
        resolver=charge_point_job_updated,
        description="Firmware, diagnostics and logs of a garage or a charge point: what is open now, then each step.",
    )
    line_item_added: AsyncGenerator[LineItem, None] = strawberry.subscription(
        resolver=line_item_added,
        description="For a point of sale: line items as they are put on a garage's tickets.",
    )
    frame_logged: AsyncGenerator[Frame, None] = strawberry.subscription(
        resolver=frame_logged, description="The frames of a charge point, both ways, as they come and go."
    )
    quarantine_added: AsyncGenerator[QuarantinedMessage, None] = strawberry.subscription(
        resolver=quarantine_added, description="What chargers said and could not be placed, as it comes."
    )


# Those that viewers may watch together, by their fields: what is watched, of an operation and the field's arguments.
TOGETHER: Mapping[str, Callable[..., Awaitable[Watched[Any]]]] = {
    "boardUpdated": watched_board,
    "energyUpdated": watched_energy,
    "lineItemAdded": watched_line_items,
    "quarantineAdded": watched_quarantine,
}

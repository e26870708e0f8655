from collections.abc import AsyncGenerator

import strawberry

from evgraph.domain.billing import LineItem as LineItemValue
from evgraph.domain.people import Right
from evgraph.resolvers.context import Info, Operation
from evgraph.resolvers.known import Known
from evgraph.resolvers.subscriptions.watch import garage_in_sight
from evgraph.resolvers.subscriptions.watched import Shown, Watched, watch_alone
from evgraph.schema.context import existing
from evgraph.schema.global_ids import key_of
from evgraph.schema.line_item import LineItem
from evgraph.services.live_additions import LineItems, LiveAdditions


async def line_item_added(info: Info, garage_id: strawberry.ID) -> AsyncGenerator[LineItem, None]:
    return watch_alone(info.context, await watched_line_items(info.context, garage_id))


async def watched_line_items(operation: Operation, garage_id: strawberry.ID) -> Watched[LineItemValue]:
    """A point of sale must not miss one."""
    key = garage_in_sight(operation, Right.SEE_STAYS, key_of("Garage", garage_id))
    garage = existing(await operation.loaders.garages.load(key))

    def show(item: LineItemValue) -> Shown:
        return Shown(LineItem(value=item), Known(garages={key: garage}))

    return Watched(
        right=Right.SEE_STAYS,
        garage_id=key,
        subject=await LiveAdditions.from_now_on(LineItems(), operation.services.bus, key),
        showing=lambda: show,
    )

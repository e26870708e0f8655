from collections.abc import AsyncGenerator

import strawberry

from evgraph.bus import Lagged
from evgraph.domain.billing import LineItem as LineItemValue
from evgraph.domain.events import LineItemAdded
from evgraph.domain.people import Right
from evgraph.models import LineItemRow
from evgraph.models.database import reader
from evgraph.resolvers.context import Info, Operation
from evgraph.resolvers.known import Known
from evgraph.resolvers.subscriptions.watch import Watch
from evgraph.schema.global_ids import key_of
from evgraph.schema.line_item import LineItem


async def line_item_added(info: Info, garage_id: strawberry.ID) -> AsyncGenerator[LineItem, None]:
    key = key_of("Garage", garage_id)
    watch = Watch.over_garage(info.context, Right.SEE_STAYS, key)
    newest = await LineItemRow.filter(garage_id=key).using_db(reader()).order_by("-id").first()
    return _updates(info.context, watch, key or 0, newest.id if newest else 0)


async def _updates(operation: Operation, watch: Watch, garage_id: int, last_id: int) -> AsyncGenerator[LineItem, None]:
    """Each once. A point of sale must not miss one: what a reader was too slow for is read from the books."""
    garage = await operation.loaders.garages.load(garage_id)
    with operation.services.bus.subscribe(garage_id) as feed:
        added = await _after(garage_id, last_id)
        while True:
            for item in added:
                await watch.check()
                last_id = item.id
                operation.renew(Known(garages={garage_id: garage}))
                yield LineItem(value=item)
            event = await anext(feed)
            if isinstance(event, Lagged):
                added = await _after(garage_id, last_id)
            elif isinstance(event, LineItemAdded) and event.line_item.id > last_id:
                added = [event.line_item]
            else:
                added = []


async def _after(garage_id: int, last_id: int) -> list[LineItemValue]:
    rows = await LineItemRow.filter(garage_id=garage_id, id__gt=last_id).using_db(reader()).order_by("id")
    return [row.value() for row in rows]

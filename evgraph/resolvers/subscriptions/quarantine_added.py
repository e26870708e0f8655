from collections.abc import AsyncGenerator

import strawberry

from evgraph.bus import Lagged
from evgraph.domain.events import MessageQuarantined
from evgraph.domain.people import Right
from evgraph.domain.quarantine import QuarantinedMessage as QuarantinedMessageValue
from evgraph.models import QuarantinedMessageRow
from evgraph.models.database import reader
from evgraph.resolvers.context import Info, Operation
from evgraph.resolvers.subscriptions.watch import Watch
from evgraph.schema.global_ids import key_of
from evgraph.schema.quarantined_message import QuarantinedMessage


async def quarantine_added(info: Info, garage_id: strawberry.ID) -> AsyncGenerator[QuarantinedMessage, None]:
    key = key_of("Garage", garage_id)
    watch = Watch.over_garage(info.context, Right.OPERATE, key)
    rows = QuarantinedMessageRow.filter(garage_id=key).using_db(reader())
    newest = await rows.order_by("-id").first()
    return _updates(info.context, watch, key or 0, newest.id if newest else 0)


async def _updates(
    operation: Operation, watch: Watch, garage_id: int, last_id: int
) -> AsyncGenerator[QuarantinedMessage, None]:
    """Each once; what a reader was too slow for is read from the books."""
    with operation.services.bus.subscribe(garage_id) as feed:
        added = await _after(garage_id, last_id)
        while True:
            for message in added:
                await watch.check()
                last_id = message.id
                operation.renew()
                yield QuarantinedMessage(value=message)
            event = await anext(feed)
            if isinstance(event, Lagged):
                added = await _after(garage_id, last_id)
            elif isinstance(event, MessageQuarantined) and event.message.id > last_id:
                added = [event.message]
            else:
                added = []


async def _after(garage_id: int, last_id: int) -> list[QuarantinedMessageValue]:
    rows = QuarantinedMessageRow.filter(garage_id=garage_id, id__gt=last_id)
    return [row.value() for row in await rows.using_db(reader()).order_by("id")]

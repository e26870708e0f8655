from collections.abc import AsyncGenerator

import strawberry

from evgraph.domain.people import Right
from evgraph.domain.quarantine import QuarantinedMessage as QuarantinedMessageValue
from evgraph.resolvers.context import Info, Operation
from evgraph.resolvers.known import Known
from evgraph.resolvers.subscriptions.watch import garage_in_sight
from evgraph.resolvers.subscriptions.watched import Shown, Watched, watch_alone
from evgraph.schema.global_ids import key_of
from evgraph.schema.quarantined_message import QuarantinedMessage
from evgraph.services.live_additions import LiveAdditions, Quarantine


async def quarantine_added(info: Info, garage_id: strawberry.ID) -> AsyncGenerator[QuarantinedMessage, None]:
    return watch_alone(info.context, await watched_quarantine(info.context, garage_id))


async def watched_quarantine(operation: Operation, garage_id: strawberry.ID) -> Watched[QuarantinedMessageValue]:
    key = garage_in_sight(operation, Right.OPERATE, key_of("Garage", garage_id))
    return Watched(
        right=Right.OPERATE,
        garage_id=key,
        subject=await LiveAdditions.from_now_on(Quarantine(), operation.services.bus, key),
        showing=lambda: _show,
    )


def _show(message: QuarantinedMessageValue) -> Shown:
    return Shown(QuarantinedMessage(value=message), Known())

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from evgraph.domain.board import Board
from evgraph.domain.events import BoardChanged
from evgraph.domain.people import Right
from evgraph.resolvers.context import Info, Operation
from evgraph.resolvers.known import Known
from evgraph.resolvers.subscriptions.watch import Watch
from evgraph.schema.board import BoardUpdate, ports_of, requests_of
from evgraph.schema.global_ids import encode, key_of
from evgraph.schema.rate import rate_or_none
from evgraph.services.live import board_updates


async def board_updated(info: Info, garage_id: strawberry.ID) -> AsyncGenerator[BoardUpdate, None]:
    key = key_of("Garage", garage_id)
    watch = Watch.over_garage(info.context, Right.SEE_BOARD, key)
    return _updates(info.context, watch, key or 0)


async def _updates(operation: Operation, watch: Watch, garage_id: int) -> AsyncGenerator[BoardUpdate, None]:
    """What the events tell is remembered, so that an update asks the database nothing."""
    garage = await operation.loaders.garages.load(garage_id)
    known = Known()
    services = operation.services
    async with aclosing(board_updates(services.boards, services.bus, garage_id)) as updates:  # type: ignore[type-var]
        async for update in updates:
            await watch.check()
            if isinstance(update, Board):
                known = Known(garages={garage_id: garage})
                known.learn_board(update)
                operation.renew(known)
                yield _snapshot(update)
            else:
                known.forget_requests(update.removed_request_ids)
                known.learn_rate(update.rate)
                known.learn_ports(update.ports)
                known.learn_cards(update.cards)
                operation.renew(known)
                yield _change(update)


def _snapshot(board: Board) -> BoardUpdate:
    return BoardUpdate(
        revision=board.revision,
        is_snapshot=True,
        rate=rate_or_none(board.rate),
        ports=ports_of(board.ports),
        requests=requests_of(board.cards),
        removed_request_ids=[],
    )


def _change(change: BoardChanged) -> BoardUpdate:
    return BoardUpdate(
        revision=change.revision,
        is_snapshot=False,
        rate=rate_or_none(change.rate),
        ports=ports_of(change.ports),
        requests=requests_of(change.cards),
        removed_request_ids=[encode("ChargingRequest", key) for key in change.removed_request_ids],
    )

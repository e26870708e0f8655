from collections.abc import AsyncGenerator

import strawberry

from evgraph.domain.board import Board
from evgraph.domain.events import BoardChanged
from evgraph.domain.garage import Garage
from evgraph.domain.people import Right
from evgraph.resolvers.context import Info, Operation
from evgraph.resolvers.known import Known
from evgraph.resolvers.subscriptions.watch import garage_in_sight
from evgraph.resolvers.subscriptions.watched import Show, Shown, Watched, watch_alone
from evgraph.schema.board import BoardUpdate, ports_of, requests_of
from evgraph.schema.context import existing
from evgraph.schema.global_ids import encode, key_of
from evgraph.schema.rate import rate_or_none
from evgraph.services.live_board import LiveBoard


async def board_updated(info: Info, garage_id: strawberry.ID) -> AsyncGenerator[BoardUpdate, None]:
    return watch_alone(info.context, await watched_board(info.context, garage_id))


async def watched_board(operation: Operation, garage_id: strawberry.ID) -> Watched[Board | BoardChanged]:
    key = garage_in_sight(operation, Right.SEE_BOARD, key_of("Garage", garage_id))
    garage = existing(await operation.loaders.garages.load(key))
    services = operation.services
    return Watched(
        right=Right.SEE_BOARD,
        garage_id=key,
        subject=LiveBoard(services.boards, services.bus, key),
        showing=lambda: _showing(garage),
    )


def _showing(garage: Garage) -> Show[Board | BoardChanged]:
    """What the news tell is remembered, so that an update asks the database nothing."""
    known = Known()

    def show(news: Board | BoardChanged) -> Shown:
        nonlocal known
        if isinstance(news, Board):
            known = Known(garages={garage.id: garage})
            known.learn_board(news)
            return Shown(_snapshot(news), known)
        known.forget_requests(news.removed_request_ids)
        known.learn_rate(news.rate)
        known.learn_ports(news.ports)
        known.learn_cards(news.cards)
        return Shown(_change(news), known)

    return show


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

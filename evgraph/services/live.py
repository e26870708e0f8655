"""What a board's watcher is told: first the whole board, then each change since, in order and without a gap."""

import asyncio
from collections.abc import AsyncIterator

from evgraph.bus import EventBus, Feed, Lagged
from evgraph.domain.board import Board
from evgraph.domain.events import BoardChanged
from evgraph.services.boards import Boards

# Changes of one garage may arrive in the wrong order; a gap that lasts this many seconds is a change that was lost.
_LONGEST_GAP_S = 1.0


async def board_updates(boards: Boards, bus: EventBus, garage_id: int) -> AsyncIterator[Board | BoardChanged]:
    """Joins the bus first, then reads, then drops what the snapshot holds: no change falls between the two.

    A Board is a snapshot, also later on when this reader lagged or a change was lost.
    """
    with bus.subscribe(garage_id) as feed:
        while True:
            board = await boards.read(garage_id)
            yield board
            async for change in _in_turn(feed, board.revision):
                yield change


async def _in_turn(feed: Feed, revision: int) -> AsyncIterator[BoardChanged]:
    """The changes after `revision`, each the next of the one before; ends where a snapshot must follow."""
    early: dict[int, BoardChanged] = {}
    while True:
        try:
            event = await asyncio.wait_for(anext(feed), _LONGEST_GAP_S if early else None)
        except TimeoutError:
            return
        if isinstance(event, Lagged):
            return
        if not isinstance(event, BoardChanged) or event.revision <= revision:
            continue
        early[event.revision] = event
        while (following := early.pop(revision + 1, None)) is not None:
            revision += 1
            yield following

"""The whole board of a garage, as of one moment."""

from collections import defaultdict
from collections.abc import Sequence

from tortoise.exceptions import DoesNotExist

from evgraph.domain import board
from evgraph.domain.board import Board, Card, PortView
from evgraph.models import boards as rows
from evgraph.models.looks import look
from evgraph.models.reads import note_version


class Boards:
    async def read(self, garage_id: int) -> Board:
        """Raises DoesNotExist for a garage that there is not."""
        found = await self.read_all([garage_id])
        if garage_id not in found:
            raise DoesNotExist(f"There is no garage {garage_id}.")
        return found[garage_id]

    async def read_all(self, garage_ids: Sequence[int]) -> dict[int, Board]:
        """By garage, all as of one moment, those that there are."""
        async with look() as now:
            garages = await rows.garages(now, garage_ids)
            rates = await rows.rates_in_force(now, garage_ids)
            views, cards = await rows.ports_and_cards(now, garage_ids)
        ports_of: defaultdict[int, list[PortView]] = defaultdict(list)
        for view in views:
            ports_of[view.port.garage_id].append(view)
        cards_of: defaultdict[int, list[Card]] = defaultdict(list)
        for card in cards:
            cards_of[card.stay.garage_id].append(card)
        boards = {}
        for id_, (_, revision, version) in garages.items():
            note_version(id_, version)
            boards[id_] = board.build(
                garage_id=id_, revision=revision, rate=rates[id_][0], ports=ports_of[id_], cards=cards_of[id_]
            )
        return boards

"""The whole board of a garage, as of one moment."""

from collections import OrderedDict, defaultdict
from collections.abc import Sequence

from tortoise.exceptions import DoesNotExist

from evgraph.domain import board
from evgraph.domain.board import Board, Card, PortView
from evgraph.models import boards as rows
from evgraph.models.looks import Look, look
from evgraph.models.reads import note_version

_MOST = 500


class Boards:
    """Remembers the last board of each garage with its version. One of the same version is the same board; one of the
    same revision differs in what the meters counted since, and only that is read again."""

    def __init__(self) -> None:
        self._last: OrderedDict[int, tuple[int, Board]] = OrderedDict()

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
            changed = [id_ for id_, (_, revision, _) in garages.items() if not self._is_at(id_, revision)]
            if changed:
                boards = await _whole(now, {id_: garages[id_][1] for id_ in changed})
            else:
                boards = {}
            for id_, (_, _, version) in garages.items():
                if id_ not in boards:
                    boards[id_] = await self._metered(now, id_, version)
        for id_, made in boards.items():
            version = garages[id_][2]
            note_version(id_, version)
            self._last[id_] = version, made
            self._last.move_to_end(id_)
        while len(self._last) > _MOST:
            self._last.popitem(last=False)
        return boards

    def _is_at(self, garage_id: int, revision: int) -> bool:
        last = self._last.get(garage_id)
        return last is not None and last[1].revision == revision

    async def _metered(self, now: Look, garage_id: int, version: int) -> Board:
        last_version, last = self._last[garage_id]
        return last if last_version == version else board.metered(last, await rows.running(now, garage_id))


async def _whole(now: Look, revisions: dict[int, int]) -> dict[int, Board]:
    rates = await rows.rates_in_force(now, list(revisions))
    views, cards = await rows.ports_and_cards(now, list(revisions))
    ports_of: defaultdict[int, list[PortView]] = defaultdict(list)
    for view in views:
        ports_of[view.port.garage_id].append(view)
    cards_of: defaultdict[int, list[Card]] = defaultdict(list)
    for card in cards:
        cards_of[card.stay.garage_id].append(card)
    return {
        id_: board.build(garage_id=id_, revision=revision, rate=rates[id_][0], ports=ports_of[id_], cards=cards_of[id_])
        for id_, revision in revisions.items()
    }

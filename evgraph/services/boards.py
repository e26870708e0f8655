"""The whole board of a garage, as of one moment."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from tortoise.exceptions import DoesNotExist

from evgraph.domain import board
from evgraph.domain.board import Board
from evgraph.domain.rate import Rate
from evgraph.models import boards as rows
from evgraph.models.looks import by_itself
from evgraph.models.reads import note_version

_MOST = 500
# With the version of its garage.
_Versioned = tuple[int, Board]


class Boards:
    """Remembers the last board of each garage with its version. One of the same version is the same board; one of the
    same revision differs in what the meters counted since, and only that is read again."""

    def __init__(self) -> None:
        self._last: OrderedDict[int, _Versioned] = OrderedDict()
        self._rates: dict[int, Rate] = {}

    async def read(self, garage_id: int) -> Board:
        """Raises DoesNotExist for a garage that there is not."""
        found = await self.read_all([garage_id])
        if garage_id not in found:
            raise DoesNotExist(f"There is no garage {garage_id}.")
        return found[garage_id]

    async def read_all(self, garage_ids: Sequence[int]) -> dict[int, Board]:
        """By garage, each as of one moment, those that there are."""
        boards = await self._metered({id_: self._last[id_] for id_ in garage_ids if id_ in self._last})
        others = [id_ for id_ in dict.fromkeys(garage_ids) if id_ not in boards]
        boards |= await self._whole(others)
        for id_, (version, made) in boards.items():
            note_version(id_, version)
            self._last[id_] = version, made
            self._last.move_to_end(id_)
        while len(self._last) > _MOST:
            self._last.popitem(last=False)
        return {id_: made for id_, (_, made) in boards.items()}

    async def _metered(self, last: Mapping[int, _Versioned]) -> dict[int, _Versioned]:
        """Those that are at the same revision."""
        found = {}
        known = {id_: (made.revision, version) for id_, (version, made) in last.items()}
        for id_, now in (await rows.metered(by_itself(), known)).items() if known else ():
            version, made = last[id_]
            if now.version == version:
                found[id_] = last[id_]
            elif now.revision == made.revision:
                found[id_] = now.version, board.metered(made, now.running)
        return found

    async def _whole(self, garage_ids: Sequence[int]) -> dict[int, _Versioned]:
        found = {}
        for id_, now in (await rows.whole(by_itself(), garage_ids, self._rates)).items() if garage_ids else ():
            made = board.build(garage_id=id_, revision=now.revision, rate=now.rate, ports=now.ports, cards=now.cards)
            found[id_] = now.version, made
        return found

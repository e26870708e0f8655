"""The whole board of a garage, as of one moment."""

from evgraph.domain import board
from evgraph.domain.board import Board
from evgraph.domain.charging_request import RequestStatus
from evgraph.domain.stay import StayStatus
from evgraph.models import GarageRow
from evgraph.models.database import snapshot
from evgraph.services import reading


class Boards:
    async def read(self, garage_id: int) -> Board:
        """Raises DoesNotExist for a garage that there is not."""
        async with snapshot() as db:
            garage = await GarageRow.get(id=garage_id, using_db=db)
            return board.build(
                garage_id=garage_id,
                revision=garage.revision,
                rate=await reading.rate_in_force(db, garage_id),
                ports=await reading.port_views(db, garage_id=garage_id),
                cards=await reading.cards(
                    db,
                    garage_id=garage_id,
                    stay__status=StayStatus.OPEN,
                    status__not=RequestStatus.CANCELED,
                ),
            )

"""Operators set what charging costs, per garage."""

from decimal import Decimal

from evgraph.domain.people import Right, Viewer
from evgraph.domain.rate import Rate, RateKind, new_rate
from evgraph.models import GarageRow
from evgraph.services.books import Books
from evgraph.services.permissions import missing, require


class Rates:
    def __init__(self, books: Books) -> None:
        self._books = books

    async def set(self, viewer: Viewer, garage_id: int, kind: RateKind, amount_cents: Decimal) -> Rate:
        """In force for sessions that start from now on; never for one that has begun (T10)."""
        require(viewer, Right.SET_RATES, garage_id, "garage", "input", "garageId")
        async with self._books.change(garage_id) as change:
            garage = await GarageRow.get_or_none(id=garage_id)
            if garage is None:
                raise missing("garage", "input", "garageId")
            rate = new_rate(
                garage_id=garage_id,
                kind=kind,
                amount_cents=amount_cents,
                currency=garage.currency,
                now=change.now,
                set_by=viewer.name,
            )
            return await change.add_rate(rate)

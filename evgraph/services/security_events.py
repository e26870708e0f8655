"""What charge points tell of their own safety."""

from datetime import datetime

import structlog

from evgraph.models import ChargePointRow, SecurityEventRow
from evgraph.services.books import Books

_LONGEST_KIND, _LONGEST_INFO = 50, 255

log = structlog.get_logger("evgraph.security")


class SecurityEvents:
    def __init__(self, books: Books) -> None:
        self._books = books

    async def reported(self, charge_point_id: int, *, kind: str, tech_info: str | None, at: datetime) -> None:
        """`at`: by the charge point's clock, or ours where that cannot be believed (B7). The same one that comes again
        is kept once: it was queued, and its answer lost."""
        row = await ChargePointRow.get(id=charge_point_id)
        async with self._books.change(row.garage_id) as change:
            kind, tech_info = kind[:_LONGEST_KIND], tech_info[:_LONGEST_INFO] if tech_info else None
            known = SecurityEventRow.filter(charge_point_id=charge_point_id, kind=kind, tech_info=tech_info, at=at)
            if await known.exists():
                return
            await SecurityEventRow.create(
                charge_point_id=charge_point_id, kind=kind, tech_info=tech_info, at=at, received_at=change.now
            )
        log.warning("security event", charge_point=row.identity, kind=kind, at=str(at))

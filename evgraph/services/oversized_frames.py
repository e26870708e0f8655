"""Frames over the limit (rule C6): flagged for an operator, and answered with a higher limit if they keep coming."""

import structlog

from evgraph.domain.charge_point import ChargePoint
from evgraph.models import ChargePointRow, ConnectionRow, QuarantinedMessageRow
from evgraph.services.books import Books
from evgraph.services.placing import keep_in_quarantine

RAISED_LIMIT = 16 * 1024 * 1024
MESSAGE_TOO_BIG = 1009
NO_ACTION = "(oversized frame)"
# Of the unresolved flags of a charge point, so many are compared with a new one.
_MOST_COMPARED = 50

log = structlog.get_logger("evgraph.oversized_frames")


class OversizedFrames:
    """Raises a charge point's limit to RAISED_LIMIT when two of its connections in a row end by 1009."""

    def __init__(self, books: Books) -> None:
        self._books = books
        # Those whose latest connection ended by 1009: its end may not be in the database yet when the next one comes.
        self._latest: set[int] = set()

    async def flag(
        self,
        charge_point_id: int,
        *,
        action: str | None,
        head: str,
        size: int,
        limit: int,
        energy_wh: int | None = None,
    ) -> None:
        """Keeps the first bytes `head` in quarantine. `size` and `limit` in bytes; `energy_wh`: the meterStop that can
        be read from the first bytes. A frame that is sent again is flagged once."""
        is_second = charge_point_id in self._latest or await _ended_by_1009(charge_point_id)
        self._latest.add(charge_point_id)
        action = action or NO_ACTION
        charge_point = (await ChargePointRow.get(id=charge_point_id)).value()
        is_raised = is_second and limit < RAISED_LIMIT
        why = _why(size, limit, is_raised=is_raised)
        async with self._books.change(charge_point.garage_id) as change:
            if is_raised:
                await ChargePointRow.filter(id=charge_point_id).update(max_frame_bytes=RAISED_LIMIT)
            known = await _flagged_before(charge_point, action, head)
            if known is not None:
                await QuarantinedMessageRow.filter(id=known).update(frame=head, why=why)
            else:
                await keep_in_quarantine(
                    change, charge_point_id, action=action, frame=head, why=why, energy_wh=energy_wh
                )
        if is_raised:
            log.warning("frame limit raised", charge_point=charge_point.identity, limit=RAISED_LIMIT)

    def ended_otherwise(self, charge_point_id: int) -> None:
        """A connection of it ended, and not by 1009."""
        self._latest.discard(charge_point_id)


async def _ended_by_1009(charge_point_id: int) -> bool:
    """Also before a restart of ours: its latest connection that has ended."""
    ended = ConnectionRow.filter(charge_point_id=charge_point_id, disconnected_at__isnull=False)
    latest = await ended.order_by("-id").first()
    return latest is not None and latest.close_code == MESSAGE_TOO_BIG


async def _flagged_before(charge_point: ChargePoint, action: str, head: str) -> int | None:
    """The id of the unresolved flag of the same frame, which comes with another message id on each connection."""
    unresolved = QuarantinedMessageRow.filter(
        charge_point_id=charge_point.id, action=action[:60], resolved_at__isnull=True
    )
    for row in await unresolved.order_by("-at").limit(_MOST_COMPARED):
        if _payload(row.frame, action) == _payload(head, action):
            return row.id
    return None


def _payload(head: str, action: str) -> str:
    """From its action on, as much as both have of it whatever the length of their message ids."""
    return head.partition(action)[2][:2000] or head


def _why(size: int, limit: int, *, is_raised: bool) -> str:
    """For an operator: what happened, and what to do. At most 300 characters, the column's length."""
    said = f"This message has {size:,} bytes; the charge point's limit is {limit:,}. Only its first bytes are kept."
    if is_raised:
        return (
            f"{said} The limit is now {RAISED_LIMIT:,} bytes: if the message is sent again, it is read. Check the bill."
        )
    if limit < RAISED_LIMIT:
        return f"{said} If the next connection ends for the same reason, the limit is raised to {RAISED_LIMIT:,} bytes."
    return f"{said} Set StopTxnSampledData and StopTxnAlignedData to empty, and correct the bill by hand."

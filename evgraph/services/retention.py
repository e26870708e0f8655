"""What need not be kept for ever goes: bounded in time and in number, so that no stranger can fill the disk."""

import asyncio
from datetime import datetime, timedelta

from evgraph.models import (
    AccessTokenRow,
    ConnectionRow,
    FrameRow,
    IdempotencyRow,
    RefusedConnectionRow,
    SecurityEventRow,
)
from evgraph.models.database import reader
from evgraph.services.frames import KEPT_DAYS, first_id_at
from evgraph.services.interfaces import Clock

KEPT_FOR = timedelta(days=30)
SECURITY_EVENTS_KEPT_FOR = timedelta(days=365)
MOST_REFUSED = 10_000
FRAMES_AT_ONCE = 500
# Of each second that upkeep looks at, while there are frames to forget.
FRAMES_BUDGET_S = 0.25
FRAMES_EVERY = timedelta(minutes=1)


class Retention:
    """`frames_kept_days`: 0 forgets all frames."""

    def __init__(self, clock: Clock, *, frames_kept_days: int = KEPT_DAYS) -> None:
        self._clock = clock
        self._frames_kept = timedelta(days=frames_kept_days)
        self._frames_forgotten: datetime | None = None

    async def tidy(self) -> None:
        """Refused connections, connections that ended and idempotency keys older than 30 days, the oldest refused
        beyond 10,000, security events older than a year, tokens that have expired."""
        now = self._clock.now()
        await RefusedConnectionRow.filter(at__lt=now - KEPT_FOR).delete()
        newest = await RefusedConnectionRow.all().order_by("-id").first()
        if newest is not None:
            await RefusedConnectionRow.filter(id__lte=newest.id - MOST_REFUSED).delete()
        # As long as the frames that came over them, where these are kept for longer.
        await ConnectionRow.filter(disconnected_at__lt=now - max(KEPT_FOR, self._frames_kept)).delete()
        await IdempotencyRow.filter(at__lt=now - KEPT_FOR).delete()
        await SecurityEventRow.filter(received_at__lt=now - SECURITY_EVENTS_KEPT_FOR).delete()
        await AccessTokenRow.filter(expires_at__lte=now).delete()

    async def forget_frames(self) -> None:
        """C10: frames that are too old, some hundreds a transaction, and no longer than a quarter of a second: readings
        that come meanwhile wait for one of these at the most. What is left then goes at the next call."""
        now = self._clock.now()
        if self._frames_forgotten is not None and timedelta() <= now - self._frames_forgotten < FRAMES_EVERY:
            return
        oldest_kept = first_id_at(now - self._frames_kept)
        until = asyncio.get_running_loop().time() + FRAMES_BUDGET_S
        too_old = FrameRow.filter(id__lt=oldest_kept).using_db(reader()).order_by("id").limit(FRAMES_AT_ONCE)
        while ids := await too_old.values_list("id", flat=True):
            await FrameRow.filter(id__lte=ids[-1]).delete()
            if asyncio.get_running_loop().time() > until:
                return
        self._frames_forgotten = now

"""What need not be kept for ever goes: bounded in time and in number, so that no stranger can fill the disk."""

from datetime import timedelta

from evgraph.models import AccessTokenRow, IdempotencyRow, RefusedConnectionRow
from evgraph.services.interfaces import Clock

KEPT_FOR = timedelta(days=30)
MOST_REFUSED = 10_000


class Retention:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def tidy(self) -> None:
        """Refused connections and idempotency keys older than 30 days, the oldest refused beyond 10,000, tokens that
        have expired."""
        now = self._clock.now()
        await RefusedConnectionRow.filter(at__lt=now - KEPT_FOR).delete()
        newest = await RefusedConnectionRow.all().order_by("-id").first()
        if newest is not None:
            await RefusedConnectionRow.filter(id__lte=newest.id - MOST_REFUSED).delete()
        await IdempotencyRow.filter(at__lt=now - KEPT_FOR).delete()
        await AccessTokenRow.filter(expires_at__lte=now).delete()

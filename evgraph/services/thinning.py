"""Samples that are old are thinned to one a minute: a session's chart is as good, and the table a quarter as large.

What is billed, replayed or believed of a meter stands elsewhere (sessions, line items, frames). A reading that is sent
again after its sample went is older than the session's newest, and so moves nothing (M4).
"""

import asyncio
from datetime import datetime, timedelta

from tortoise.transactions import in_transaction

from evgraph.models import MeterSampleRow, ProgressRow
from evgraph.models.database import WRITER, reader
from evgraph.models.minutes import thin_to_minutes
from evgraph.services.interfaces import Clock

KEPT_WHOLE_DAYS = 90
SAMPLES_AT_ONCE = 500
# Of each second that upkeep looks at, while there are samples to thin.
_BUDGET_S = 0.25
_EVERY = timedelta(minutes=1)
_NAME = "thin samples"


class Thinning:
    """`kept_whole_days`: 0 thins nothing.

    Goes over the samples in the order of their ids, which is the order that they came in, and remembers where it is:
    each is looked at once, also over restarts.
    """

    def __init__(self, clock: Clock, *, kept_whole_days: int = KEPT_WHOLE_DAYS) -> None:
        self._clock = clock
        self._kept_whole = timedelta(days=kept_whole_days)
        self._done: datetime | None = None
        # By charge point and connector, for meters without a session: the minute that has its sample.
        self._minutes: dict[tuple[int, int], datetime] = {}

    async def look(self) -> None:
        """Some hundreds of samples a transaction, and no longer than a quarter of a second: readings that come
        meanwhile wait for one of these at the most. What is left then is thinned at the next call."""
        now = self._clock.now()
        if not self._kept_whole or (self._done is not None and timedelta() <= now - self._done < _EVERY):
            return
        until = asyncio.get_running_loop().time() + _BUDGET_S
        while await self._some(now - self._kept_whole):
            if asyncio.get_running_loop().time() > until:
                return
        self._done = now

    async def _some(self, came_before: datetime) -> bool:
        """False when there was nothing to look at."""
        progress = await ProgressRow.filter(name=_NAME).using_db(reader()).first()
        reached = progress.reached if progress is not None else 0
        following = MeterSampleRow.filter(id__gt=reached).using_db(reader()).order_by("id").limit(SAMPLES_AT_ONCE)
        last, surplus = reached, []
        columns = ("id", "received_at", "session_id", "charge_point_id", "connector_id", "at")
        for id_, received_at, session_id, charge_point_id, connector_id, at in await following.values_list(*columns):
            if received_at >= came_before:
                break
            last = id_
            if session_id is None and not self._is_first_of_its_minute((charge_point_id, connector_id), at):
                surplus.append(id_)
        if last == reached:
            return False
        async with in_transaction(WRITER):
            await thin_to_minutes(after=reached, last=last)
            if surplus:
                await MeterSampleRow.filter(id__in=surplus).delete()
            # Another process may be further.
            if not await ProgressRow.filter(name=_NAME, reached__lt=last).update(reached=last):
                await ProgressRow.get_or_create({"reached": last}, name=_NAME)
        return True

    def _is_first_of_its_minute(self, meter: tuple[int, int], at: datetime) -> bool:
        minute = at.replace(second=0, microsecond=0)
        if self._minutes.get(meter) == minute:
            return False
        self._minutes[meter] = minute
        return True

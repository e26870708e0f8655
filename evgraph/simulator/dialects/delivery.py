"""When and how often a firmware sends what it has to tell, and answers what it is asked."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from evgraph.simulator.dialects.dialect import Dialect


class OfflineQueue(Dialect):
    """Errata 3.18 has -1 for an id that was never told; firmwares write 0 as well."""

    name = "offline-queue"
    summary = "Offline it goes on, delivers later in order; what began offline keeps transactionId 0 and -1."
    forgets_offline_ids = True
    statuses_go_first = True


class Resends(Dialect):
    name = "resends"
    summary = "Sends each StartTransaction, StopTransaction and MeterValues three times, each time under a new id."
    times_sent = 3
    loses_first_answer = True


class Slow(Dialect):
    """`delays`: simulated seconds, one after the other and again from the first, one a CALL."""

    name = "slow"
    summary = "Answers CALLs after 2, 10 and 45 seconds in turn: within the usual deadline of 30 s, and beyond it."

    def __init__(self, delays: Iterable[float] = (2.0, 10.0, 45.0)) -> None:
        self._delays = itertools.cycle(delays)

    def answers_after(self, action: str) -> float:
        return next(self._delays)

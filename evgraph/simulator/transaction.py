"""One charging transaction, as its charge point knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Transaction:
    """From StartTransaction to StopTransaction: meter readings in whole Wh, instants in UTC.

    `transaction_id` is None until the central system has answered the StartTransaction, and -1 when it
    never did (errata 3.18). `swapped_wh`: by how much the register fell when its meter was swapped.
    """

    connector_id: int
    id_tag: str
    meter_start: int
    started_at: datetime
    transaction_id: int | None = None
    meter_stop: int | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    stop_answered: bool = False
    stop_given_up: bool = False
    readings: list[Any] = field(default_factory=list, repr=False)
    reservation_id: int | None = None
    began_offline: bool = False
    samples: int = 0
    swapped_wh: int = 0

    @property
    def energy_wh(self) -> int | None:
        """What the meter counted, in Wh; None while the transaction runs."""
        return None if self.meter_stop is None else self.meter_stop - self.meter_start + self.swapped_wh

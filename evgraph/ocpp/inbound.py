"""One CALL of a charge point, and what its handler works with."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evgraph.domain.charge_point import Acceptance
from evgraph.ocpp.fields import Fields
from evgraph.ocpp.frames import MessageId
from evgraph.services.certificates import Certificates
from evgraph.services.charge_points import ChargePoints
from evgraph.services.jobs import Jobs
from evgraph.services.metering import Metering
from evgraph.services.security_events import SecurityEvents
from evgraph.services.transactions import Transactions

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    charge_points: ChargePoints
    transactions: Transactions
    metering: Metering
    jobs: Jobs
    certificates: Certificates
    security_events: SecurityEvents


@dataclass(slots=True, kw_only=True)
class Peer:
    """The charge point at the other end. `acceptance` is as it was when it signed in, at its last boot, or
    as an operator set it since (B1); `security_profile` the one that this connection is in."""

    id: int
    garage_id: int
    identity: str
    acceptance: Acceptance
    security_profile: int = 0
    _has_booted: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def boot(self, acceptance: Acceptance) -> None:
        """It is asked nothing before its answer is out: see `answered`."""
        self.acceptance = acceptance
        self._has_booted = True

    def answered(self) -> None:
        if self._has_booted:
            self._news.set()

    def accept(self, acceptance: Acceptance) -> None:
        """An operator says so."""
        is_new = acceptance is not self.acceptance
        self.acceptance = acceptance
        if is_new and self.is_accepted:
            self._news.set()

    async def has_news(self, within: float | None = None) -> bool:
        """True once it booted or was accepted; false after so many seconds."""
        try:
            async with asyncio.timeout(within):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    def take_boot(self) -> bool:
        """What the news are: a boot, or an operator's word."""
        self._news.clear()
        has_booted, self._has_booted = self._has_booted, False
        return has_booted

    @property
    def is_accepted(self) -> bool:
        return self.acceptance is Acceptance.ACCEPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundCall:
    """`raw` is the frame as it came, `received_at` when it did; `heartbeat_interval` in seconds."""

    peer: Peer
    services: Services
    message_id: MessageId
    action: str
    fields: Fields
    raw: str
    received_at: datetime
    heartbeat_interval: int

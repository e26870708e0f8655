"""One CALL of a charge point, and what its handler works with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evgraph.domain.charge_point import Acceptance
from evgraph.ocpp.fields import Fields
from evgraph.ocpp.frames import MessageId
from evgraph.ocpp.plain_readings import Told
from evgraph.services.certificates import Certificates
from evgraph.services.charge_points import ChargePoints
from evgraph.services.jobs import Jobs
from evgraph.services.metering import Metering
from evgraph.services.oversized_frames import OversizedFrames
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
    oversized_frames: OversizedFrames | None = None


def _nobody() -> None:
    pass


@dataclass(slots=True, kw_only=True)
class Peer:
    """The charge point at the other end. `acceptance` is as it was when it signed in, at its last boot, or
    as an operator set it since (B1); `security_profile` the one that this connection is in. `tell` is called when it
    booted or was accepted, `missed` when a status of it was lost, for want of a database."""

    id: int
    garage_id: int
    identity: str
    acceptance: Acceptance
    security_profile: int = 0
    tell: Callable[[], None] = _nobody
    missed: Callable[[], None] = _nobody
    _has_booted: bool = False

    def boot(self, acceptance: Acceptance) -> None:
        """It is asked nothing before its answer is out: see `answered`."""
        self.acceptance = acceptance
        self._has_booted = True

    def answered(self) -> None:
        if self._has_booted:
            self.tell()

    def accept(self, acceptance: Acceptance) -> None:
        """An operator says so."""
        is_new = acceptance is not self.acceptance
        self.acceptance = acceptance
        if is_new and self.is_accepted:
            self.tell()

    def take_boot(self) -> bool:
        """What the news are: a boot, or an operator's word."""
        has_booted, self._has_booted = self._has_booted, False
        return has_booted

    @property
    def is_accepted(self) -> bool:
        return self.acceptance is Acceptance.ACCEPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundCall:
    """`raw` is the frame as it came, `received_at` when it did; `heartbeat_interval` in seconds. `told`: what a
    MeterValues says that took the short road; its `fields` are empty."""

    peer: Peer
    services: Services
    message_id: MessageId
    action: str
    fields: Fields
    raw: str
    received_at: datetime
    heartbeat_interval: int
    told: Told | None = None

"""One CALL of a charge point, and what its handler works with."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evgraph.domain.charge_point import Acceptance
from evgraph.ocpp.fields import Fields
from evgraph.ocpp.frames import MessageId
from evgraph.services.charge_points import ChargePoints
from evgraph.services.metering import Metering
from evgraph.services.transactions import Transactions

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    charge_points: ChargePoints
    transactions: Transactions
    metering: Metering


@dataclass(slots=True, kw_only=True)
class Peer:
    """The charge point at the other end. `acceptance` is as it was when it signed in, or at its last boot (B1);
    `security_profile` the one that this connection is in."""

    id: int
    garage_id: int
    identity: str
    acceptance: Acceptance
    security_profile: int = 0
    booted: asyncio.Event = field(default_factory=asyncio.Event)

    def boot(self, acceptance: Acceptance) -> None:
        self.acceptance = acceptance
        self.booted.set()

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

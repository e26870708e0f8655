"""What an operation gives its types: who is looking, the loaders, and the present instant."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias, TypeVar

import strawberry
from strawberry.dataloader import DataLoader

from evgraph.domain.assigning import SessionMove
from evgraph.domain.billing import LineItem
from evgraph.domain.board import Board
from evgraph.domain.charge_point import ChargePoint
from evgraph.domain.charging_profile import HeldProfile
from evgraph.domain.charging_request import ChargingRequest
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.configuration import ConfigurationSetting
from evgraph.domain.garage import Garage
from evgraph.domain.jobs import ChargePointJob
from evgraph.domain.people import Right
from evgraph.domain.port import Port
from evgraph.domain.rate import Rate
from evgraph.domain.reservation import Reservation
from evgraph.domain.security import IssuedCertificate, SecurityEvent
from evgraph.domain.stay import Stay, StayStatus
from evgraph.execution import Loads
from evgraph.schema.operating_context import OperatingLoaders
from evgraph.schema.paging import Page, Slice

__all__ = [
    "Info",
    "JobFilter",
    "Loaders",
    "OperationContext",
    "Page",
    "RateFilter",
    "Sample",
    "SecurityEventFilter",
    "SessionFilter",
    "Slice",
    "StayFilter",
    "existing",
]

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class StayFilter:
    """Each of `words` must be found in the plate, the ticket number, the make or the color."""

    garage_id: int
    status: StayStatus | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """`since` and before `until`, by the start, or by when it was asked for."""

    garage_id: int
    status: SessionStatus | None = None
    since: datetime | None = None
    until: datetime | None = None
    port_id: int | None = None


@dataclass(frozen=True, slots=True)
class RateFilter:
    garage_id: int


@dataclass(frozen=True, slots=True)
class JobFilter:
    charge_point_id: int


@dataclass(frozen=True, slots=True)
class SecurityEventFilter:
    charge_point_id: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of a session's register: `energy_wh` since the session's start."""

    at: datetime
    energy_wh: int
    power_w: int | None


@dataclass(frozen=True, slots=True)
class Charges:
    """What a stay was charged. The sessions are not newer than the line items: if they say that a bill is final, it is
    among these."""

    sessions: list[ChargingSession]
    line_items: list[LineItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaders:
    """Each answers all that is asked of it in one turn of the loop with a fixed number of queries. `loads` is
    what they share."""

    garages: DataLoader[int, Garage | None]
    ports: DataLoader[int, Port | None]
    charge_points: DataLoader[int, ChargePoint | None]
    stays: DataLoader[int, Stay | None]
    line_items: DataLoader[int, LineItem | None]
    requests: DataLoader[int, ChargingRequest | None]
    sessions: DataLoader[int, ChargingSession | None]
    rates: DataLoader[int, Rate | None]

    boards: DataLoader[int, Board]
    current_rates: DataLoader[int, Rate | None]
    ports_of_garage: DataLoader[int, list[Port]]
    charge_points_of_garage: DataLoader[int, list[ChargePoint]]
    ports_of_charge_point: DataLoader[int, list[Port]]
    reservations_of_charge_point: DataLoader[int, list[Reservation]]
    profiles_of_charge_point: DataLoader[int, list[HeldProfile]]
    configuration_of_charge_point: DataLoader[int, list[ConfigurationSetting]]
    active_request_of_stay: DataLoader[int, ChargingRequest | None]
    requests_of_stay: DataLoader[int, list[ChargingRequest]]
    charges_of_stay: DataLoader[int, Charges]
    line_item_of_session: DataLoader[int, LineItem | None]
    line_items_of_session: DataLoader[int, list[LineItem]]
    moves_of_session: DataLoader[int, list[SessionMove]]
    samples: DataLoader[tuple[int, int], list[Sample]]

    stay_pages: DataLoader[Page[StayFilter], Slice[Stay]]
    stay_counts: DataLoader[StayFilter, int]
    session_pages: DataLoader[Page[SessionFilter], Slice[ChargingSession]]
    session_counts: DataLoader[SessionFilter, int]
    rate_pages: DataLoader[Page[RateFilter], Slice[Rate]]
    rate_counts: DataLoader[RateFilter, int]

    jobs: DataLoader[int, ChargePointJob | None]
    job_pages: DataLoader[Page[JobFilter], Slice[ChargePointJob]]
    job_counts: DataLoader[JobFilter, int]
    certificates: DataLoader[int, IssuedCertificate | None]
    certificates_of_charge_point: DataLoader[int, list[IssuedCertificate]]
    security_event_pages: DataLoader[Page[SecurityEventFilter], Slice[SecurityEvent]]
    security_event_counts: DataLoader[SecurityEventFilter, int]

    operating: OperatingLoaders
    loads: Loads


class OperationContext(Protocol):
    @property
    def loaders(self) -> Loaders: ...

    def now(self) -> datetime: ...

    def last_seen(self, identity: str) -> datetime | None:
        """When a charge point's last frame came on its open connection."""

    def require(self, right: Right, garage_id: int) -> None:
        """Raises what becomes UNAUTHENTICATED or FORBIDDEN."""


Info: TypeAlias = strawberry.Info[OperationContext, None]


def existing(value: V | None) -> V:
    """A value that a foreign key promises."""
    if value is None:
        raise LookupError("A row that another row points to is missing.")
    return value

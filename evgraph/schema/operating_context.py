"""What operators look up, by the loaders: filters, pages, and how each is asked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from strawberry.dataloader import DataLoader

from evgraph.domain.cards import RegisteredCard
from evgraph.domain.charge_point import FrameDirection, FrameKind
from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.frames import ChargePointConnection, LoggedFrame
from evgraph.domain.quarantine import QuarantinedMessage
from evgraph.domain.refused_connection import RefusedConnection
from evgraph.schema.paging import Page, Slice

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class FrameFilter:
    """`since` and before `until`."""

    charge_point_id: int
    action: str | None = None
    direction: FrameDirection | None = None
    kind: FrameKind | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class FramePage:
    """`before`: the id of the last that was seen; ids rise in the order of the wire."""

    where: FrameFilter
    first: int
    before: int | None


@dataclass(frozen=True, slots=True)
class ConnectionFilter:
    charge_point_id: int


@dataclass(frozen=True, slots=True)
class RefusedFilter:
    """Null is any identity. Those of charge points in other garages than `garage_ids` are not shown."""

    identity: str | None
    garage_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class QuarantineFilter:
    garage_id: int
    is_resolved: bool | None = None


@dataclass(frozen=True, slots=True)
class CardFilter:
    garage_id: int


@dataclass(frozen=True, slots=True)
class UnassignedFilter:
    garage_id: int
    status: SessionStatus | None = None


@dataclass(frozen=True, slots=True)
class FlaggedFilter:
    """Null is any flag. `since` and before `until`, by the session's start."""

    garage_id: int
    flag: SessionFlag | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingLoaders:
    frame_pages: DataLoader[FramePage, Slice[LoggedFrame]]
    frame_counts: DataLoader[FrameFilter, int]
    connection_pages: DataLoader[Page[ConnectionFilter], Slice[ChargePointConnection]]
    connection_counts: DataLoader[ConnectionFilter, int]
    refused_pages: DataLoader[Page[RefusedFilter], Slice[RefusedConnection]]
    refused_counts: DataLoader[RefusedFilter, int]
    quarantine_pages: DataLoader[Page[QuarantineFilter], Slice[QuarantinedMessage]]
    quarantine_counts: DataLoader[QuarantineFilter, int]
    card_pages: DataLoader[Page[CardFilter], Slice[RegisteredCard]]
    card_counts: DataLoader[CardFilter, int]
    unassigned_pages: DataLoader[Page[UnassignedFilter], Slice[ChargingSession]]
    unassigned_counts: DataLoader[UnassignedFilter, int]
    flagged_pages: DataLoader[Page[FlaggedFilter], Slice[ChargingSession]]
    flagged_counts: DataLoader[FlaggedFilter, int]

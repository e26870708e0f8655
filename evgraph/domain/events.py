"""What happened; each carries all that its readers show, so that telling asks the database nothing."""

from dataclasses import dataclass
from datetime import datetime

from evgraph.domain.billing import LineItem
from evgraph.domain.board import Card, PortView
from evgraph.domain.charging_session import ChargingSession
from evgraph.domain.frames import LoggedFrame
from evgraph.domain.jobs import ChargePointJob
from evgraph.domain.quarantine import QuarantinedMessage
from evgraph.domain.rate import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardChanged:
    """What differs from the revision before: `rate` is null when it did not change."""

    garage_id: int
    revision: int
    rate: Rate | None
    ports: tuple[PortView, ...]
    cards: tuple[Card, ...]
    removed_request_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyMetered:
    """A running session's latest reading; `session` is as it was just committed."""

    garage_id: int
    session: ChargingSession
    rate: Rate | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionChanged:
    garage_id: int
    session: ChargingSession


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItemAdded:
    garage_id: int
    line_item: LineItem


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameLogged:
    """A frame came or went; told only while somebody watches the frames of its charge point (C10)."""

    garage_id: int
    charge_point_id: int
    frame: LoggedFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePointJobChanged:
    """A job was asked for, or told of."""

    garage_id: int
    job: ChargePointJob


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageQuarantined:
    """A charger said something that could not be placed (C8, T3, M3)."""

    garage_id: int
    message: QuarantinedMessage


Event = (
    BoardChanged
    | EnergyMetered
    | SessionChanged
    | LineItemAdded
    | FrameLogged
    | MessageQuarantined
    | ChargePointJobChanged
)

"""The EV queue of one garage: its columns, their order, and the ports in natural order."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum, auto
from functools import lru_cache
from typing import assert_never

from evgraph.domain.billing import LineItem
from evgraph.domain.charging_request import ChargingRequest, RequestStatus
from evgraph.domain.charging_session import ChargingSession
from evgraph.domain.port import Port
from evgraph.domain.rate import Rate
from evgraph.domain.stay import Stay, StayStatus

_FAR = datetime.max.replace(tzinfo=UTC)


class Column(Enum):
    """The columns of the EV queue."""

    NEEDS_CHARGING = auto()
    CHARGING = auto()
    CHARGED = auto()


def column_of(status: RequestStatus) -> Column | None:
    """The board's column of a request; None for one that has left the board."""
    match status:
        case RequestStatus.NEEDS_CHARGING | RequestStatus.STARTING:
            return Column.NEEDS_CHARGING
        case RequestStatus.CHARGING:
            return Column.CHARGING
        case RequestStatus.CHARGED:
            return Column.CHARGED
        case RequestStatus.CANCELED:
            return None
        case _:
            assert_never(status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A request with what its card shows: the vehicle's stay, the latest session, its rate and its line items."""

    request: ChargingRequest
    stay: Stay
    session: ChargingSession | None
    rate: Rate | None
    line_items: tuple[LineItem, ...]

    @property
    def is_on_board(self) -> bool:
        return self.stay.status is StayStatus.OPEN and column_of(self.request.status) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class PortView:
    """A port with the session that holds it, and that session's rate."""

    port: Port
    session: ChargingSession | None
    rate: Rate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Two boards with the same revision are the same board, but for what the meters counted since."""

    garage_id: int
    revision: int
    rate: Rate | None
    ports: tuple[PortView, ...]
    needs_charging: tuple[Card, ...]
    charging: tuple[Card, ...]
    charged: tuple[Card, ...]

    @property
    def cards(self) -> tuple[Card, ...]:
        return self.needs_charging + self.charging + self.charged


def build(
    *, garage_id: int, revision: int, rate: Rate | None, ports: Iterable[PortView], cards: Iterable[Card]
) -> Board:
    columns: dict[Column | None, list[Card]] = {column: [] for column in Column}
    for card in cards:
        if card.is_on_board:
            columns[column_of(card.request.status)].append(card)
    return Board(
        garage_id=garage_id,
        revision=revision,
        rate=rate,
        ports=tuple(sorted(ports, key=lambda view: port_order(view.port))),
        needs_charging=tuple(sorted(columns[Column.NEEDS_CHARGING], key=_waiting_order)),
        charging=tuple(sorted(columns[Column.CHARGING], key=_running_order)),
        charged=tuple(sorted(columns[Column.CHARGED], key=_ended_order, reverse=True)),
    )


def metered(last: Board, running: Mapping[int, ChargingSession]) -> Board:
    """The same board at the same revision, with what the meters of its running sessions, by id, have counted since.
    What did not move stays the very same value."""

    def of_port(view: PortView) -> PortView:
        now = running.get(view.session.id) if view.session else None
        return view if now is None or now is view.session else replace(view, session=now)

    def of_card(card: Card) -> Card:
        now = running.get(card.session.id) if card.session else None
        return card if now is None or now is card.session else replace(card, session=now)

    return replace(
        last,
        ports=tuple(map(of_port, last.ports)),
        needs_charging=tuple(map(of_card, last.needs_charging)),
        charging=tuple(map(of_card, last.charging)),
        charged=tuple(map(of_card, last.charged)),
    )


@lru_cache(4096)
def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts Port 2 before Port 10, without regard to case."""
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in re.split(r"(\d+)", name) if part
    )


def port_order(port: Port) -> tuple[object, ...]:
    return (natural(port.name), port.id)


def _waiting_order(card: Card) -> tuple[datetime, datetime, int]:
    """Soonest estimated checkout first, then oldest request."""
    leaves = card.request.estimated_checkout_at or card.stay.estimated_checkout_at or _FAR
    return (leaves, card.request.requested_at, card.request.id)


def _running_order(card: Card) -> tuple[datetime, int]:
    """Longest running first."""
    started = card.session.started_at if card.session else None
    return (started or _FAR, card.request.id)


def _ended_order(card: Card) -> tuple[datetime, int]:
    ended = card.session.ended_at if card.session else None
    return (ended or card.request.requested_at, card.request.id)

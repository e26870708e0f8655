"""What the calculator is given: one charge point's frames, and the facts that frames do not tell."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

START_WINDOW = timedelta(seconds=180)


@dataclass(frozen=True)
class Frame:
    """One OCPP-J message, as it was on the wire. `socket` numbers the connections of the charge point."""

    at: datetime
    from_charger: bool
    raw: str
    socket: int = 1


@dataclass(frozen=True)
class Connected:
    """One connection, from its opening to its end; `until` is None while it is open."""

    since: datetime
    until: datetime | None = None


@dataclass(frozen=True)
class Request:
    """One startCharging: an attempt to charge the vehicle of a ticket at a connector, with a one-time idTag."""

    at: datetime
    connector: int
    id_tag: str
    ticket: str


@dataclass(frozen=True)
class Rate:
    """A price from `since` on. `kind`: PER_KWH, PER_MINUTE, or FLAT_FEE."""

    since: datetime
    kind: str
    cents: Decimal


@dataclass(frozen=True)
class StopAsked:
    """A person asked to stop the session of a one-time idTag: stopCharging, or checkOut with stopCharging (T7)."""

    at: datetime
    id_tag: str


@dataclass(frozen=True)
class CheckOut:
    """A person asked to check a ticket out, with stopCharging."""

    at: datetime
    ticket: str


@dataclass(frozen=True)
class Record:
    """Everything about one charge point. `power_w`: what each connector can deliver. `until`: the present."""

    frames: tuple[Frame, ...]
    until: datetime
    power_w: dict[int, int | None]
    connections: tuple[Connected, ...] = ()
    requests: tuple[Request, ...] = ()
    rates: tuple[Rate, ...] = ()
    stops_asked: tuple[StopAsked, ...] = ()
    check_outs: tuple[CheckOut, ...] = ()
    cards: frozenset[str] = frozenset()
    start_window: timedelta = START_WINDOW


@dataclass(frozen=True)
class Bill:
    """What one session comes to. `ticket` is None while it is unassigned; `reasons` says why someone should look at
    it, empty where nothing is odd; `may_be_flagged` where the rules leave that open.
    `transaction_id` is what its start was answered, None for a part that was cut off.
    """

    connector: int
    transaction_id: int | None
    ticket: str | None
    started_at: datetime
    ended_at: datetime | None
    energy_wh: int
    minutes: Decimal
    cents: int
    reasons: frozenset[str]
    may_be_flagged: bool = False


@dataclass(frozen=True)
class Bills:
    """All sessions in order of their starts, what each ticket owes, and the stops that belong to no session."""

    sessions: tuple[Bill, ...]
    tickets: dict[str, int] = field(default_factory=dict)
    unplaced_stops: tuple[str, ...] = ()

"""The rows of boards, in a fixed number of statements for any number of garages, and the values that they are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Final, Generic, TypeVar

from evgraph.domain.billing import LineItem
from evgraph.domain.board import Card, PortView
from evgraph.domain.charging_request import ChargingRequest, RequestStatus
from evgraph.domain.charging_session import ChargingSession
from evgraph.domain.garage import Garage
from evgraph.domain.port import Port
from evgraph.domain.rate import Rate
from evgraph.domain.stay import Stay, StayStatus
from evgraph.models.charge_point import PortRow
from evgraph.models.charging import IS_ACTIVE, RequestRow, SessionRow
from evgraph.models.database import is_sqlite
from evgraph.models.garage import GarageRow
from evgraph.models.json_rows import array, gathered, row_of, rows_of
from evgraph.models.looks import Look, Row
from evgraph.models.rate import RateRow
from evgraph.models.remembered import Remembering, Values
from evgraph.models.stay import LineItemRow, StayRow

# Of all that belongs to a garage: every change counts it up first.
VERSION: Final = "g.locked"
VERSIONS: Final = f"SELECT g.id, {VERSION} FROM garage g WHERE g.id IN (?)"

_garages = Values(GarageRow, Garage)
_ports = Values(PortRow, Port, ("identity", "is_online", "active_session_id"))
_sessions = Values(SessionRow, ChargingSession)
_requests = Values(RequestRow, ChargingRequest)
_stays = Values(StayRow, Stay)
_rates = Values(RateRow, Rate)
_line_items = Values(LineItemRow, LineItem)

_GARAGES = f"SELECT {_garages.columns('g')}, g.revision, {VERSION} FROM garage g WHERE g.id IN (?)"
_RATES_IN_FORCE = (
    f"SELECT g.id, {VERSION}, {_rates.columns('r')} FROM garage g LEFT JOIN rate r"
    " ON r.id = (SELECT max(n.id) FROM rate n WHERE n.garage_id = g.id) WHERE g.id IN (?)"
)
_PORTS_OF: Final = "p.garage_id IN (?)"
_ON_THE_LOT: Final = "t.garage_id IN (?) AND t.status = ? AND r.status <> ?"
_RATES = f"SELECT {_rates.columns('r')} FROM rate r WHERE r.id IN (?)"


@cache
def _ports_statement(is_sqlite: bool, which: str) -> str:
    port, session = (array(of, alias, is_sqlite=is_sqlite) for of, alias in ((_ports, "p"), (_sessions, "s")))
    return (
        f"SELECT p.id, {port}, c.identity, c.is_online, {session}"
        " FROM port p JOIN charge_point c ON c.id = p.charge_point_id"
        f" LEFT JOIN charging_session s ON s.port_id = p.id AND s.{IS_ACTIVE}"
        f" WHERE {which}"
    )


@cache
def _running_statement(is_sqlite: bool) -> str:
    session = array(_sessions, "s", is_sqlite=is_sqlite)
    return f"SELECT s.id, {session} FROM charging_session s WHERE s.garage_id = ? AND s.{IS_ACTIVE}"


@cache
def _cards_statement(is_sqlite: bool, which: str) -> str:
    columns = ", ".join(
        array(of, alias, is_sqlite=is_sqlite) for of, alias in ((_requests, "r"), (_stays, "t"), (_sessions, "s"))
    )
    items = gathered(_line_items, "i", "FROM line_item i WHERE i.session_id = s.id", is_sqlite=is_sqlite)
    return (
        f"SELECT r.id, {columns}, {items}"
        " FROM stay t JOIN charging_request r ON r.stay_id = t.id"
        " LEFT JOIN charging_session s ON s.id = r.session_id"
        f" WHERE {which}"
    )


async def garages(look: Look, ids: Sequence[int]) -> dict[int, tuple[Garage, int, int]]:
    """Each with its board's revision and its version."""
    width = _garages.width
    rows = await look.rows(_GARAGES, list(ids))
    return {row[0]: (_garages.of(row[:width]), row[width], row[width + 1]) for row in rows}


async def rates_in_force(look: Look, garage_ids: Sequence[int]) -> dict[int, tuple[Rate | None, int]]:
    """By garage, each with its version."""
    rows = await look.rows(_RATES_IN_FORCE, list(garage_ids))
    return {row[0]: (None if row[2] is None else _rates.of(row[2:]), row[1]) for row in rows}


async def ports_and_cards(look: Look, garage_ids: Sequence[int]) -> tuple[list[PortView], list[Card]]:
    """The ports, and the requests of the vehicles on the lot, cancelled ones left out; in no order."""
    ids, sqlite = list(garage_ids), is_sqlite()
    ports = [_port(row) for row in await look.rows(_ports_statement(sqlite, _PORTS_OF), ids)]
    on_the_lot = (ids, StayStatus.OPEN.value, RequestStatus.CANCELED.value)
    cards = [_card(row) for row in await look.rows(_cards_statement(sqlite, _ON_THE_LOT), *on_the_lot)]
    return await _with_rates(look, ports, cards)


async def touched(
    look: Look, port_ids: Sequence[int] = (), request_ids: Sequence[int] = ()
) -> tuple[list[PortView], list[Card]]:
    """These ports, and the cards of these requests, whether or not a board shows them; in no order."""
    sqlite = is_sqlite()
    ports: list[_Priced[PortView]] = []
    cards: list[_Priced[Card]] = []
    if port_ids:
        rows = await look.rows(_ports_statement(sqlite, "p.id IN (?)"), list(port_ids))
        ports = [_port(row) for row in rows]
    if request_ids:
        rows = await look.rows(_cards_statement(sqlite, "r.id IN (?)"), list(request_ids))
        cards = [_card(row) for row in rows]
    return await _with_rates(look, ports, cards)


async def _with_rates(
    look: Look, ports: "list[_Priced[PortView]]", cards: "list[_Priced[Card]]"
) -> tuple[list[PortView], list[Card]]:
    sessions = [shown.session for shown in ports] + [shown.session for shown in cards]
    wanted = {session.rate_id for session in sessions if session is not None and session.rate_id is not None}
    rates = {row[0]: _rates.of(row) for row in await look.rows(_RATES, sorted(wanted))} if wanted else {}
    return [shown.at(rates, _port_at) for shown in ports], [shown.at(rates, _card_at) for shown in cards]


async def running(look: Look, garage_id: int) -> dict[int, ChargingSession]:
    """The sessions that hold a port, by id."""
    rows = await look.rows(_running_statement(is_sqlite()), garage_id)
    return {row[0]: _one_session(row) for row in rows}


S = TypeVar("S")


class _Priced(Generic[S]):
    """A port's or a card's value, the same as long as its rows say the same."""

    __slots__ = ("session", "value")

    def __init__(self, value: S, session: ChargingSession | None) -> None:
        self.value = value
        self.session = session

    def at(self, rates: Mapping[int, Rate], priced: Callable[[S, Rate | None], S]) -> S:
        """With its session's rate, which comes by a statement of its own: many sessions have the same."""
        session = self.session
        self.value = priced(self.value, rates.get(session.rate_id or 0) if session is not None else None)
        return self.value


def _port_at(value: PortView, rate: Rate | None) -> PortView:
    return value if value.rate is rate else replace(value, rate=rate)


def _card_at(value: Card, rate: Rate | None) -> Card:
    return value if value.rate is rate else replace(value, rate=rate)


def _shown_port(row: Row) -> _Priced[PortView]:
    _, port, identity, is_online, session = row
    held = _session(session)
    own = (*row_of(port), identity, bool(is_online), held.id if held else None)
    return _Priced(PortView(port=_ports.of(own), session=held, rate=None), held)


def _shown_card(row: Row) -> _Priced[Card]:
    _, request, stay, session, items = row
    latest = _session(session)
    card = Card(
        request=_requests.of(row_of(request)),
        stay=_stays.of(row_of(stay)),
        session=latest,
        rate=None,
        line_items=tuple(_line_items.of(item) for item in rows_of(items)),
    )
    return _Priced(card, latest)


def _session(text: str) -> ChargingSession | None:
    row = row_of(text)
    return None if row[0] is None else _sessions.of(row)


_port = Remembering(_shown_port).of
_card = Remembering(_shown_card).of


def _session_of(row: Row) -> ChargingSession:
    return _sessions.of(row_of(row[1]))


_one_session = Remembering(_session_of).of

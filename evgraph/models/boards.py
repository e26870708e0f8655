"""The rows of boards, and the values that they are. What belongs together comes by one statement, for any number of
garages: it sees one moment, and is one trip to PostgreSQL."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain
from typing import Final, Generic, TypeVar

from evgraph.domain.billing import LineItem
from evgraph.domain.board import Card, PortView
from evgraph.domain.charge_point import Acceptance
from evgraph.domain.charging_request import ChargingRequest, RequestStatus
from evgraph.domain.charging_session import ChargingSession
from evgraph.domain.garage import Garage
from evgraph.domain.port import Port, PortStatus
from evgraph.domain.rate import Rate
from evgraph.domain.stay import Stay, StayStatus
from evgraph.models.charge_point import PortRow
from evgraph.models.charging import IS_ACTIVE, RequestRow, SessionRow
from evgraph.models.database import is_sqlite
from evgraph.models.garage import GarageRow
from evgraph.models.json_rows import array, gathered, row_of, rows_of
from evgraph.models.looks import Look, Row
from evgraph.models.plain import rounded
from evgraph.models.rate import RateRow
from evgraph.models.remembered import Remembering, Values
from evgraph.models.stay import LineItemRow, StayRow

# Of all that belongs to a garage: every change counts it up first.
VERSION: Final = "g.locked"
VERSIONS: Final = f"SELECT g.id, {VERSION} FROM garage g WHERE g.id IN (?)"

# What of a port is written in other rows.
PORT_ELSEWHERE: Final = ("identity", "is_online", "is_accepted", "closed_by", "active_session_id")
_garages = Values(GarageRow, Garage)
_ports = Values(PortRow, Port, PORT_ELSEWHERE)
_sessions = Values(SessionRow, ChargingSession)
_requests = Values(RequestRow, ChargingRequest)
_stays = Values(StayRow, Stay)
_rates = Values(RateRow, Rate)
_line_items = Values(LineItemRow, LineItem)

_GARAGES = f"SELECT {_garages.columns('g')}, g.revision, {VERSION} FROM garage g WHERE g.id IN (?)"
_IN_FORCE = "LEFT JOIN rate r ON r.id = (SELECT max(n.id) FROM rate n WHERE n.garage_id = g.id)"


@cache
def _rates_in_force(is_sqlite: bool) -> str:
    rate = array(_rates, "r", is_sqlite=is_sqlite)
    return f"SELECT g.id, {VERSION}, {rate} FROM garage g {_IN_FORCE} WHERE g.id IN (?)"


@cache
def _metered_statement(garages: int, is_sqlite: bool) -> str:
    """Of each: its id, revision and version. The sessions come only for one that is at this revision and at another
    version."""
    known = ", ".join(["(CAST(? AS INTEGER), CAST(? AS INTEGER), CAST(? AS INTEGER))"] * garages)
    session = array(_sessions, "s", is_sqlite=is_sqlite)
    return (
        f"WITH known (id, revision, version) AS (VALUES {known})"
        f" SELECT g.id, g.revision, {VERSION}, s.id, {session} FROM known JOIN garage g ON g.id = known.id"
        f" LEFT JOIN charging_session s ON s.garage_id = g.id AND s.{IS_ACTIVE}"
        f" AND g.revision = known.revision AND {VERSION} <> known.version"
    )


# Of a port's charge point: whether it is online, and accepted; and its own status, where that closes its ports.
_CONDITION: Final = (
    "CASE WHEN c.is_online THEN '1' ELSE '0' END"
    f" || CASE WHEN c.acceptance = '{Acceptance.ACCEPTED.value}' THEN '1' ELSE '0' END"
    " || CASE WHEN c.closes_ports THEN coalesce(c.reported_status, '') ELSE '' END"
)

# Rows of three kinds come together, each with its garage, its id, and four texts.
_GARAGE, _PORT, _CARD = range(3)
_ON_THE_LOT: Final = "t.garage_id IN (?) AND t.status = ? AND q.status <> ?"


@cache
def _garages_statement(is_sqlite: bool) -> str:
    in_force = array(_rates, "r", is_sqlite=is_sqlite)
    return (
        f"SELECT {_GARAGE}, g.id, {VERSION}, CAST(g.revision AS TEXT), {in_force}, NULL, NULL"
        f" FROM garage g {_IN_FORCE} WHERE g.id IN (?)"
    )


@cache
def _ports_statement(is_sqlite: bool, which: str) -> str:
    port, session = (array(of, alias, is_sqlite=is_sqlite) for of, alias in ((_ports, "p"), (_sessions, "s")))
    return (
        f"SELECT {_PORT}, p.garage_id, p.id, {port}, c.identity, {_CONDITION}, {session}"
        " FROM port p JOIN charge_point c ON c.id = p.charge_point_id"
        f" LEFT JOIN charging_session s ON s.port_id = p.id AND s.{IS_ACTIVE} WHERE {which}"
    )


@cache
def _cards_statement(is_sqlite: bool, which: str) -> str:
    request, stay, latest = (
        array(of, alias, is_sqlite=is_sqlite) for of, alias in ((_requests, "q"), (_stays, "t"), (_sessions, "l"))
    )
    items = gathered(_line_items, "i", "FROM line_item i WHERE i.session_id = l.id", is_sqlite=is_sqlite)
    return (
        f"SELECT {_CARD}, t.garage_id, q.id, {request}, {stay}, {latest}, {items}"
        " FROM stay t JOIN charging_request q ON q.stay_id = t.id"
        f" LEFT JOIN charging_session l ON l.id = q.session_id WHERE {which}"
    )


@cache
def _rates_statement(is_sqlite: bool) -> str:
    return f"SELECT r.id, {array(_rates, 'r', is_sqlite=is_sqlite)} FROM rate r WHERE r.id IN (?)"


@dataclass(slots=True)
class Whole:
    """All that a garage's board shows; ports and cards in no order. `cards`: the requests of the vehicles on the lot,
    cancelled ones left out."""

    revision: int
    version: int
    rate: Rate | None
    ports: list[PortView] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)


@dataclass(slots=True)
class Metered:
    """`running`: the sessions that hold a port, by id; none where the version is the one that was known."""

    revision: int
    version: int
    running: dict[int, ChargingSession] = field(default_factory=dict)


async def garages(look: Look, ids: Sequence[int]) -> dict[int, tuple[Garage, int, int]]:
    """Each with its board's revision and its version."""
    width = _garages.width
    rows = await look.rows(_GARAGES, list(ids))
    return {row[0]: (_garages.of(row[:width]), row[width], row[width + 1]) for row in rows}


async def rates_in_force(look: Look, garage_ids: Sequence[int]) -> dict[int, tuple[Rate | None, int]]:
    """By garage, each with its version."""
    rows = await look.rows(_rates_in_force(is_sqlite()), list(garage_ids))
    return {garage_id: (_rate(rate), version) for garage_id, version, rate in rows}


async def metered(look: Look, known: Mapping[int, tuple[int, int]]) -> dict[int, Metered]:
    """By garage, what its meters counted since it was known at this revision and version; those that there are."""
    asked = [(id_, *at) for id_, at in known.items()]
    asked += asked[-1:] * (rounded(len(asked)) - len(asked))
    found: dict[int, Metered] = {}
    for id_, revision, version, session_id, session in await look.rows(
        _metered_statement(len(asked), is_sqlite()), *chain.from_iterable(asked)
    ):
        garage = found.get(id_)
        if garage is None:
            garage = found[id_] = Metered(revision, version)
        if session_id is not None:
            garage.running[session_id] = _one_session((session_id, session))
    return found


async def whole(look: Look, garage_ids: Sequence[int], rates: dict[int, Rate]) -> dict[int, Whole]:
    """By garage, those that there are. `rates`: those that are known, by id; what else the sessions have is added. A
    rate never changes (T10), and many sessions have the same."""
    sqlite, ids = is_sqlite(), list(garage_ids)
    rows = await look.together(
        (_garages_statement(sqlite), (ids,)),
        (_ports_statement(sqlite, "p.garage_id IN (?) AND p.is_reported"), (ids,)),
        (_cards_statement(sqlite, _ON_THE_LOT), (ids, StayStatus.OPEN.value, RequestStatus.CANCELED.value)),
    )
    found = {row[1]: Whole(int(row[3]), row[2], _rate(row[4])) for row in rows if row[0] == _GARAGE}
    ports, cards = await _shown(look, rows, rates)
    for view in ports:
        found[view.port.garage_id].ports.append(view)
    for card in cards:
        found[card.stay.garage_id].cards.append(card)
    return found


async def touched(
    look: Look, port_ids: Sequence[int] = (), request_ids: Sequence[int] = ()
) -> tuple[list[PortView], list[Card]]:
    """These ports, and the cards of these requests, whether or not a board shows them; in no order."""
    sqlite = is_sqlite()
    asked = []
    if port_ids:
        asked.append((_ports_statement(sqlite, "p.id IN (?)"), (list(port_ids),)))
    if request_ids:
        asked.append((_cards_statement(sqlite, "q.id IN (?)"), (list(request_ids),)))
    return await _shown(look, await look.together(*asked) if asked else [], {})


async def _shown(look: Look, rows: Sequence[Row], rates: dict[int, Rate]) -> tuple[list[PortView], list[Card]]:
    """Of such rows, with the rates of their sessions; those that are not known are added."""
    ports = [_port(row[2:]) for row in rows if row[0] == _PORT]
    cards = [_card(row[2:]) for row in rows if row[0] == _CARD]
    sessions = [shown.session for shown in ports] + [shown.session for shown in cards]
    wanted = {session.rate_id for session in sessions if session is not None and session.rate_id is not None}
    if wanted := wanted - rates.keys():
        for id_, text in await look.rows(_rates_statement(is_sqlite()), sorted(wanted)):
            rates[id_] = _rates.of(row_of(text))
    return [shown.at(rates, _port_at) for shown in ports], [shown.at(rates, _card_at) for shown in cards]


S = TypeVar("S")


class _Priced(Generic[S]):
    """A port's or a card's value, the same as long as its rows say the same."""

    __slots__ = ("session", "value")

    def __init__(self, value: S, session: ChargingSession | None) -> None:
        self.value = value
        self.session = session

    def at(self, rates: Mapping[int, Rate], priced: Callable[[S, Rate | None], S]) -> S:
        """With its session's rate."""
        session = self.session
        self.value = priced(self.value, rates.get(session.rate_id or 0) if session is not None else None)
        return self.value


def _port_at(value: PortView, rate: Rate | None) -> PortView:
    return value if value.rate is rate else replace(value, rate=rate)


def _card_at(value: Card, rate: Rate | None) -> Card:
    return value if value.rate is rate else replace(value, rate=rate)


def _rate(text: str) -> Rate | None:
    row = row_of(text)
    return None if row[0] is None else _rates.of(row)


def _shown_port(row: Row) -> _Priced[PortView]:
    _, port, identity, condition, session = row
    held = _session(session)
    closed_by = PortStatus(condition[2:]) if len(condition) > 2 else None
    elsewhere = (identity, condition[0] == "1", condition[1] == "1", closed_by, held.id if held else None)
    own = (*row_of(port), *elsewhere)
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

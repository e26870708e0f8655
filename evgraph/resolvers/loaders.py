"""All reads of types, in batches. Reads go to the reader: they do not wait for the one writer."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, cast

from tortoise.expressions import Q
from tortoise.models import Model

from evgraph.domain.board import Board
from evgraph.domain.charging_request import ChargingRequest, RequestStatus
from evgraph.domain.garage import Garage
from evgraph.domain.port import Port
from evgraph.domain.rate import Rate
from evgraph.domain.security import IssuedCertificate
from evgraph.domain.stay import StayStatus
from evgraph.execution import Loader, Loads
from evgraph.models import (
    CertificateRow,
    ChargePointJobRow,
    ChargePointRow,
    LineItemRow,
    RateRow,
    RequestRow,
    SecurityEventRow,
    SessionMoveRow,
    SessionRow,
    StayRow,
)
from evgraph.models import boards as board_rows
from evgraph.models.database import reader
from evgraph.models.looks import by_itself
from evgraph.models.reads import note_version
from evgraph.models.windows import thinned_samples
from evgraph.resolvers.known import Known
from evgraph.resolvers.newest import Rows, count_of_each, newest_of_each
from evgraph.resolvers.operating import make_operating_loaders
from evgraph.resolvers.search import matching
from evgraph.schema.context import (
    Charges,
    JobFilter,
    Loaders,
    RateFilter,
    Sample,
    SecurityEventFilter,
    SessionFilter,
    StayFilter,
)
from evgraph.services import reading
from evgraph.services.house import Services

Load = Callable[[list[Any]], Awaitable[list[Any]]]


async def _boards(services: Services, known: Known, garage_ids: list[int]) -> list[Board]:
    """What a board's cards show needs no further query."""
    boards = await services.boards.read_all(garage_ids)
    for board in boards.values():
        known.learn_board(board)
    return [boards[garage_id] for garage_id in garage_ids]


async def _garages(ids: list[int]) -> list[Garage | None]:
    found = await board_rows.garages(by_itself(), ids)
    for garage_id, (_, _, version) in found.items():
        note_version(garage_id, version)
    return [found[id_][0] if id_ in found else None for id_ in ids]


def _by_id(rows: type[Model]) -> Load:
    async def load(ids: list[int]) -> list[Any]:
        found = {row.pk: row.value() for row in await rows.filter(id__in=ids).using_db(reader())}  # type: ignore[attr-defined]
        return [found.get(id_) for id_ in ids]

    return load


def _by_id_of_charge_point(rows: type[ChargePointJobRow | CertificateRow]) -> Load:
    async def load(ids: list[int]) -> list[Any]:
        loaded = await rows.filter(id__in=ids).using_db(reader()).select_related("charge_point")
        found = {row.id: _with_garage(row) for row in loaded}
        return [found.get(id_) for id_ in ids]

    return load


def _with_garage(row: Any) -> Any:
    return row.value(row.charge_point.garage_id)


async def _certificates(charge_point_ids: list[int]) -> list[list[IssuedCertificate]]:
    """Newest first."""
    found: defaultdict[int, list[IssuedCertificate]] = defaultdict(list)
    rows = CertificateRow.filter(charge_point_id__in=charge_point_ids).using_db(reader()).order_by("-id")
    for row in await rows.select_related("charge_point"):
        found[row.charge_point_id].append(_with_garage(row))
    return [found[id_] for id_ in charge_point_ids]


def _all_of(rows: type[Model], column: str, order: str) -> Load:
    """The values whose `column` is the key."""

    async def load(keys: list[int]) -> list[Any]:
        found: defaultdict[int, list[Any]] = defaultdict(list)
        for row in await rows.filter(**{f"{column}__in": keys}).using_db(reader()).order_by(order):
            found[getattr(row, column)].append(row.value())  # type: ignore[attr-defined]
        return [found[key] for key in keys]

    return load


async def _charges_of_stay(stay_ids: list[int]) -> list[Charges]:
    sessions = await _all_of(SessionRow, "stay_id", "id")(stay_ids)
    line_items = await _all_of(LineItemRow, "stay_id", "id")(stay_ids)
    return [Charges(*charges) for charges in zip(sessions, line_items, strict=True)]


async def _ports_by_id(ids: list[int]) -> list[Port | None]:
    found = {port.id: port for port in await reading.ports(reader(), id__in=ids)}
    return [found.get(id_) for id_ in ids]


async def _ports_by(column: str, keys: list[int]) -> list[list[Port]]:
    found: defaultdict[int, list[Port]] = defaultdict(list)
    ports = await reading.ports(reader(), **{f"{column}__in": keys, "is_reported": True})
    for port in sorted(ports, key=lambda port: (port.charge_point_id, port.connector_id)):
        found[getattr(port, column)].append(port)
    return [found[key] for key in keys]


async def _current_rates(garage_ids: list[int]) -> list[Rate | None]:
    found = await board_rows.rates_in_force(by_itself(), garage_ids)
    for garage_id, (_, version) in found.items():
        note_version(garage_id, version)
    return [found[id_][0] if id_ in found else None for id_ in garage_ids]


async def _active_requests(stay_ids: list[int]) -> list[ChargingRequest | None]:
    rows = (
        await RequestRow.filter(stay_id__in=stay_ids, stay__status=StayStatus.OPEN)
        .exclude(status=RequestStatus.CANCELED)
        .using_db(reader())
        .order_by("id")
    )
    found = {row.stay_id: row.value() for row in rows}
    return [found.get(stay_id) for stay_id in stay_ids]


async def _first_line_items(session_ids: list[int]) -> list[Any]:
    """What a session was billed first on the ticket that it is on; corrections stand on the stay."""
    rows = LineItemRow.filter(session_id__in=session_ids).select_related("session").using_db(reader())
    rows = rows.order_by("-sequence")
    found = {row.session_id: row.value() for row in await rows if row.session.stay_id == row.stay_id}  # type: ignore[attr-defined]
    return [found.get(session_id) for session_id in session_ids]


async def _samples(keys: list[tuple[int, int]]) -> list[list[Sample]]:
    """Of each session at most so many, evenly thinned, first and last included; thinned where they lie."""
    by_points: defaultdict[int, list[int]] = defaultdict(list)
    for session_id, points in keys:
        by_points[points].append(session_id)
    found: defaultdict[tuple[int, int], list[Sample]] = defaultdict(list)
    for points, session_ids in by_points.items():
        for row in await thinned_samples(session_ids, points):
            if row.session_id is not None and row.energy_wh is not None:
                found[row.session_id, points].append(Sample(row.at, row.energy_wh, row.power_w))
    return [found[key] for key in keys]


def _stays(where: StayFilter) -> Rows:
    if where.words:
        rows = StayRow.filter(id__in=matching(where.garage_id, where.words, where.status))
    else:
        rows = StayRow.filter(garage_id=where.garage_id)
    return rows.filter(status=where.status) if where.status else rows


def _sessions(where: SessionFilter) -> Rows:
    rows = SessionRow.filter(garage_id=where.garage_id)
    if where.status:
        rows = rows.filter(status=where.status)
    if where.port_id is not None:
        rows = rows.filter(port_id=where.port_id)
    if where.since:
        rows = rows.filter(Q(started_at__gte=where.since) | Q(started_at__isnull=True, asked_at__gte=where.since))
    if where.until:
        rows = rows.filter(Q(started_at__lt=where.until) | Q(started_at__isnull=True, asked_at__lt=where.until))
    return rows


def _jobs(where: JobFilter) -> Rows:
    return ChargePointJobRow.filter(charge_point_id=where.charge_point_id)


def _security_events(where: SecurityEventFilter) -> Rows:
    return SecurityEventRow.filter(charge_point_id=where.charge_point_id)


def _rates(where: RateFilter) -> Rows:
    return RateRow.filter(garage_id=where.garage_id)


_Make = Callable[[Services, Known], Load]
# By the names of `Loaders`: how each loads. None is made before something is asked of it.
_LOADS: dict[str, _Make] = {
    "garages": lambda *_: _garages,
    "ports": lambda *_: _ports_by_id,
    "charge_points": lambda *_: _by_id(ChargePointRow),
    "stays": lambda *_: _by_id(StayRow),
    "line_items": lambda *_: _by_id(LineItemRow),
    "requests": lambda *_: _by_id(RequestRow),
    "sessions": lambda *_: _by_id(SessionRow),
    "rates": lambda *_: _by_id(RateRow),
    "boards": lambda services, known: lambda garage_ids: _boards(services, known, garage_ids),
    "current_rates": lambda *_: _current_rates,
    "ports_of_garage": lambda *_: lambda ids: _ports_by("garage_id", ids),
    "charge_points_of_garage": lambda *_: _all_of(ChargePointRow, "garage_id", "identity"),
    "ports_of_charge_point": lambda *_: lambda ids: _ports_by("charge_point_id", ids),
    "reservations_of_charge_point": lambda services, _: (
        lambda ids: services.reservations.of_charge_points(ids, reader())
    ),
    "profiles_of_charge_point": lambda services, _: lambda ids: services.charging_profiles.held(ids, reader()),
    "configuration_of_charge_point": lambda services, _: services.configurations.settings_of,
    "active_request_of_stay": lambda *_: _active_requests,
    "requests_of_stay": lambda *_: _all_of(RequestRow, "stay_id", "id"),
    "charges_of_stay": lambda *_: _charges_of_stay,
    "line_item_of_session": lambda *_: _first_line_items,
    "line_items_of_session": lambda *_: _all_of(LineItemRow, "session_id", "sequence"),
    "moves_of_session": lambda *_: _all_of(SessionMoveRow, "session_id", "id"),
    "samples": lambda *_: _samples,
    "stay_pages": lambda *_: newest_of_each(_stays),
    "stay_counts": lambda *_: count_of_each(_stays),
    "session_pages": lambda *_: newest_of_each(_sessions),
    "session_counts": lambda *_: count_of_each(_sessions),
    "rate_pages": lambda *_: newest_of_each(_rates),
    "rate_counts": lambda *_: count_of_each(_rates),
    "jobs": lambda *_: _by_id_of_charge_point(ChargePointJobRow),
    "job_pages": lambda *_: newest_of_each(_jobs, value=_with_garage, related=("charge_point",)),
    "job_counts": lambda *_: count_of_each(_jobs),
    "certificates": lambda *_: _by_id_of_charge_point(CertificateRow),
    "certificates_of_charge_point": lambda *_: _certificates,
    "security_event_pages": lambda *_: newest_of_each(_security_events),
    "security_event_counts": lambda *_: count_of_each(_security_events),
}


def make_loaders(services: Services, known: Known | None = None) -> Loaders:
    """For one operation, or one event of a subscription: what they hold is as old as they are."""
    return cast("Loaders", OperationLoaders(services, known or Known()))


class OperationLoaders:
    """`Loaders`, each made when it is first asked; `loads`: what they share."""

    def __init__(self, services: Services, known: Known) -> None:
        self.loads = Loads()
        self._services = services
        self._known = known

    def __getattr__(self, name: str) -> Any:
        loader: Any
        if name == "operating":
            loader = make_operating_loaders(self.loads)
        elif (make := _LOADS.get(name)) is not None:
            known = getattr(self._known, name, None)
            loader = Loader(make(self._services, self._known), self.loads, name=name, known=known)
        else:
            raise AttributeError(name)
        setattr(self, name, loader)
        return loader

"""All reads of types, in batches. Reads go to the reader: they do not wait for the one writer."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from strawberry.dataloader import DataLoader
from tortoise.expressions import Q
from tortoise.functions import Max
from tortoise.models import Model

from evgraph.domain.board import Board
from evgraph.domain.charging_request import ChargingRequest, RequestStatus
from evgraph.domain.port import Port
from evgraph.domain.rate import Rate
from evgraph.domain.security import IssuedCertificate
from evgraph.domain.stay import StayStatus
from evgraph.models import (
    CertificateRow,
    ChargePointJobRow,
    ChargePointRow,
    GarageRow,
    LineItemRow,
    RateRow,
    RequestRow,
    SecurityEventRow,
    SessionMoveRow,
    SessionRow,
    StayRow,
)
from evgraph.models.database import reader
from evgraph.models.windows import thinned_samples
from evgraph.resolvers.known import Known, Seeded
from evgraph.resolvers.operating import make_operating_loaders
from evgraph.resolvers.pages import Rows, load_counts, load_pages
from evgraph.resolvers.search import matching
from evgraph.schema.context import (
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


def make_loaders(services: Services, known: Known | None = None) -> Loaders:
    """For one operation, or one event of a subscription: what they hold is as old as they are."""
    known = known or Known()
    return Loaders(
        garages=DataLoader(_by_id(GarageRow), cache_map=Seeded(known.garages)),
        ports=DataLoader(_ports_by_id, cache_map=Seeded(known.ports)),
        charge_points=DataLoader(_by_id(ChargePointRow)),
        stays=DataLoader(_by_id(StayRow), cache_map=Seeded(known.stays)),
        line_items=DataLoader(_by_id(LineItemRow)),
        requests=DataLoader(_by_id(RequestRow), cache_map=Seeded(known.requests)),
        sessions=DataLoader(_by_id(SessionRow), cache_map=Seeded(known.sessions)),
        rates=DataLoader(_by_id(RateRow), cache_map=Seeded(known.rates)),
        boards=DataLoader(lambda garage_ids: _boards(services, known, garage_ids)),
        current_rates=DataLoader(_current_rates),
        ports_of_garage=DataLoader(lambda ids: _ports_by("garage_id", ids)),
        charge_points_of_garage=DataLoader(_all_of(ChargePointRow, "garage_id", "identity")),
        ports_of_charge_point=DataLoader(lambda ids: _ports_by("charge_point_id", ids)),
        reservations_of_charge_point=DataLoader(lambda ids: services.reservations.of_charge_points(ids, reader())),
        profiles_of_charge_point=DataLoader(lambda ids: services.charging_profiles.held(ids, reader())),
        configuration_of_charge_point=DataLoader(services.configurations.settings_of),
        active_request_of_stay=DataLoader(_active_requests, cache_map=Seeded(known.active_request_of_stay)),
        requests_of_stay=DataLoader(_all_of(RequestRow, "stay_id", "id")),
        sessions_of_stay=DataLoader(_all_of(SessionRow, "stay_id", "id")),
        line_items_of_stay=DataLoader(_all_of(LineItemRow, "stay_id", "id")),
        line_item_of_session=DataLoader(_first_line_items, cache_map=Seeded(known.line_item_of_session)),
        line_items_of_session=DataLoader(_all_of(LineItemRow, "session_id", "sequence")),
        moves_of_session=DataLoader(_all_of(SessionMoveRow, "session_id", "id")),
        samples=DataLoader(_samples),
        stay_pages=DataLoader(load_pages(_stays, lambda row: row.value())),
        stay_counts=DataLoader(load_counts(_stays)),
        session_pages=DataLoader(load_pages(_sessions, lambda row: row.value())),
        session_counts=DataLoader(load_counts(_sessions)),
        rate_pages=DataLoader(load_pages(_rates, lambda row: row.value())),
        rate_counts=DataLoader(load_counts(_rates)),
        jobs=DataLoader(_by_id_of_charge_point(ChargePointJobRow)),
        job_pages=DataLoader(load_pages(_jobs, _with_garage, "charge_point_id", ("charge_point",))),
        job_counts=DataLoader(load_counts(_jobs, "charge_point_id")),
        certificates=DataLoader(_by_id_of_charge_point(CertificateRow)),
        certificates_of_charge_point=DataLoader(_certificates),
        security_event_pages=DataLoader(load_pages(_security_events, lambda row: row.value(), "charge_point_id")),
        security_event_counts=DataLoader(load_counts(_security_events, "charge_point_id")),
        operating=make_operating_loaders(),
    )


async def _boards(services: Services, known: Known, garage_ids: list[int]) -> list[Board]:
    """What a board's cards show needs no further query."""
    boards = [await services.boards.read(garage_id) for garage_id in garage_ids]
    for board in boards:
        known.learn_board(board)
    return boards


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


async def _ports_by_id(ids: list[int]) -> list[Port | None]:
    found = {port.id: port for port in await reading.ports(reader(), id__in=ids)}
    return [found.get(id_) for id_ in ids]


async def _ports_by(column: str, keys: list[int]) -> list[list[Port]]:
    found: defaultdict[int, list[Port]] = defaultdict(list)
    ports = await reading.ports(reader(), **{f"{column}__in": keys})
    for port in sorted(ports, key=lambda port: (port.charge_point_id, port.connector_id)):
        found[getattr(port, column)].append(port)
    return [found[key] for key in keys]


async def _current_rates(garage_ids: list[int]) -> list[Rate | None]:
    newest = RateRow.filter(garage_id__in=garage_ids).annotate(newest=Max("id")).group_by("garage_id")
    ids = await newest.using_db(reader()).values_list("newest", flat=True)
    rows = await RateRow.filter(id__in=list(ids)).using_db(reader())
    found = {row.garage_id: row.value() for row in rows}
    return [found.get(garage_id) for garage_id in garage_ids]


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


def _stays(where: StayFilter, garage_ids: list[int]) -> Rows:
    rows = StayRow.filter(garage_id__in=garage_ids)
    if where.status:
        rows = rows.filter(status=where.status)
    return rows.filter(id__in=matching(garage_ids, where.words)) if where.words else rows


def _sessions(where: SessionFilter, garage_ids: list[int]) -> Rows:
    rows = SessionRow.filter(garage_id__in=garage_ids)
    if where.status:
        rows = rows.filter(status=where.status)
    if where.port_id is not None:
        rows = rows.filter(port_id=where.port_id)
    if where.since:
        rows = rows.filter(Q(started_at__gte=where.since) | Q(started_at__isnull=True, asked_at__gte=where.since))
    if where.until:
        rows = rows.filter(Q(started_at__lt=where.until) | Q(started_at__isnull=True, asked_at__lt=where.until))
    return rows


def _jobs(where: JobFilter, charge_point_ids: list[int]) -> Rows:
    return ChargePointJobRow.filter(charge_point_id__in=charge_point_ids)


def _security_events(where: SecurityEventFilter, charge_point_ids: list[int]) -> Rows:
    return SecurityEventRow.filter(charge_point_id__in=charge_point_ids)


def _rates(where: RateFilter, garage_ids: list[int]) -> Rows:
    return RateRow.filter(garage_id__in=garage_ids)

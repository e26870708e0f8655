"""What operators look up: the frames of a charge point, its connections, and what needs a decision of theirs."""

from datetime import timedelta

from tortoise.expressions import Q, RawSQL

from evgraph.domain.charging_session import SessionFlag, SessionStatus
from evgraph.execution import Loader, Loads
from evgraph.models import (
    CardRow,
    ConnectionRow,
    FrameRow,
    QuarantinedMessageRow,
    RefusedConnectionRow,
    SessionRow,
)
from evgraph.resolvers.newest import Rows, count_of_each, newest_of_each
from evgraph.schema.operating_context import (
    CardFilter,
    ConnectionFilter,
    FlaggedFilter,
    FrameFilter,
    OperatingLoaders,
    QuarantineFilter,
    RefusedFilter,
    UnassignedFilter,
)
from evgraph.services.frames import LAST_INSTANT, first_id_at

_BEGUN = tuple(status for status in SessionStatus if status.has_begun)
# Ids go on from where they were while the clock stands before that.
_CLOCK_PUT_BACK = timedelta(days=1)
# As the partial index of migration 0003 has it.
_IS_FLAGGED = "flags <> ''"
# Of the charge point whose identity was told: its garage; null where there is none.
_OWNER = '(SELECT c.garage_id FROM charge_point c WHERE c.identity = "refused_connection"."identity")'


def make_operating_loaders(loads: Loads) -> OperatingLoaders:
    return OperatingLoaders(
        frame_pages=Loader(newest_of_each(_frames), loads),
        frame_counts=Loader(count_of_each(_frames), loads),
        connection_pages=Loader(newest_of_each(_connections), loads),
        connection_counts=Loader(count_of_each(_connections), loads),
        refused_pages=Loader(newest_of_each(_refused), loads),
        refused_counts=Loader(count_of_each(_refused), loads),
        quarantine_pages=Loader(newest_of_each(_quarantine), loads),
        quarantine_counts=Loader(count_of_each(_quarantine), loads),
        card_pages=Loader(newest_of_each(_cards), loads),
        card_counts=Loader(count_of_each(_cards), loads),
        unassigned_pages=Loader(newest_of_each(_unassigned), loads),
        unassigned_counts=Loader(count_of_each(_unassigned), loads),
        flagged_pages=Loader(newest_of_each(_flagged, literally=_IS_FLAGGED), loads),
        flagged_counts=Loader(count_of_each(_flagged, literally=_IS_FLAGGED), loads),
    )


def _frames(where: FrameFilter) -> Rows:
    rows = FrameRow.filter(charge_point_id=where.charge_point_id)
    if where.action is not None:
        rows = rows.filter(action=where.action)
    if where.direction is not None:
        rows = rows.filter(direction=where.direction)
    if where.kind is not None:
        rows = rows.filter(kind=where.kind)
    if where.since is not None:
        rows = rows.filter(at__gte=where.since, id__gte=first_id_at(where.since))
    if where.until is not None:
        rows = rows.filter(at__lt=where.until)
        if where.until < LAST_INSTANT - _CLOCK_PUT_BACK:
            rows = rows.filter(id__lt=first_id_at(where.until + _CLOCK_PUT_BACK))
    return rows


def _connections(where: ConnectionFilter) -> Rows:
    return ConnectionRow.filter(charge_point_id=where.charge_point_id)


def _refused(where: RefusedFilter) -> Rows:
    rows = RefusedConnectionRow.annotate(owner=RawSQL(_OWNER))
    rows = rows.filter(Q(owner__isnull=True) | Q(owner__in=list(where.garage_ids)))
    return rows if where.identity is None else rows.filter(identity=where.identity)


def _quarantine(where: QuarantineFilter) -> Rows:
    rows = QuarantinedMessageRow.filter(garage_id=where.garage_id)
    return rows if where.is_resolved is None else rows.filter(resolved_at__isnull=not where.is_resolved)


def _cards(where: CardFilter) -> Rows:
    return CardRow.filter(garage_id=where.garage_id)


def _unassigned(where: UnassignedFilter) -> Rows:
    statuses = (where.status,) if where.status else _BEGUN
    return SessionRow.filter(garage_id=where.garage_id, stay_id__isnull=True, status__in=statuses)


def _has_flag(flag: SessionFlag) -> Q:
    """The whole name of the flag in the column's list: METER_START_ESTIMATED is not ESTIMATED."""
    name = flag.value
    at_an_end = Q(flags=name) | Q(flags__startswith=f"{name},") | Q(flags__endswith=f",{name}")
    return at_an_end | Q(flags__contains=f",{name},")


def _flagged(where: FlaggedFilter) -> Rows:
    rows = SessionRow.filter(garage_id=where.garage_id)
    if where.flag is not None:
        rows = rows.filter(_has_flag(where.flag))
    if where.since is not None:
        rows = rows.filter(started_at__gte=where.since)
    if where.until is not None:
        rows = rows.filter(started_at__lt=where.until)
    return rows

"""Where a charger's words belong: its ports, made when they are first heard of, and the quarantine for the rest."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from evgraph.domain.charge_point import Acceptance
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.events import MessageQuarantined
from evgraph.domain.port import Port, PortStatus
from evgraph.domain.quarantine import MERGED, is_same_reason
from evgraph.models import ChargePointRow, PortRow, QuarantinedMessageRow, SessionRow
from evgraph.services import reading
from evgraph.services.books import Change

_LONGEST_WHY = 300
# C8: repeats are counted in one row unless nothing of the kind came for so long.
_REPEATS_WITHIN = timedelta(days=7)
DEFAULT_MAX_POWER_W = 11_500


async def port_at(change: Change, garage_id: int, charge_point_id: int, connector_id: int) -> Port:
    """B4: the connector's port; its StatusNotification makes it, if there is none, and shows it on the boards."""
    found = await reading.ports(charge_point_id=charge_point_id, connector_id=connector_id)
    if not found:
        return await _make(change, garage_id, charge_point_id, connector_id, is_reported=True)
    port = found[0]
    return port if port.is_reported else await change.save_port(replace(port, is_reported=True))


async def place_of(change: Change, garage_id: int, charge_point_id: int, connector_id: int) -> Port:
    """B4, S6: where a session of this connector is kept: at its port; or, where no StatusNotification has named such a
    connector, at a place that no board shows, one for each session that runs (S7 says nothing of those)."""
    if connector_id > 0:
        found = await reading.ports(charge_point_id=charge_point_id, connector_id=connector_id)
        if found and (found[0].is_idle or found[0].is_reported):
            return found[0]
        if not found:
            return await _make(change, garage_id, charge_point_id, connector_id, is_reported=False)
    return await place_beside(change, garage_id, charge_point_id)


async def place_beside(change: Change, garage_id: int, charge_point_id: int) -> Port:
    """B4, S6: a place that no board shows, for a session that is at no port, or was at one before what runs there."""
    # Connectors are counted from 1.
    hidden = await reading.ports(charge_point_id=charge_point_id, connector_id__lte=0)
    idle = sorted((port for port in hidden if port.is_idle), key=lambda port: -port.connector_id)
    if idle:
        return idle[0]
    return await _make(change, garage_id, charge_point_id, -len(hidden), is_reported=False)


async def kept_beside(sessions: Iterable[ChargingSession], hidden: Collection[int]) -> set[int]:
    """S7, T7: the ids of those that are kept beside what holds the port of their connector. `hidden`: the ids of the
    places that no board shows. A connector that no StatusNotification has named has no port to hold (B4)."""
    there = [session for session in sessions if session.port_id in hidden and session.connector_id > 0]
    if not there:
        return set()
    charge_points = {session.charge_point_id for session in there}
    ports = PortRow.filter(charge_point_id__in=list(charge_points), is_reported=True)
    reported = set(await ports.values_list("charge_point_id", "connector_id"))
    return {one.id for one in there if (one.charge_point_id, one.connector_id) in reported}


async def running_beside(charge_point_ids: Iterable[int]) -> list[ChargingSession]:
    """S7, T7: the sessions that run beside what holds the port of their connector, or held it as they began."""
    beside = SessionRow.filter(
        charge_point_id__in=list(charge_point_ids),
        status=SessionStatus.CHARGING,
        port__connector_id__lte=0,
        connector_id__gt=0,
    )
    return [row.value() for row in await beside.order_by("id")]


async def hidden_places(port_ids: Iterable[int]) -> set[int]:
    """B4: those of these places that `place_beside` made."""
    hidden = PortRow.filter(id__in=list(port_ids), connector_id__lte=0)
    return {row.id for row in await hidden}


async def _make(change: Change, garage_id: int, charge_point_id: int, connector_id: int, *, is_reported: bool) -> Port:
    sibling = await PortRow.filter(charge_point_id=charge_point_id).order_by("connector_id").first()
    charge_point = (await ChargePointRow.get(id=charge_point_id)).value()
    return await change.save_port(
        Port(
            id=0,
            garage_id=garage_id,
            charge_point_id=charge_point_id,
            connector_id=connector_id,
            identity=charge_point.identity,
            is_online=charge_point.is_online,
            is_accepted=charge_point.acceptance is Acceptance.ACCEPTED,
            closed_by=charge_point.reported_status if charge_point.closes_ports else None,
            custom_name=None,
            reported_status=PortStatus.UNAVAILABLE,
            reported_at=None,
            status_changed_at=change.now,
            error_code=None,
            info=None,
            max_power_w=sibling.max_power_w if sibling else DEFAULT_MAX_POWER_W,
            active_session_id=None,
            is_reported=is_reported,
        )
    )


def longer_why(why: str, also: str) -> str:
    """As long as the column."""
    return (why if also in why else f"{why} {also}")[:_LONGEST_WHY]


async def keep_in_quarantine(
    change: Change,
    charge_point_id: int,
    *,
    action: str,
    frame: str,
    why: str,
    energy_wh: int | None = None,
    at: datetime | None = None,
    is_orphan: bool = False,
    connector_id: int | None = None,
) -> None:
    """C8, T3, M3: what could not be placed is kept as it came. `at`: when, where that is known better than by now.
    `is_orphan`: a stop whose session may still begin (X2). A reading or a status for which another one of the same
    connector (`connector_id`) waits for the same reason is counted there, and nobody is told anew."""
    is_merged = action in MERGED
    if is_merged and await _count_repeat(change, charge_point_id, action, connector_id, frame, why[:_LONGEST_WHY]):
        return
    garage_id = (await ChargePointRow.get(id=charge_point_id)).garage_id
    row = await QuarantinedMessageRow.create(
        charge_point_id=charge_point_id,
        garage_id=garage_id,
        action=action[:60],
        frame=frame,
        why=why[:_LONGEST_WHY],
        energy_wh=energy_wh,
        at=at or change.now,
        is_orphan=is_orphan,
        connector_id=connector_id,
        last_at=change.now if is_merged else None,
    )
    change.tell(MessageQuarantined(garage_id=garage_id, message=row.value()))


async def _count_repeat(
    change: Change, charge_point_id: int, action: str, connector_id: int | None, frame: str, why: str
) -> bool:
    """False if nothing that waits to be resolved is repeated by it."""
    held = await QuarantinedMessageRow.filter(
        charge_point_id=charge_point_id,
        last_at__gte=change.now - _REPEATS_WITHIN,
        action=action,
        connector_id=connector_id,
        resolved_at__isnull=True,
    ).order_by("-last_at")
    repeated = next((row for row in held if is_same_reason(row.why, why)), None)
    if repeated is None:
        return False
    await QuarantinedMessageRow.filter(id=repeated.id).update(frame=frame, count=repeated.count + 1, last_at=change.now)
    return True

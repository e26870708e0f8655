"""Where a charger's words belong: its ports, made when they are first heard of, and the quarantine for the rest."""

from datetime import datetime

from evgraph.domain.events import MessageQuarantined
from evgraph.domain.port import Port, PortStatus
from evgraph.models import ChargePointRow, PortRow, QuarantinedMessageRow
from evgraph.services import reading
from evgraph.services.books import Change

_LONGEST_WHY = 300
DEFAULT_MAX_POWER_W = 11_500


async def port_at(change: Change, garage_id: int, charge_point_id: int, connector_id: int) -> Port:
    """B4: the connector's port. A connector below 1, which no vehicle can be at, is taken as the first."""
    connector_id = max(connector_id, 1)
    found = await reading.ports(charge_point_id=charge_point_id, connector_id=connector_id)
    if found:
        return found[0]
    sibling = await PortRow.filter(charge_point_id=charge_point_id).order_by("connector_id").first()
    charge_point = await ChargePointRow.get(id=charge_point_id)
    return await change.save_port(
        Port(
            id=0,
            garage_id=garage_id,
            charge_point_id=charge_point_id,
            connector_id=connector_id,
            identity=charge_point.identity,
            is_online=charge_point.is_online,
            custom_name=None,
            reported_status=PortStatus.UNAVAILABLE,
            reported_at=None,
            status_changed_at=change.now,
            error_code=None,
            info=None,
            max_power_w=sibling.max_power_w if sibling else DEFAULT_MAX_POWER_W,
            active_session_id=None,
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
) -> None:
    """C8, T3, M3: what could not be placed is kept as it came. `at`: when, where that is known better than by now."""
    garage_id = (await ChargePointRow.get(id=charge_point_id)).garage_id
    row = await QuarantinedMessageRow.create(
        charge_point_id=charge_point_id,
        garage_id=garage_id,
        action=action[:60],
        frame=frame,
        why=why[:_LONGEST_WHY],
        energy_wh=energy_wh,
        at=at or change.now,
    )
    change.tell(MessageQuarantined(garage_id=garage_id, message=row.value()))

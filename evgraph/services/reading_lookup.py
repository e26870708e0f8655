"""Which sessions a batch of readings may mean: what is asked of the database for it; `batch.meant` decides (M3)."""

from evgraph.domain import session_end
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.models import SessionRow
from evgraph.models.plain import select_values
from evgraph.services.batch import Message

_RUNNING = "charge_point_id IN (?) AND status = ?"


async def sessions_of(batch: list[Message]) -> dict[int, ChargingSession]:
    """What runs at the batch's charge points, and what the batch names that runs no more."""
    charge_points = list({message.charge_point_id for message in batch})
    running = await select_values(SessionRow, ChargingSession, _RUNNING, charge_points, SessionStatus.CHARGING)
    found = {session.id: session for session in running}
    named = {m.transaction_id for m in batch if m.transaction_id is not None and 0 < m.transaction_id < 2**31}
    named -= found.keys()
    if named:
        rows = await SessionRow.filter(id__in=list(named), charge_point_id__in=charge_points, started_at__isnull=False)
        found |= {row.id: row.value() for row in rows}
    return found


async def is_of_a_later_one(message: Message, session: ChargingSession) -> bool:
    """M3, S7: readings without an id, of after another session began at the connector, be that over by now."""
    if message.transaction_id == session.id or not message.readings:
        return False
    began = SessionRow.filter(
        charge_point_id=session.charge_point_id,
        connector_id=session.connector_id,
        started_at__gt=session.started_at,
        started_at__lte=max(one.at for one in message.readings),
    )
    return await began.exists()


async def given_up_before(message: Message) -> ChargingSession | None:
    """M3, T7: the session that was closed as forgotten while these readings of its time were under way."""
    if not message.connector_id or not message.readings:
        return None
    ended = SessionRow.filter(
        charge_point_id=message.charge_point_id,
        connector_id=message.connector_id,
        status=SessionStatus.ENDED,
        started_at__lte=min(one.at for one in message.readings),
    )
    row = await ended.order_by("-started_at", "-id").first()
    session = row.value() if row is not None else None
    return session if session is not None and session_end.may_hold(session, message.readings) else None

"""Whether a session's power is low because our own charging profiles ask for it (M6)."""

from datetime import datetime, timedelta

from evgraph.domain.charging_profile import limit_w
from evgraph.domain.charging_session import ChargingSession
from evgraph.domain.port import Port
from evgraph.domain.session_full import limited_until
from evgraph.domain.supply import Supply
from evgraph.services.charging_profiles import ChargingProfiles

_STEP = timedelta(minutes=1)
_LONGEST = timedelta(hours=1)


async def is_limited(session: ChargingSession, port: Port, at: datetime) -> bool:
    """M6: a profile of ours limits the session to under 2 % of its port's power at that instant."""
    if not port.max_power_w or session.started_at is None:
        return False
    (held,) = await ChargingProfiles.held([session.charge_point_id])
    limit = limit_w(
        held, connector_id=session.connector_id, transaction_id=session.id, started_at=session.started_at, at=at
    )
    return limit is not None and Supply(max_power_w=port.max_power_w).is_low(int(limit))


async def full_unless_limited(session: ChargingSession, supply: Supply | None, at: datetime) -> ChargingSession:
    """M6: a session that low power has made full by `at` is not full if a profile of ours limited it to so little at
    any time after its power fell. Within the transaction that is open, if any."""
    since = session.low_power_since
    if supply is None or since is None or session.full_since != since or session.started_at is None:
        return session
    (held,) = await ChargingProfiles.held([session.charge_point_id])
    if not held:
        return session
    looked_at = at
    while looked_at > max(since, at - _LONGEST):
        limit = limit_w(
            held,
            connector_id=session.connector_id,
            transaction_id=session.id,
            started_at=session.started_at,
            at=looked_at,
        )
        if limit is not None and supply.is_low(int(limit)):
            return limited_until(session, looked_at)
        looked_at -= _STEP
    return session

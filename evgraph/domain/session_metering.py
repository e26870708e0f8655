"""What a running session's meter and connector tell."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus, flagged
from evgraph.domain.energy import Reading, WattHours
from evgraph.domain.port import PortStatus


def readings_taken(session: ChargingSession, readings: Iterable[Reading]) -> ChargingSession:
    """M1, M2, M4: in the order of their time. Only a running session is moved."""
    if session.status is not SessionStatus.CHARGING:
        return session
    for reading in sorted(readings, key=lambda r: r.at):
        session = _reading_taken(session, reading)
    return session


def status_seen(session: ChargingSession, status: PortStatus, at: datetime, now: datetime) -> ChargingSession:
    """M6, its first half: SuspendedEV is "full", and since when. T7: Available starts the wait for its end."""
    if session.status is not SessionStatus.CHARGING:
        return session
    full_since = session.full_since
    if status is PortStatus.SUSPENDED_EV:
        full_since = full_since or at
    elif status is PortStatus.CHARGING:
        full_since = None
    available_since = (session.available_since or now) if status is PortStatus.AVAILABLE else None
    return replace(session, full_since=full_since, available_since=available_since)


def register_seen(session: ChargingSession, register_wh: WattHours) -> ChargingSession:
    """M2: a register below the last starts a new base, flagged; the energy so far stays. A register counts what
    intervals told since the one before it; the two are never added up."""
    if register_wh < session.base_register_wh:
        return replace(
            session,
            carried_wh=session.energy_wh,
            base_register_wh=register_wh,
            flags=session.flags | {SessionFlag.METER_RESET},
        )
    counted_wh = session.carried_wh + register_wh - session.base_register_wh
    return replace(
        session,
        carried_wh=counted_wh,
        base_register_wh=register_wh,
        energy_wh=max(session.energy_wh, counted_wh),
    )


def _reading_taken(session: ChargingSession, reading: Reading) -> ChargingSession:
    if session.last_meter_at is not None and reading.at <= session.last_meter_at:
        return session
    if session.started_at is not None and reading.at < session.started_at:
        return session
    before_wh = session.energy_wh
    if reading.register_wh is not None:
        session = register_seen(session, reading.register_wh)
    elif reading.interval_wh is not None and reading.interval_wh > 0:
        session = replace(session, energy_wh=session.energy_wh + reading.interval_wh)
    return replace(
        session,
        flags=flagged(session, SessionFlag.CLOCK_REPLACED, reading.clock_replaced),
        # T7: a meter that stands still is no word of the transaction; some chargers read it for ever.
        available_since=session.available_since if session.energy_wh == before_wh else None,
        last_meter_at=reading.at,
        power_w=reading.power_w if reading.power_w is not None else session.power_w,
    )

"""What the status of a running session's connector, and a boot of its charge point, say of it."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.port import PortStatus
from evgraph.domain.session_full import full_since_low


def status_seen(session: ChargingSession, status: PortStatus, at: datetime, now: datetime) -> ChargingSession:
    """M6: SuspendedEV is "full", and since when; Charging is not, unless the meter has long said otherwise. T7:
    Available starts the wait for its end, and B2: is a word of what runs there."""
    if session.status is not SessionStatus.CHARGING:
        return session
    full_since, available_since, flags = session.full_since, None, session.flags
    match status:
        case PortStatus.SUSPENDED_EV:
            full_since = full_since or at
        case PortStatus.CHARGING:
            full_since = full_since_low(session, at)
        case PortStatus.AVAILABLE:
            available_since = session.available_since or now
            flags = flags - {SessionFlag.UNCONFIRMED}
        case (
            PortStatus.PREPARING
            | PortStatus.SUSPENDED_EVSE
            | PortStatus.FINISHING
            | PortStatus.RESERVED
            | PortStatus.UNAVAILABLE
            | PortStatus.FAULTED
            | PortStatus.OFFLINE
        ):
            pass
        case _:
            assert_never(status)
    return replace(session, full_since=full_since, available_since=available_since, flags=flags)


def booted(session: ChargingSession) -> ChargingSession:
    """B2: its charge point began anew, and has not said what became of it. Only a running session is moved."""
    if session.status is not SessionStatus.CHARGING:
        return session
    return replace(session, flags=session.flags | {SessionFlag.UNCONFIRMED})

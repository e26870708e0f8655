"""What the status of a running session's connector, and a boot of its charge point, say of it."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.energy import SMALLEST_CHARGED_WH
from evgraph.domain.port import PortStatus, StatusReport, ev_side_disconnected
from evgraph.domain.session_clock import began_ahead
from evgraph.domain.session_end import is_end_open, transaction_ended_at
from evgraph.domain.session_full import full_since_low
from evgraph.domain.session_unplug import charging_again, vehicle_left


def status_seen(
    session: ChargingSession, status: PortStatus, at: datetime, now: datetime, *, free_at: datetime | None = None
) -> ChargingSession:
    """M6: SuspendedEV is "full", and since when; Charging is not, unless the meter has long said otherwise. T7:
    Available starts the wait for its end, and B2: is a word of what runs there. `free_at`: since when the connector is
    free, None if that is `at`."""
    if session.status is not SessionStatus.CHARGING:
        return session
    full_since, available_since, flags = session.full_since, None, session.flags
    free_since = None
    match status:
        case PortStatus.SUSPENDED_EV:
            # A vehicle that has not charged yet waits, and is not full.
            full_since = full_since or (at if session.energy_wh >= SMALLEST_CHARGED_WH else None)
        case PortStatus.CHARGING:
            full_since = full_since_low(session, at)
        case PortStatus.AVAILABLE:
            available_since = session.available_since or now
            free_since = session.free_at or free_at or at
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
    return replace(session, full_since=full_since, available_since=available_since, free_at=free_since, flags=flags)


def reported(
    session: ChargingSession, report: StatusReport, received_at: datetime, *, away_since: datetime | None = None
) -> ChargingSession:
    """What a StatusNotification of its connector makes of a running session: M6, T7, T4, and T3: when it was last said
    to charge. `report.at` is by the session's time (B7); `away_since` as of `port.away_since`. One from before its
    start tells of the session before it, and was under way."""
    if session.status is not SessionStatus.CHARGING:
        return session
    started_at = session.started_at
    is_before = started_at is not None and report.at < started_at and not began_ahead(session, received_at)
    if report.is_stamped and is_before:
        return session
    at = report.at
    free_at = _free_at(session, report, received_at, away_since)
    session = status_seen(session, report.status, at, received_at, free_at=free_at)
    return _unplugging_seen(session, report)


def reported_after_end(session: ChargingSession, report: StatusReport) -> ChargingSession:
    """T4, X2: what a StatusNotification of its connector says of a session that has ended: one of before that end what
    it would have said in time. A later one says nothing of a session whose charger's own stop ended it; of any other
    it counts where that stop, or readings, come after it."""
    if session.status is not SessionStatus.ENDED or (session.started_at is not None and report.at < session.started_at):
        return session
    return _unplugging_seen(session, report) if is_end_open(session) or is_before_end(session, report) else session


def is_before_end(session: ChargingSession, report: StatusReport) -> bool:
    """By the session's time (B7), the status of its connector is not of after its transaction's end."""
    ended_at = transaction_ended_at(session)
    return ended_at is not None and report.at <= ended_at


def is_of_the_one_before(session: ChargingSession, report: StatusReport) -> bool:
    """T4, X2: the status came late: it is from before this session began, or was asked for."""
    return report.is_stamped and report.at < (session.started_at or session.asked_at)


def tells_those_beside(report: StatusReport, holder: ChargingSession | None) -> bool:
    """T4, T7: the status of a connector also tells of the sessions that run beside its port. `holder`: what holds the
    port, null where nothing does; while that runs, only that its connector is free is of them too."""
    runs = holder is not None and holder.status is SessionStatus.CHARGING
    return not runs or report.status is PortStatus.AVAILABLE


def has_unplugging_moved(before: ChargingSession, told: ChargingSession) -> bool:
    """T4: another instant at which its vehicle left, or its port was charging again."""
    return (told.ev_gone_at, told.charging_again_at) != (before.ev_gone_at, before.charging_again_at)


def _unplugging_seen(session: ChargingSession, report: StatusReport) -> ChargingSession:
    if report.status is PortStatus.CHARGING:
        later = max(session.charging_seen_at or report.at, report.at)
        session = charging_again(replace(session, charging_seen_at=later), report.at)
    if ev_side_disconnected(report):
        session = vehicle_left(session, report.at)
    return session


def _free_at(
    session: ChargingSession, report: StatusReport, received_at: datetime, away_since: datetime | None
) -> datetime:
    """T7: since when the connector is free of the session: by the status's own stamp, but not after its receipt, nor
    after the charge point was last connected before it, nor before the session's last reading."""
    free_at = min(report.at, received_at)
    if away_since is not None:
        free_at = min(free_at, away_since)
        if not report.is_stamped and session.last_meter_at is not None:
            free_at = session.last_meter_at
    return max([free_at, *(at for at in (session.started_at, session.last_meter_at) if at is not None)])


def booted(session: ChargingSession) -> ChargingSession:
    """B2: its charge point began anew, and has not said what became of it. Only a running session is moved."""
    if session.status is not SessionStatus.CHARGING:
        return session
    return replace(session, flags=session.flags | {SessionFlag.UNCONFIRMED})

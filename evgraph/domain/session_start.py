"""How a session begins: asked for, accepted, begun by its charger, or come to nothing."""

from dataclasses import replace
from datetime import datetime, timedelta

from evgraph.domain.charging_session import (
    START_WINDOW,
    AuthorizationStatus,
    ChargingSession,
    SessionFlag,
    SessionStatus,
)
from evgraph.domain.energy import WattHours
from evgraph.domain.refusals import ErrorCode, IllegalMove
from evgraph.domain.session_end import was_cut_off
from evgraph.domain.transactions import is_one_time


def asked(
    *,
    garage_id: int,
    charge_point_id: int,
    port_id: int,
    connector_id: int,
    request_id: int,
    stay_id: int,
    id_tag: str,
    now: datetime,
    window: timedelta = START_WINDOW,
) -> ChargingSession:
    """S1: a session that holds the port, before the charger is asked. The deadline stands from the first moment,
    so that a restart between the asking and the answer leaves nothing stuck."""
    return ChargingSession(
        id=0,
        garage_id=garage_id,
        charge_point_id=charge_point_id,
        port_id=port_id,
        connector_id=connector_id,
        request_id=request_id,
        stay_id=stay_id,
        rate_id=None,
        status=SessionStatus.STARTING,
        flags=frozenset(),
        id_tag=id_tag,
        asked_at=now,
        start_deadline=now + window,
    )


def remote_start_accepted(session: ChargingSession, now: datetime, window: timedelta = START_WINDOW) -> ChargingSession:
    """S1. A session that is past STARTING stays as it is: StartTransaction overtook the answer, or it was given up."""
    if session.status is not SessionStatus.STARTING:
        return session
    return replace(session, accepted_at=now, start_deadline=now + window)


def start_failed(session: ChargingSession, code: ErrorCode, why: str, now: datetime) -> ChargingSession:
    """S1, S4: nothing came of it, `why` in an attendant's words. One that runs already stays as it is."""
    if session.status is not SessionStatus.STARTING:
        return session
    return replace(
        session,
        status=SessionStatus.FAILED,
        failure_code=code,
        failure=why,
        ended_at=now,
        start_deadline=None,
    )


def rate_taken_at(asked_for: ChargingSession | None, at: datetime) -> datetime:
    """T10: the rate is the one in force at the session's start, also when the charger tells of it hours later; and
    never one from before the session was asked for, whatever a slow clock says."""
    return at if asked_for is None else max(at, asked_for.asked_at)


def transaction_started(
    session: ChargingSession,
    *,
    meter_start_wh: WattHours,
    at: datetime,
    reported_start: str,
    rate_id: int | None,
    flat_fee_paid: bool = False,
    clock_replaced: bool = False,
    last_register_wh: WattHours | None = None,
) -> ChargingSession:
    """S2, and S5 out of FAILED: the charger began; the rate in force at that moment applies (T10).
    `last_register_wh`: where the session before it left the port's meter (T11)."""
    if session.status.has_begun or session.started_at is not None:
        raise IllegalMove("transaction started", expected="STARTING or FAILED", got=session.status)
    return replace(
        session,
        status=SessionStatus.CHARGING,
        flags=session.flags | _flags_of_start(meter_start_wh, last_register_wh, clock_replaced),
        authorization=AuthorizationStatus.ACCEPTED,
        rate_id=rate_id,
        failure_code=None,
        failure=None,
        start_deadline=None,
        started_at=at,
        ended_at=None,
        reported_start=reported_start,
        meter_start_wh=meter_start_wh,
        base_register_wh=meter_start_wh,
        register_at=None if clock_replaced else at,
        flat_fee_paid=flat_fee_paid,
    )


def unassigned(
    *,
    garage_id: int,
    charge_point_id: int,
    port_id: int,
    connector_id: int,
    id_tag: str,
    authorization: AuthorizationStatus,
    meter_start_wh: WattHours,
    at: datetime,
    reported_start: str,
    rate_id: int | None,
    clock_replaced: bool,
    now: datetime,
    last_register_wh: WattHours | None = None,
) -> ChargingSession:
    """S6: a transaction that nobody asked for; it runs, is metered, and belongs to no ticket yet.
    `last_register_wh`: where the session before it left the port's meter (T11)."""
    return ChargingSession(
        id=0,
        garage_id=garage_id,
        charge_point_id=charge_point_id,
        port_id=port_id,
        connector_id=connector_id,
        request_id=None,
        stay_id=None,
        rate_id=rate_id,
        status=SessionStatus.CHARGING,
        flags=_flags_of_start(meter_start_wh, last_register_wh, clock_replaced),
        id_tag=id_tag,
        authorization=authorization,
        asked_at=now,
        started_at=at,
        reported_start=reported_start,
        meter_start_wh=meter_start_wh,
        base_register_wh=meter_start_wh,
        register_at=None if clock_replaced else at,
    )


def was_opened_by(session: ChargingSession, *, connector_id: int, reported_start: str) -> bool:
    """S2: this StartTransaction is the one that opened the session, sent again. A one-time idTag is proof enough of
    that, until its charger was cut off and may begin anew with it (T8); otherwise the stamp is, as it was sent."""
    if is_one_time(session.id_tag) and not was_cut_off(session):
        return True
    return session.connector_id == connector_id and session.reported_start == reported_start


def _flags_of_start(
    meter_start_wh: WattHours, last_register_wh: WattHours | None, clock_replaced: bool
) -> frozenset[SessionFlag]:
    """T11: energy flowed between two sessions that nobody was billed for. A lower start is no gap: another meter, one
    that was reset, or one that counts each session from 0, as some chargers do for good; what is missing, if anything,
    it does not tell."""
    flags = set()
    if clock_replaced:
        flags.add(SessionFlag.CLOCK_REPLACED)
    if last_register_wh is not None and meter_start_wh > last_register_wh:
        flags.add(SessionFlag.METER_GAP)
    return frozenset(flags)

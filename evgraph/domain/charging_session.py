"""One charging session: an OCPP transaction, tied to an open ticket. One function an event; late and doubled
messages are cases of the function, not accidents."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from evgraph.domain.energy import Reading, WattHours, Watts
from evgraph.domain.port import PortStatus
from evgraph.domain.refusals import ErrorCode, IllegalMove

START_WINDOW = timedelta(seconds=180)


class SessionStatus(StrEnum):
    STARTING = "STARTING"
    CHARGING = "CHARGING"
    ENDED = "ENDED"
    FAILED = "FAILED"


class StopReason(StrEnum):
    """OCPP 1.6 section 7.37, Reason."""

    DE_AUTHORIZED = "DeAuthorized"
    EMERGENCY_STOP = "EmergencyStop"
    EV_DISCONNECTED = "EVDisconnected"
    HARD_RESET = "HardReset"
    LOCAL = "Local"
    OTHER = "Other"
    POWER_LOSS = "PowerLoss"
    REBOOT = "Reboot"
    REMOTE = "Remote"
    SOFT_RESET = "SoftReset"
    UNLOCK_COMMAND = "UnlockCommand"


# A session that ended so was cut by the charger, not by anyone's wish: what follows it is the same charge (T8).
INTERRUPTED = frozenset({StopReason.POWER_LOSS, StopReason.REBOOT, StopReason.HARD_RESET, StopReason.SOFT_RESET})


class AuthorizationStatus(StrEnum):
    """OCPP 1.6 section 7.2: what an idTag was answered."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    CONCURRENT_TX = "ConcurrentTx"


class SessionFlag(StrEnum):
    CLOCK_REPLACED = "CLOCK_REPLACED"
    METER_RESET = "METER_RESET"
    METER_GAP = "METER_GAP"
    METER_LEAP = "METER_LEAP"
    UNCONFIRMED = "UNCONFIRMED"
    ESTIMATED = "ESTIMATED"
    SUPERSEDED = "SUPERSEDED"
    AFTER_CHECKOUT = "AFTER_CHECKOUT"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingSession:
    """`id` is the OCPP transactionId once it runs. `base_register_wh` is the register as it was last read, and
    `carried_wh` the energy that the registers had counted by then; `energy_wh` is never less, and runs ahead of it
    by what only intervals told, or what only the next transaction's start did (M1, M2, S7).

    `reported_start` is the charger's own start stamp, as text, to know a resent StartTransaction by (S2).
    `authorization` is what its StartTransaction was answered, to answer a resent one alike. `available_since`: the
    charger reports the connector free, with no word of the transaction (T7).
    `low_power_since`: the port delivers next to nothing (M6). `leapt_to_wh`, `leapt_at`: a register that leapt beyond
    what the port can deliver, and waits to be confirmed (M5).
    `flat_fee_paid`: an earlier part of the same charge bore the flat fee (T8).
    """

    id: int
    garage_id: int
    charge_point_id: int
    port_id: int
    connector_id: int
    request_id: int | None
    stay_id: int | None
    rate_id: int | None
    status: SessionStatus
    flags: frozenset[SessionFlag]
    id_tag: str
    authorization: AuthorizationStatus | None = None
    asked_at: datetime
    accepted_at: datetime | None = None
    start_deadline: datetime | None = None
    failure_code: ErrorCode | None = None
    failure: str | None = None
    reported_start: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    stop_reason: StopReason | None = None
    meter_start_wh: WattHours = 0
    carried_wh: WattHours = 0
    base_register_wh: WattHours = 0
    energy_wh: WattHours = 0
    power_w: Watts | None = None
    last_meter_at: datetime | None = None
    full_since: datetime | None = None
    available_since: datetime | None = None
    low_power_since: datetime | None = None
    leapt_to_wh: WattHours | None = None
    leapt_at: datetime | None = None
    flat_fee_paid: bool = False

    @property
    def is_active(self) -> bool:
        """It holds its port."""
        return self.status in (SessionStatus.STARTING, SessionStatus.CHARGING)

    @property
    def transaction_id(self) -> int | None:
        """Null until the charger began it."""
        return self.id if self.started_at is not None else None

    def lasted(self, now: datetime) -> timedelta:
        """From its start to its end, or to now."""
        if self.started_at is None:
            return timedelta(0)
        return max((self.ended_at or now) - self.started_at, timedelta(0))


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
) -> ChargingSession:
    """S2, and S5 out of FAILED: the charger began; the rate in force at that moment applies (T10)."""
    if session.status not in (SessionStatus.STARTING, SessionStatus.FAILED) or session.started_at is not None:
        raise IllegalMove("transaction started", expected="STARTING or FAILED", got=session.status)
    return replace(
        session,
        status=SessionStatus.CHARGING,
        flags=_flagged(session, SessionFlag.CLOCK_REPLACED, clock_replaced),
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
) -> ChargingSession:
    """S6: a transaction that nobody asked for; it runs, is metered, and belongs to no ticket yet."""
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
        flags=frozenset({SessionFlag.CLOCK_REPLACED}) if clock_replaced else frozenset(),
        id_tag=id_tag,
        authorization=authorization,
        asked_at=now,
        started_at=at,
        reported_start=reported_start,
        meter_start_wh=meter_start_wh,
        base_register_wh=meter_start_wh,
    )


def readings_taken(session: ChargingSession, readings: Iterable[Reading]) -> ChargingSession:
    """M1, M2, M4: in the order of their time. Only a running session is moved."""
    if session.status is not SessionStatus.CHARGING:
        return session
    for reading in sorted(readings, key=lambda r: r.at):
        session = _reading_taken(session, reading)
    return session


def transaction_stopped(
    session: ChargingSession,
    *,
    meter_stop_wh: WattHours | None,
    at: datetime,
    reason: StopReason,
    readings: Iterable[Reading] = (),
    clock_replaced: bool = False,
) -> ChargingSession:
    """T1: ended at its last register. T2: one that has ended stays as it is. T6: energy never falls."""
    if session.status is SessionStatus.ENDED:
        return session
    if session.status is not SessionStatus.CHARGING or session.started_at is None:
        raise IllegalMove("transaction stopped", expected=SessionStatus.CHARGING, got=session.status)
    session = readings_taken(session, readings)
    if meter_stop_wh is not None:
        session = _register_seen(session, meter_stop_wh)
    return replace(
        session,
        status=SessionStatus.ENDED,
        flags=_flagged(session, SessionFlag.CLOCK_REPLACED, clock_replaced),
        ended_at=max(at, session.started_at or at),
        stop_reason=reason,
        power_w=None,
    )


def may_end_at(session: ChargingSession, at: datetime, *, clock_replaced: bool) -> bool:
    """T3: a stop without a usable transactionId that lies before the session's start is of an earlier one, and waited
    in the charger's queue. Where a stamp of either is our own, the two cannot be compared."""
    if clock_replaced or SessionFlag.CLOCK_REPLACED in session.flags:
        return True
    return session.started_at is not None and at >= session.started_at


def superseded(session: ChargingSession, meter_start_wh: WattHours, at: datetime) -> ChargingSession:
    """S7: another transaction began on its connector; it ends at its last register, or at that start, if higher.
    One that has ended stays as it is."""
    if session.status is SessionStatus.ENDED:
        return session
    ended = transaction_stopped(session, meter_stop_wh=None, at=at, reason=StopReason.OTHER)
    # That start is a guess at this one's end: the registers that were read stand, to tell the truth from (T5).
    guess_wh = session.carried_wh + meter_start_wh - session.base_register_wh
    return replace(
        ended,
        energy_wh=max(ended.energy_wh, guess_wh),
        flags=ended.flags | {SessionFlag.SUPERSEDED},
    )


def truth_told(
    session: ChargingSession,
    *,
    meter_stop_wh: WattHours | None,
    at: datetime,
    reason: StopReason,
    readings: Iterable[Reading] = (),
    clock_replaced: bool = False,
) -> ChargingSession:
    """T5, T7: the charger's own end of a session that we had closed with what we knew. Its energy becomes what it
    would have been, had this stop come in time: down to the last reading at most (M2). An end whose time cannot be
    believed leaves ours. A stop that tells no register changes nothing."""
    if session.status is not SessionStatus.ENDED or not session.flags & CLOSED_BY_US:
        return session
    if meter_stop_wh is None:
        told_wh = [one.register_wh for one in sorted(readings, key=lambda one: one.at) if one.register_wh is not None]
        if not told_wh:
            return session
        meter_stop_wh = told_wh[-1]
    if SessionFlag.SUPERSEDED in session.flags:
        session = replace(session, energy_wh=session.carried_wh)
    told = _register_seen(session, meter_stop_wh)
    return replace(
        told,
        ended_at=session.ended_at if clock_replaced else max(at, session.started_at or at),
        stop_reason=reason,
        flags=_flagged(told, SessionFlag.CLOCK_REPLACED, clock_replaced) - {SessionFlag.ESTIMATED},
    )


CLOSED_BY_US = frozenset({SessionFlag.SUPERSEDED, SessionFlag.ESTIMATED})


def was_cut_off(session: ChargingSession) -> bool:
    """T8: the charger ended it by losing power or rebooting, or never told its end."""
    return session.status is SessionStatus.ENDED and (
        session.stop_reason in INTERRUPTED or bool(session.flags & CLOSED_BY_US)
    )


def was_opened_by(session: ChargingSession, *, connector_id: int, reported_start: str) -> bool:
    """S2: this StartTransaction is the one that opened the session, sent again. A one-time idTag is proof enough of
    that, until its charger was cut off and may begin anew with it (T8); otherwise the stamp is, as it was sent."""
    if session.request_id is not None and not was_cut_off(session):
        return True
    return session.connector_id == connector_id and session.reported_start == reported_start


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


def given_up(session: ChargingSession, at: datetime) -> ChargingSession:
    """T7: closed with its last reading, marked estimated. The truth, if it still comes, is a correction. One that
    has ended stays as it is."""
    if session.status is SessionStatus.ENDED:
        return session
    ended = transaction_stopped(session, meter_stop_wh=None, at=at, reason=StopReason.OTHER)
    return replace(ended, flags=ended.flags | {SessionFlag.ESTIMATED})


def _reading_taken(session: ChargingSession, reading: Reading) -> ChargingSession:
    if session.last_meter_at is not None and reading.at <= session.last_meter_at:
        return session
    if session.started_at is not None and reading.at < session.started_at:
        return session
    before_wh = session.energy_wh
    if reading.register_wh is not None:
        session = _register_seen(session, reading.register_wh)
    elif reading.interval_wh is not None and reading.interval_wh > 0:
        session = replace(session, energy_wh=session.energy_wh + reading.interval_wh)
    return replace(
        session,
        flags=_flagged(session, SessionFlag.CLOCK_REPLACED, reading.clock_replaced),
        # T7: a meter that stands still is no word of the transaction; some chargers read it for ever.
        available_since=session.available_since if session.energy_wh == before_wh else None,
        last_meter_at=reading.at,
        power_w=reading.power_w if reading.power_w is not None else session.power_w,
    )


def _register_seen(session: ChargingSession, register_wh: WattHours) -> ChargingSession:
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


def _flagged(session: ChargingSession, flag: SessionFlag, is_so: bool) -> frozenset[SessionFlag]:
    return session.flags | {flag} if is_so else session.flags

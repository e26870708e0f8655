"""One charging session: an OCPP transaction, tied to an open ticket. What moves it stands in session_start,
session_metering and session_end: one function an event; late and doubled messages are cases of the function, not
accidents."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from evgraph.domain.energy import WattHours, Watts
from evgraph.domain.refusals import ErrorCode

START_WINDOW = timedelta(seconds=180)


class SessionStatus(StrEnum):
    STARTING = "STARTING"
    CHARGING = "CHARGING"
    ENDED = "ENDED"
    FAILED = "FAILED"

    @property
    def is_active(self) -> bool:
        """Whether a session in this status holds its port."""
        match self:
            case SessionStatus.STARTING | SessionStatus.CHARGING:
                return True
            case SessionStatus.ENDED | SessionStatus.FAILED:
                return False
            case _:
                assert_never(self)

    @property
    def has_begun(self) -> bool:
        """Whether the charger started a transaction: only then is there energy, a cost, and a bill."""
        match self:
            case SessionStatus.CHARGING | SessionStatus.ENDED:
                return True
            case SessionStatus.STARTING | SessionStatus.FAILED:
                return False
            case _:
                assert_never(self)


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


def _is_interruption(reason: StopReason) -> bool:
    match reason:
        case StopReason.POWER_LOSS | StopReason.REBOOT | StopReason.HARD_RESET | StopReason.SOFT_RESET:
            return True
        case (
            StopReason.DE_AUTHORIZED
            | StopReason.EMERGENCY_STOP
            | StopReason.EV_DISCONNECTED
            | StopReason.LOCAL
            | StopReason.OTHER
            | StopReason.REMOTE
            | StopReason.UNLOCK_COMMAND
        ):
            return False
        case _:
            assert_never(reason)


# A session that ended so was cut by the charger, not by anyone's wish: what follows it is the same charge (T8).
INTERRUPTED = frozenset(reason for reason in StopReason if _is_interruption(reason))


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
    OTHER_ID_TAG = "OTHER_ID_TAG"
    METER_START_ESTIMATED = "METER_START_ESTIMATED"
    AFTER_UNPLUG = "AFTER_UNPLUG"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingSession:
    """`id` is the OCPP transactionId once it runs. `base_register_wh` is the register as it was last read, and
    `carried_wh` the energy that the registers had counted by then; `energy_wh` is never less, and runs ahead of it
    by what only intervals told, or what only the next transaction's start did (M1, M2, S7). `register_at`: when that
    register was read, null where its stamp was not the charger's own.

    `reported_start` is the charger's own start stamp, as text, to know a resent StartTransaction by (S2).
    `authorization` is what its StartTransaction was answered, to answer a resent one alike. `available_since`: the
    charger reports the connector free, with no word of the transaction, by our clock; `free_at`: since when it is free
    by the charger's own word, which is when the session ended if nothing else is reported (T7).
    `low_power_since`: the port delivers next to nothing (M6). `leapt_to_wh`, `leapt_at`: a register that leapt beyond
    what the port can deliver, and waits to be confirmed (M5).
    `flat_fee_paid`: an earlier part of the same charge bore the flat fee (T8).

    `reported_id_tag`: the idTag that its StartTransaction bore, null where that is `id_tag` (S2). `clock_error_us`: the
    microseconds to add to the charger's stamps, null where they are right (B7). `register_source`: the best location
    and kind of energy value that was seen, null before the first; `register_step_wh`: the finest step in which those
    values came (M1, M2). `charging_seen_at`: the latest Charging status (T3).

    `ev_gone_at`: when the port said that the vehicle left, and `charging_again_at` when it first said Charging after
    that; `ev_gone_register_wh` the last register since then, and `held_back_from_wh`, `held_back_since` where and when
    another vehicle's energy begins, `held_back_to_wh` the last register of that vehicle, null before one was read
    (T4). `stop_asked_at`: when RemoteStopTransaction was last sent,
    `stop_rejected_at` and `stop_failed_at` when it was rejected, or came to nothing in any way (T7). `stop_refused_at`:
    when a person was last told that the charger refuses to stop, or does not stop in time; null once it has accepted a
    person's stop after that (T7). `closed_at`: when EVGraph last ended it, whatever its charger has told since (C10).
    `must_stop`: RemoteStopTransaction is sent again until it ends (T4, T7). `stop_register_wh`: the meterStop that
    ended it, null where none was read; `stop_was_named`: that stop named it, and was not merely the only one that fit;
    `stop_has_stamp`: that stop bore a timestamp that can be read, believed or not, and `stop_was_stamped`: it was
    believed, so that the session ended by it, and not by its receipt (B7); the second is never true without the first.
    `stop_stamp`: that timestamp as the charger wrote it, null where it cannot be read, or was not kept (T2);
    `stop_id_tag`: the idTag that the stop bore, null where that is none or the session's own (T3).
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
    register_at: datetime | None = None
    energy_wh: WattHours = 0
    power_w: Watts | None = None
    last_meter_at: datetime | None = None
    full_since: datetime | None = None
    available_since: datetime | None = None
    free_at: datetime | None = None
    low_power_since: datetime | None = None
    leapt_to_wh: WattHours | None = None
    leapt_at: datetime | None = None
    flat_fee_paid: bool = False
    reported_id_tag: str | None = None
    clock_error_us: int | None = None
    register_source: int | None = None
    register_step_wh: WattHours | None = None
    charging_seen_at: datetime | None = None
    ev_gone_at: datetime | None = None
    charging_again_at: datetime | None = None
    ev_gone_register_wh: WattHours | None = None
    held_back_from_wh: WattHours | None = None
    held_back_since: datetime | None = None
    held_back_to_wh: WattHours | None = None
    stop_asked_at: datetime | None = None
    stop_rejected_at: datetime | None = None
    stop_failed_at: datetime | None = None
    stop_refused_at: datetime | None = None
    closed_at: datetime | None = None
    must_stop: bool = False
    stop_register_wh: WattHours | None = None
    stop_was_named: bool = True
    stop_was_stamped: bool = True
    stop_stamp: datetime | None = None
    stop_id_tag: str | None = None
    stop_has_stamp: bool = True

    @property
    def is_active(self) -> bool:
        """It holds its port."""
        return self.status.is_active

    @property
    def transaction_id(self) -> int | None:
        """Null until the charger began it."""
        return self.id if self.started_at is not None else None

    def lasted(self, now: datetime) -> timedelta:
        """From its start to its end, or to now."""
        if self.started_at is None:
            return timedelta(0)
        return max((self.ended_at or now) - self.started_at, timedelta(0))


def flagged(session: ChargingSession, flag: SessionFlag, is_so: bool) -> frozenset[SessionFlag]:
    """The session's flags, with this one where it is so."""
    return session.flags | {flag} if is_so else session.flags

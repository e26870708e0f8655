"""One connector that a vehicle can be plugged into."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from evgraph.domain.refusals import ErrorCode, Refusal

MAX_NAME = 60
EV_SIDE_DISCONNECTED = "ev side disconnected"


class PortStatus(StrEnum):
    """ChargePointStatus (OCPP 1.6 section 7.7), and OFFLINE, which only we can know."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"
    OFFLINE = "Offline"


def _is_startable(status: PortStatus) -> bool:
    match status:
        # Finishing: the last session is over and the cable may still be in; nothing runs, so a next one may be started.
        case PortStatus.AVAILABLE | PortStatus.PREPARING | PortStatus.FINISHING:
            return True
        case (
            PortStatus.CHARGING
            | PortStatus.SUSPENDED_EV
            | PortStatus.SUSPENDED_EVSE
            | PortStatus.RESERVED
            | PortStatus.UNAVAILABLE
            | PortStatus.FAULTED
            | PortStatus.OFFLINE
        ):
            return False
        case _:
            assert_never(status)


STARTABLE = tuple(status for status in PortStatus if _is_startable(status))


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """`reported_at` is the charger's stamp of its last status, `status_changed_at` ours of the last change.

    `identity` and `is_online` are its charge point's. `active_session_id` is the session that holds the port.
    `is_out_of_order`: an operator took it out of service. `is_reported`: false where only transactions have named the
    connector, and no StatusNotification; no board shows it (B4).
    """

    id: int
    garage_id: int
    charge_point_id: int
    connector_id: int
    identity: str
    is_online: bool
    custom_name: str | None
    reported_status: PortStatus
    reported_at: datetime | None
    status_changed_at: datetime
    error_code: str | None
    info: str | None
    max_power_w: int | None
    active_session_id: int | None
    is_out_of_order: bool = False
    is_reported: bool = True

    @property
    def name(self) -> str:
        """What the sticker says."""
        return self.custom_name or f"{self.identity}-{self.connector_id}"

    @property
    def status(self) -> PortStatus:
        """C4: without a connection it is OFFLINE, whatever was last reported. One that was put out of order is
        UNAVAILABLE, whether or not its charger can be told so."""
        if not self.is_online:
            return PortStatus.OFFLINE
        return PortStatus.UNAVAILABLE if self.is_out_of_order and self.is_idle else self.reported_status

    @property
    def is_idle(self) -> bool:
        return self.active_session_id is None

    @property
    def is_open(self) -> bool:
        return self.active_session_id is None and self.status in STARTABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """A StatusNotification of one connector; `at` is the charger's stamp where it can be believed (B7), `received_at`
    when it came, null where that is now."""

    connector_id: int
    status: PortStatus
    error_code: str | None
    info: str | None
    at: datetime
    received_at: datetime | None = None


def status_reported(port: Port, report: StatusReport, now: datetime) -> Port:
    """B6: a report older than the one held changes nothing."""
    if port.reported_at is not None and report.at < port.reported_at:
        return port
    changed = report.status is not port.reported_status or report.error_code != port.error_code
    return replace(
        port,
        reported_status=report.status,
        # A clock that ran ahead and is put right must not silence the port until it has caught up.
        reported_at=min(report.at, now),
        status_changed_at=now if changed else port.status_changed_at,
        error_code=report.error_code,
        info=report.info,
    )


def ev_side_disconnected(report: StatusReport) -> bool:
    """T4, third dialect: the car is gone, the charger keeps its transaction open (OCPP 1.6 section 9.1.23)."""
    return report.status is PortStatus.SUSPENDED_EV and EV_SIDE_DISCONNECTED in (report.info or "").lower()


def renamed(port: Port, name: str | None) -> Port:
    """Null or empty takes the custom name away. Raises Refusal INVALID over 60 characters."""
    custom = (name or "").strip()
    if len(custom) > MAX_NAME:
        raise Refusal(ErrorCode.INVALID, f"A port's name has at most {MAX_NAME} characters.", ("input", "name"))
    if not custom.isprintable():
        raise Refusal(ErrorCode.INVALID, "A port's name cannot hold control characters.", ("input", "name"))
    return replace(port, custom_name=custom or None)


def put_out_of_order(port: Port, now: datetime) -> Port:
    """Holds on our side whatever its charger answers; a session that runs goes on."""
    return port if port.is_out_of_order else replace(port, is_out_of_order=True, status_changed_at=now)


def put_in_order(port: Port, now: datetime) -> Port:
    return replace(port, is_out_of_order=False, status_changed_at=now) if port.is_out_of_order else port


def refuse_unless_open(port: Port, field: tuple[str, ...]) -> None:
    """Raises Refusal PORT_IN_USE, or PORT_NOT_OPEN for one that is out of order, offline, faulted or unavailable."""
    if port.active_session_id is not None:
        raise Refusal(ErrorCode.PORT_IN_USE, f"{port.name} is already in use. Choose another port.", field)
    if port.is_out_of_order:
        raise Refusal(ErrorCode.PORT_NOT_OPEN, f"{port.name} is out of order. Choose another port.", field)
    if not port.is_open:
        condition = port.status.value if port.is_online else "offline"
        raise Refusal(ErrorCode.PORT_NOT_OPEN, f"{port.name} is {condition}. Choose another port.", field)

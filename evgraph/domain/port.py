"""One connector that a vehicle can be plugged into."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from evgraph.domain.refusals import ErrorCode, Refusal

MAX_NAME = 60
# B6: statuses of one connection come in the order of events.
IN_ORDER_WITHIN = timedelta(minutes=5)
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


def _is_operative(status: PortStatus) -> bool:
    match status:
        # B4: of a connector, or of a charge point as a whole: it serves nobody.
        case PortStatus.FAULTED | PortStatus.UNAVAILABLE:
            return False
        case (
            PortStatus.AVAILABLE
            | PortStatus.PREPARING
            | PortStatus.CHARGING
            | PortStatus.SUSPENDED_EV
            | PortStatus.SUSPENDED_EVSE
            | PortStatus.FINISHING
            | PortStatus.RESERVED
            | PortStatus.OFFLINE
        ):
            return True
        case _:
            assert_never(status)


INOPERATIVE = frozenset(status for status in PortStatus if not _is_operative(status))


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """`reported_at` is the charger's own stamp of its last status, null where that could not be believed;
    `status_received_at` when it came, and `status_changed_at` when it last changed, by our clock.

    `identity`, `is_online`, and `is_accepted` (B1) are its charge point's. `closed_by`: what the charge point reports
    for itself (connector 0), while that closes all its ports (B4). `active_session_id` is the session that holds the
    port. `error_code`, `vendor_error_code`, and `info` are as its last status bore them.
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
    status_received_at: datetime | None = None
    vendor_error_code: str | None = None
    is_accepted: bool = True
    closed_by: PortStatus | None = None

    @property
    def name(self) -> str:
        """What the sticker says."""
        return self.custom_name or f"{self.identity}-{self.connector_id}"

    @property
    def status(self) -> PortStatus:
        """C4: without a connection it is OFFLINE, whatever was last reported. One that was put out of order is
        UNAVAILABLE, whether or not its charger can be told so. B4: so is one of a charge point that is not accepted,
        and a fault of the charge point itself is one of each of its ports. What runs at a port is shown as it is."""
        if not self.is_online:
            return PortStatus.OFFLINE
        if not self.is_idle:
            return self.reported_status
        if self.is_out_of_order or not self.is_accepted:
            return PortStatus.UNAVAILABLE
        if self.closed_by is not None and self.reported_status not in INOPERATIVE:
            return self.closed_by
        return self.reported_status

    @property
    def is_idle(self) -> bool:
        return self.active_session_id is None

    @property
    def is_open(self) -> bool:
        return self.active_session_id is None and self.status in STARTABLE

    @property
    def not_open_reason(self) -> str | None:
        """Why nothing can start here, in an attendant's words; None while it is open."""
        if self.active_session_id is not None:
            return "It is in use."
        if self.is_out_of_order:
            return "It is out of order."
        if not self.is_online:
            return "Its charger is offline."
        if not self.is_accepted:
            return "Its charger has not been accepted yet."
        if self.closed_by is not None and self.reported_status not in INOPERATIVE:
            return f"Its charger is {self.closed_by.value}."
        return None if self.is_open else f"It is {self.status.value}."


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """A StatusNotification of one connector, or of the charge point itself (0); `at` is the charger's stamp where it
    can be believed (B7), else the time of receipt; `is_stamped` tells which. `received_at`: when it came, null where
    that is now; `stamped_at`: what the charger wrote, believable or not, null where it cannot be read or is `at`."""

    connector_id: int
    status: PortStatus
    error_code: str | None
    info: str | None
    at: datetime
    received_at: datetime | None = None
    is_stamped: bool = True
    stamped_at: datetime | None = None
    vendor_error_code: str | None = None


def is_older(held_at: datetime | None, report: StatusReport, now: datetime, *, is_in_order: bool) -> bool:
    """B6: whether the report is older than the status that is held. `held_at`: that one's own stamp, None where it
    cannot be believed; one that lies in our future cannot. `is_in_order`: as the function of that name says."""
    return held_at is not None and held_at <= now and report.is_stamped and report.at < held_at and not is_in_order


def status_reported(port: Port, report: StatusReport, now: datetime, *, is_in_order: bool = False) -> Port:
    """B6: a report older than the one held changes nothing. Older, by two of the charger's own stamps that can be
    believed; one that lies in our future cannot. `is_in_order`: both came over one connection within five minutes, so
    that the later one is the newer one, whatever its stamp."""
    if is_older(port.reported_at, report, now, is_in_order=is_in_order):
        return port
    changed = report.status is not port.reported_status or report.error_code != port.error_code
    return replace(
        port,
        reported_status=report.status,
        reported_at=report.at if report.is_stamped else None,
        status_received_at=report.received_at or now,
        status_changed_at=now if changed else port.status_changed_at,
        error_code=report.error_code,
        info=report.info,
        vendor_error_code=report.vendor_error_code,
    )


def clock_lag(port: Port | None) -> timedelta:
    """B7: how far behind its charger's clock was when it reported the port's status, which it does at once (B6); zero
    where that is not known."""
    if port is None or port.reported_at is None or port.status_received_at is None:
        return timedelta(0)
    return max(port.status_received_at - port.reported_at, timedelta(0))


def is_in_order(
    held_received_at: datetime | None,
    report: StatusReport,
    now: datetime,
    spans: Sequence[tuple[datetime, datetime | None]],
) -> bool:
    """B6: whether the report is newer than the status that is held (`held_received_at`: when that came), whatever its
    stamp: both came over one connection within five minutes; or its stamp is from before the charge point was away,
    when it would have told it at once, so that its clock is wrong. `spans`: when the charge point's latest connections
    were opened and closed, in their order; null for one that is open. An instant of ours that lies in our future was
    written by a clock that ran ahead, and excludes nothing."""
    if not spans or spans[-1][1] is not None:
        return False
    since = spans[-1][0]
    is_of_connection = held_received_at is not None and (since <= held_received_at or since > now)
    if held_received_at is not None and is_of_connection and now - held_received_at <= IN_ORDER_WITHIN:
        return True
    away_since = spans[-2][1] if len(spans) > 1 else None
    return away_since is not None and report.at < away_since - IN_ORDER_WITHIN


def away_since(port: Port, received_at: datetime, spans: Sequence[tuple[datetime, datetime | None]]) -> datetime | None:
    """T7: when the connection before was closed, if a status received now is the first one of the port over a
    connection that was opened within five minutes: what it reports may have happened while the charge point was away.
    `spans`: as for `is_in_order`."""
    if len(spans) < 2 or spans[-1][1] is not None:
        return None
    since = spans[-1][0]
    is_first = port.status_received_at is None or port.status_received_at < since
    return spans[-2][1] if is_first and received_at - since <= IN_ORDER_WITHIN else None


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
    """Raises Refusal PORT_IN_USE, or PORT_NOT_OPEN for one that is out of order, offline, faulted or unavailable, or
    whose charge point is, or is not accepted (B4)."""
    if port.active_session_id is not None:
        raise Refusal(ErrorCode.PORT_IN_USE, f"{port.name} is already in use. Choose another port.", field)
    if port.is_out_of_order:
        raise Refusal(ErrorCode.PORT_NOT_OPEN, f"{port.name} is out of order. Choose another port.", field)
    if port.is_online and not port.is_accepted:
        raise Refusal(
            ErrorCode.PORT_NOT_OPEN,
            f"{port.identity}, the charger of {port.name}, has not been accepted yet. Choose another port.",
            field,
        )
    if port.is_online and port.closed_by is not None and port.reported_status not in INOPERATIVE:
        raise Refusal(
            ErrorCode.PORT_NOT_OPEN,
            f"{port.identity}, the charger of {port.name}, is {port.closed_by.value}. Choose another port.",
            field,
        )
    if not port.is_open:
        condition = port.status.value if port.is_online else "offline"
        raise Refusal(ErrorCode.PORT_NOT_OPEN, f"{port.name} is {condition}. Choose another port.", field)

"""A charger as OCPP 1.6 knows it, and what it says of itself."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from evgraph.domain.port import INOPERATIVE, PortStatus, StatusReport, is_older


class Acceptance(StrEnum):
    """RegistrationStatus (OCPP 1.6 section 7.32): what we answer to its BootNotification."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


class FrameDirection(StrEnum):
    """As seen from here."""

    RECEIVED = "RECEIVED"
    SENT = "SENT"


class FrameKind(StrEnum):
    """OCPP-J 1.6 section 4.1.3; UNREADABLE for what is no frame."""

    CALL = "CALL"
    CALL_RESULT = "CALL_RESULT"
    CALL_ERROR = "CALL_ERROR"
    UNREADABLE = "UNREADABLE"


class JobKind(StrEnum):
    FIRMWARE = "FIRMWARE"
    SIGNED_FIRMWARE = "SIGNED_FIRMWARE"
    DIAGNOSTICS = "DIAGNOSTICS"
    LOG = "LOG"


class ReservationState(StrEnum):
    ACTIVE = "ACTIVE"
    CANCELED = "CANCELED"
    USED = "USED"
    EXPIRED = "EXPIRED"


class CertificateState(StrEnum):
    """`SENT`: signed, and the charge point has not said yet that it took it."""

    SENT = "SENT"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePoint:
    """`is_online`: a connection of its is open. `configures`: after a boot its configuration is brought to the wishes
    (B3). `security_profile`: the least that it must connect with, 0 to 3. `max_frame_bytes`: its own limit for a frame,
    None for the setting (C6).

    `reported_status` to `vendor_error_code`: its last status of its own (connector 0), null until it told one;
    `reported_at` is the charger's own stamp, null where that could not be believed. `closes_ports`: none of its ports
    is open because of that (B4)."""

    id: int
    garage_id: int
    identity: str
    acceptance: Acceptance
    vendor: str | None
    model: str | None
    serial_number: str | None
    firmware_version: str | None
    is_online: bool
    last_seen_at: datetime | None
    last_boot_at: datetime | None
    configures: bool = True
    security_profile: int = 0
    max_frame_bytes: int | None = None
    reported_status: PortStatus | None = None
    reported_at: datetime | None = None
    status_received_at: datetime | None = None
    error_code: str | None = None
    info: str | None = None
    vendor_error_code: str | None = None
    closes_ports: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BootReport:
    """What a BootNotification tells (B1)."""

    vendor: str | None
    model: str | None
    serial_number: str | None
    firmware_version: str | None


def booted(charge_point: ChargePoint, report: BootReport, now: datetime) -> ChargePoint:
    """B1: what it says of itself is stored; a field that it leaves out keeps what was known."""
    return replace(
        charge_point,
        vendor=report.vendor or charge_point.vendor,
        model=report.model or charge_point.model,
        serial_number=report.serial_number or charge_point.serial_number,
        firmware_version=report.firmware_version or charge_point.firmware_version,
        last_boot_at=now,
        last_seen_at=now,
    )


def status_reported(
    charge_point: ChargePoint, report: StatusReport, now: datetime, *, is_in_order: bool
) -> ChargePoint:
    """B4: a status of connector 0. Faulted and Unavailable close all its ports; anything else opens them. B6: one that
    is older than the status that is held changes nothing."""
    if is_older(charge_point.reported_at, report, now, is_in_order=is_in_order):
        return charge_point
    return replace(
        charge_point,
        reported_status=report.status,
        reported_at=report.at if report.is_stamped else None,
        status_received_at=report.received_at or now,
        error_code=report.error_code,
        info=report.info,
        vendor_error_code=report.vendor_error_code,
        closes_ports=report.status in INOPERATIVE,
    )


def connector_reported(
    charge_point: ChargePoint, report: StatusReport, now: datetime, *, is_in_order: bool
) -> ChargePoint:
    """B4: an operative status of a connector, after its charge point closed all ports, shows that it serves again."""
    if not charge_point.closes_ports or report.status in INOPERATIVE:
        return charge_point
    if is_older(charge_point.reported_at, report, now, is_in_order=is_in_order):
        return charge_point
    return replace(charge_point, closes_ports=False)

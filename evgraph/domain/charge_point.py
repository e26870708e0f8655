"""A charger as OCPP 1.6 knows it, and what it says of itself."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


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
    None for the setting (C6)."""

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

"""A charger as OCPP 1.6 knows it, and what it says of itself."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Acceptance(StrEnum):
    """RegistrationStatus (OCPP 1.6 section 7.32): what we answer to its BootNotification."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePoint:
    """`is_online`: a connection of its is open."""

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

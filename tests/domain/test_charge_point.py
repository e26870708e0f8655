"""What a charger says of itself (B1)."""

from datetime import UTC, datetime, timedelta

from evgraph.domain.charge_point import Acceptance, BootReport, ChargePoint, booted

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KNOWN = ChargePoint(
    id=2,
    garage_id=1,
    identity="AX48-0001",
    acceptance=Acceptance.PENDING,
    vendor="Phihong",
    model="AX48",
    serial_number="S-1",
    firmware_version="1.0",
    is_online=True,
    last_seen_at=NOON,
    last_boot_at=None,
)


def test_b1_a_boot_stores_what_it_tells_and_keeps_what_it_leaves_out():
    report = BootReport(vendor="Phihong Technology", model="", serial_number=None, firmware_version="1.1")
    later = NOON + timedelta(hours=1)
    after = booted(KNOWN, report, later)
    assert (after.vendor, after.model, after.serial_number, after.firmware_version) == (
        "Phihong Technology",
        "AX48",
        "S-1",
        "1.1",
    )
    assert (after.last_boot_at, after.last_seen_at) == (later, later)


def test_b1_a_boot_accepts_nobody_and_moves_nothing_else():
    nothing = BootReport(vendor=None, model=None, serial_number=None, firmware_version=None)
    after = booted(KNOWN, nothing, NOON)
    assert (after.acceptance, after.identity, after.garage_id) == (Acceptance.PENDING, "AX48-0001", 1)

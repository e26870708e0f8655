"""Firmware updates, diagnostics and logs: the statuses that they go through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from evgraph.simulator import Car

LONG_AGO = "2026-01-01T00:00:00Z"


def in_(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def certificate(days: int = 1) -> str:
    """Self-signed, in force until so many days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Phihong Technology")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=9), now + timedelta(days))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def statuses(central_system, action: str) -> list[str]:
    return [payload["status"] for payload in central_system.payloads(action)]


async def test_an_update_goes_through_its_statuses_and_boots_with_the_new_version(charge_point, central_system):
    answer = await central_system.send(
        "UpdateFirmware", location="https://firmware.example/ax48-2.4.0.bin", retrieveDate=LONG_AGO
    )
    assert answer == {}
    await central_system.came("FirmwareStatusNotification", times=4)
    await charge_point.told_everything()
    assert statuses(central_system, "FirmwareStatusNotification") == [
        "Downloading",
        "Downloaded",
        "Installing",
        "Installed",
    ]
    versions = [payload["firmwareVersion"] for payload in central_system.payloads("BootNotification")]
    assert versions == ["2.3.6", "2.4.0"]
    assert charge_point.firmware == "2.4.0"
    boot, installed = (
        max(number for number, call in enumerate(central_system.calls) if call.action == action)
        for action in ("BootNotification", "FirmwareStatusNotification")
    )
    assert boot < installed


async def test_an_update_waits_for_its_time_and_for_the_car(charge_point, central_system):
    await charge_point.plug_in(1, Car(state_of_charge=0.1))
    await charge_point.start_locally(1, "CARD")
    await charge_point.wait_for_status(1, "Charging")
    await central_system.send("UpdateFirmware", location="http://x.example/2.4.bin", retrieveDate=in_(0.2))
    assert statuses(central_system, "FirmwareStatusNotification") == []
    await central_system.came("FirmwareStatusNotification", times=2)
    await central_system.came("MeterValues", times=len(central_system.payloads("MeterValues")) + 3)
    assert statuses(central_system, "FirmwareStatusNotification")[-1] == "Downloaded"
    await charge_point.unplug()
    await central_system.came("FirmwareStatusNotification", times=4)


async def test_firmware_from_a_place_that_it_cannot_reach_is_not_downloaded(charge_point, central_system):
    await central_system.send("UpdateFirmware", location="gopher://x.example/2.4.bin", retrieveDate=LONG_AGO)
    await central_system.came("FirmwareStatusNotification", times=2)
    assert statuses(central_system, "FirmwareStatusNotification") == ["Downloading", "DownloadFailed"]
    assert charge_point.firmware == "2.3.6"


async def test_a_signed_update_says_which_one_it_is(charge_point, central_system):
    firmware = {
        "location": "https://firmware.example/ax48-2.4.1.bin",
        "retrieveDateTime": in_(0.1),
        "installDateTime": LONG_AGO,
        "signingCertificate": certificate(),
        "signature": "c2lnbmVk",
    }
    answer = await central_system.send("SignedUpdateFirmware", requestId=48, firmware=firmware)
    assert answer == {"status": "Accepted"}
    await central_system.came("SignedFirmwareStatusNotification", times=7)
    assert statuses(central_system, "SignedFirmwareStatusNotification") == [
        "DownloadScheduled",
        "Downloading",
        "Downloaded",
        "SignatureVerified",
        "Installing",
        "InstallRebooting",
        "Installed",
    ]
    assert {payload["requestId"] for payload in central_system.payloads("SignedFirmwareStatusNotification")} == {48}
    assert charge_point.firmware == "2.4.1"


@pytest.mark.parametrize("signing", [certificate(days=-1), "no certificate"])
async def test_an_update_that_is_signed_by_nobody_is_refused(charge_point, central_system, signing):
    firmware = {
        "location": "https://firmware.example/2.4.1.bin",
        "retrieveDateTime": LONG_AGO,
        "signingCertificate": signing,
        "signature": "c2lnbmVk",
    }
    answer = await central_system.send("SignedUpdateFirmware", requestId=48, firmware=firmware)
    assert answer == {"status": "InvalidCertificate"}
    event = await central_system.came("SecurityEventNotification")
    assert event["type"] == "InvalidFirmwareSigningCertificate"


@pytest.mark.parametrize(("location", "final"), [("ftp://x.example/", "Uploaded"), ("gopher://x", "UploadFailed")])
async def test_diagnostics(charge_point, central_system, location, final):
    answer = await central_system.send("GetDiagnostics", location=location)
    assert answer["fileName"].startswith("diagnostics-")
    await central_system.came("DiagnosticsStatusNotification", times=2)
    assert statuses(central_system, "DiagnosticsStatusNotification") == ["Uploading", final]


@pytest.mark.parametrize(("location", "final"), [("https://x.example/", "Uploaded"), ("gopher://x", "UploadFailure")])
async def test_logs(charge_point, central_system, location, final):
    answer = await central_system.send("GetLog", logType="SecurityLog", requestId=5, log={"remoteLocation": location})
    assert answer["status"] == "Accepted"
    assert answer["filename"].startswith("security-")
    await central_system.came("LogStatusNotification", times=2)
    assert central_system.payloads("LogStatusNotification") == [
        {"status": "Uploading", "requestId": 5},
        {"status": final, "requestId": 5},
    ]


@pytest.mark.parametrize(
    ("trigger", "message"),
    [
        ("FirmwareStatusNotification", {"status": "Idle"}),
        ("DiagnosticsStatusNotification", {"status": "Idle"}),
    ],
)
async def test_nothing_under_way_is_idle(charge_point, central_system, trigger, message):
    assert await central_system.send("TriggerMessage", requestedMessage=trigger) == {"status": "Accepted"}
    assert await central_system.came(trigger) == message


async def test_a_log_status_can_be_triggered(charge_point, central_system):
    answer = await central_system.send("ExtendedTriggerMessage", requestedMessage="LogStatusNotification")
    assert answer == {"status": "Accepted"}
    assert (await central_system.came("LogStatusNotification"))["status"] == "Idle"

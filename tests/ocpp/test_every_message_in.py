"""Every CALL of a charge point, OCPP 1.6 and its security extension, over a real socket: what it is answered, what the
services are told, and that the answer is one that its JSON schema allows."""

from datetime import timedelta
from typing import Any

import pytest
from ocpp.messages import MessageType, get_validator  # type: ignore[import-untyped]

from evgraph.domain.charge_point import BootReport, JobKind
from evgraph.domain.charging_session import StopReason
from evgraph.ocpp.handling import HANDLERS
from tests.ocpp.conftest import NOW, CentralSystem

STAMP = "2026-03-01T11:59:00Z"
AT = NOW - timedelta(minutes=1)
SAMPLE = {"timestamp": STAMP, "sampledValue": [{"value": "1500"}]}
CSR = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----"

# Action: payload, answer (null: anything that the schema allows), and what which service is told.
MESSAGES: dict[str, tuple[dict[str, Any], dict[str, Any] | None, str, Any]] = {
    "Authorize": ({"idTag": "CARD"}, {"idTagInfo": {"status": "Accepted"}}, "authorize", "CARD"),
    "BootNotification": (
        {"chargePointVendor": "Phihong", "chargePointModel": "AX48", "firmwareVersion": "1.2"},
        {"status": "Accepted", "currentTime": "2026-03-01T12:00:00.000Z", "interval": 300},
        "boot",
        BootReport(vendor="Phihong", model="AX48", serial_number=None, firmware_version="1.2"),
    ),
    "DataTransfer": ({"vendorId": "com.phihong", "data": "x"}, {"status": "UnknownVendorId"}, "", None),
    "DiagnosticsStatusNotification": ({"status": "Uploading"}, {}, "job", (JobKind.DIAGNOSTICS, "Uploading", None)),
    "FirmwareStatusNotification": ({"status": "Installed"}, {}, "job", (JobKind.FIRMWARE, "Installed", None)),
    "Heartbeat": ({}, {"currentTime": "2026-03-01T12:00:00.000Z"}, "heartbeat", 1),
    "LogStatusNotification": ({"status": "Uploaded", "requestId": 7}, {}, "job", (JobKind.LOG, "Uploaded", 7)),
    "MeterValues": ({"connectorId": 1, "transactionId": 7, "meterValue": [SAMPLE]}, {}, "record", None),
    "SecurityEventNotification": (
        {"type": "SettingSystemTime", "timestamp": STAMP, "techInfo": "NTP"},
        {},
        "security event",
        ("SettingSystemTime", "NTP", AT),
    ),
    "SignCertificate": ({"csr": CSR}, {"status": "Rejected"}, "csr", CSR),
    "SignedFirmwareStatusNotification": (
        {"status": "SignatureVerified", "requestId": 9},
        {},
        "job",
        (JobKind.SIGNED_FIRMWARE, "SignatureVerified", 9),
    ),
    "StartTransaction": (
        {"connectorId": 1, "idTag": "CARD", "meterStart": 1000, "timestamp": STAMP},
        {"transactionId": 1001, "idTagInfo": {"status": "Accepted"}},
        "start",
        None,
    ),
    "StatusNotification": (
        {"connectorId": 1, "errorCode": "NoError", "status": "Preparing", "timestamp": STAMP},
        {},
        "status",
        None,
    ),
    "StopTransaction": (
        {"transactionId": 7, "meterStop": 2000, "timestamp": STAMP, "idTag": "CARD", "reason": "EVDisconnected"},
        {"idTagInfo": {"status": "Accepted"}},
        "stop",
        None,
    ),
}


def test_every_message_of_a_charge_point_is_served() -> None:
    assert set(HANDLERS) == set(MESSAGES)


@pytest.mark.parametrize("action", sorted(MESSAGES))
async def test_an_exchange_of_each_message(central: CentralSystem, action: str) -> None:
    payload, expected, told_as, told = MESSAGES[action]
    get_validator(MessageType.Call, action, "1.6").validate(payload)
    async with central.charger() as charger:
        answer = await charger.call(action, payload, "m-1")
        assert await charger.is_alive()
    assert answer[:2] == [3, "m-1"]
    if expected is not None:
        assert answer[2] == expected
    get_validator(MessageType.CallResult, action, "1.6").validate(answer[2])
    if told_as:
        (heard,) = central.services.all(told_as) if action != "Heartbeat" else central.services.all(told_as)[:1]
        if told is not None:
            assert heard == told
    _check_what_was_said(action, central)


def _check_what_was_said(action: str, central: CentralSystem) -> None:
    match action:
        case "StartTransaction":
            (start,) = central.services.all("start")
            assert (start.connector_id, start.id_tag, start.meter_start_wh, start.at) == (1, "CARD", 1000, AT)
        case "StopTransaction":
            (stop,) = central.services.all("stop")
            assert (stop.transaction_id, stop.meter_stop_wh, stop.at) == (7, 2000, AT)
            assert stop.reason is StopReason.EV_DISCONNECTED
        case "MeterValues":
            ((connector_id, transaction_id, (reading,)),) = central.services.all("record")
            assert (connector_id, transaction_id, reading.register_wh, reading.at) == (1, 7, 1500, AT)
        case "StatusNotification":
            (status,) = central.services.all("status")
            assert (status.connector_id, status.status.value, status.at) == (1, "Preparing", AT)


@pytest.mark.parametrize(
    ("action", "payload", "told"),
    [
        ("FirmwareStatusNotification", {"status": "  Installed "}, ("job", (JobKind.FIRMWARE, "Installed", None))),
        ("FirmwareStatusNotification", {"status": "Vendor"}, ("job", (JobKind.FIRMWARE, "Vendor", None))),
        ("FirmwareStatusNotification", {"status": None}, None),
        ("FirmwareStatusNotification", {"status": ""}, None),
        ("FirmwareStatusNotification", {"status": ["Installed"]}, None),
        ("LogStatusNotification", {"status": "Idle", "requestId": -1}, ("job", (JobKind.LOG, "Idle", None))),
        ("LogStatusNotification", {"status": "Idle", "requestId": "7"}, ("job", (JobKind.LOG, "Idle", 7))),
        ("LogStatusNotification", {"status": "Idle", "requestId": 7.0}, ("job", (JobKind.LOG, "Idle", 7))),
        ("LogStatusNotification", {"status": "Idle", "requestId": 7.5}, ("job", (JobKind.LOG, "Idle", None))),
        ("LogStatusNotification", {"status": "Idle", "requestId": 2**40}, ("job", (JobKind.LOG, "Idle", None))),
        ("LogStatusNotification", {"status": "Idle", "requestId": None, "x": 1}, ("job", (JobKind.LOG, "Idle", None))),
        ("SecurityEventNotification", {"type": "T", "timestamp": "1970-01-01T00:00:00Z"}, ("security event", NOW)),
        ("SecurityEventNotification", {"type": "T"}, ("security event", NOW)),
        ("SecurityEventNotification", {"type": None, "timestamp": STAMP}, None),
        ("SignCertificate", {"csr": 7}, ("csr", "7")),
        ("SignCertificate", {"csr": None}, None),
    ],
)
async def test_c8_they_are_read_tolerantly_and_answered(
    central: CentralSystem, action: str, payload: dict[str, Any], told: tuple[str, Any] | None
) -> None:
    async with central.charger() as charger:
        answer = await charger.call(action, payload, "m-1")
        assert answer == [3, "m-1", {"status": "Rejected"} if action == "SignCertificate" else {}]
        heard = [one for one in central.services.told if one[0] in ("job", "security event", "csr")]
        if told is None:
            assert heard == []
        elif told[0] == "security event":
            assert [(kind, what[2]) for kind, what in heard] == [told]
        else:
            assert heard == [told]


@pytest.mark.parametrize(
    ("action", "missing"),
    [
        ("FirmwareStatusNotification", "status"),
        ("DiagnosticsStatusNotification", "status"),
        ("LogStatusNotification", "status"),
        ("SignedFirmwareStatusNotification", "status"),
        ("SecurityEventNotification", "type"),
        ("SignCertificate", "csr"),
    ],
)
async def test_c7_without_what_they_are_about_they_are_refused(
    central: CentralSystem, action: str, missing: str
) -> None:
    async with central.charger() as charger:
        answer = await charger.call(action, {}, "m-1")
        assert answer == [4, "m-1", "OccurenceConstraintViolation", f"{missing} is missing.", {}]
        assert await charger.is_alive()


async def test_a_csr_that_is_taken_is_accepted(central: CentralSystem) -> None:
    central.services.has_authority = True
    async with central.charger() as charger:
        assert await charger.call("SignCertificate", {"csr": CSR}, "m-1") == [3, "m-1", {"status": "Accepted"}]

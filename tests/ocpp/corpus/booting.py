"""B1, C8: boots of all kinds, and what a charge point says before it is accepted."""

import json
from typing import Any

from tests.ocpp.corpus.vocabulary import TX, Answer, Case, Error, Given, Said, Time, call, case

_BOOT = {"chargePointVendor": "Phihong Technology", "chargePointModel": "AX48"}
_WELCOME = Time({"status": "Accepted", "interval": 300})
_STAMP = "2026-03-01T11:50:00Z"

_BOOTS: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("as it should be", _BOOT, ()),
    (
        "as a Phihong sends it",
        _BOOT
        | {
            "chargePointSerialNumber": "PH0123456789",
            "iccid": "",
            "imsi": "",
            "meterSerialNumber": "N/A",
            "meterType": "AC",
        },
        (),
    ),
    ("with extra fields", _BOOT | {"customData": {"a": [1, {"b": None}]}, "x": 1}, ()),
    ("with a serial number of 200 characters", _BOOT | {"chargePointSerialNumber": "S" * 200}, ()),
    ("with a vendor of 200 characters", _BOOT | {"chargePointVendor": "V" * 200}, ()),
    ("with empty texts", {"chargePointVendor": "", "chargePointModel": ""}, ()),
    ("with null for a vendor", _BOOT | {"chargePointVendor": None}, ()),
    ("with null for everything", dict.fromkeys([*_BOOT, "firmwareVersion", "iccid"]), ()),
    ("with a number for a model", _BOOT | {"chargePointModel": 48}, ()),
    ("with a fraction for a firmware version", _BOOT | {"firmwareVersion": 1.2}, ()),
    ("with an array for a firmware version", _BOOT | {"firmwareVersion": [1, 2]}, ("firmwareVersion is not a text",)),
    ("with an object for a model", _BOOT | {"chargePointModel": {"name": "AX48"}}, ("chargePointModel is not a text",)),
    (
        "with nothing that is a text",
        {"chargePointVendor": [], "chargePointModel": {}},
        ("chargePointVendor is not a text; chargePointModel is not a text",),
    ),
    ("in Chinese", {"chargePointVendor": "飞宏科技", "chargePointModel": "充电桩 🔌"}, ()),
    ("with a NUL and half a surrogate", {"chargePointVendor": "A\x00B", "chargePointModel": "\ud83d"}, ()),
]

_EARLY: list[tuple[str, dict[str, Any]]] = [
    ("Heartbeat", {}),
    ("Authorize", {"idTag": "STAFF-1"}),
    ("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": _STAMP}),
    ("StartTransaction", {"connectorId": 1, "idTag": "STAFF-1", "meterStart": 0, "timestamp": _STAMP}),
    ("StopTransaction", {"transactionId": 1, "meterStop": 10, "timestamp": _STAMP}),
    ("MeterValues", {"connectorId": 1, "meterValue": []}),
    ("DataTransfer", {"vendorId": "ACME"}),
    ("MakeCoffee", {}),
]

_REFUSED: Answer = Error("SecurityError")

CASES: list[Case] = [
    *(
        case("B1 C8", f"a boot {name}", Given.CONNECTED, call("BootNotification", payload, _WELCOME), quarantined=why)
        for name, payload, why in _BOOTS
    ),
    case(
        "B1",
        "three boots in a row",
        Given.CONNECTED,
        *(call("BootNotification", _BOOT, _WELCOME, f"b{number}") for number in range(3)),
    ),
    case(
        "B1",
        "the same boot under one id, with another model",
        Given.CONNECTED,
        call("BootNotification", _BOOT, _WELCOME),
        call("BootNotification", _BOOT | {"chargePointModel": "AX80"}, _WELCOME),
    ),
    *(
        case("B1", f"{action} while Pending", Given.PENDING, call(action, payload, _REFUSED))
        for action, payload in _EARLY
    ),
    *(
        case("B1", f"{action} while Rejected", Given.REJECTED, call(action, payload, _REFUSED))
        for action, payload in _EARLY[3:5]
    ),
    case(
        "B1",
        "a boot while Pending, and a stop after it",
        Given.PENDING,
        call("BootNotification", _BOOT, Time({"status": "Pending", "interval": 300})),
        call("StopTransaction", {"transactionId": TX, "meterStop": 10, "timestamp": _STAMP}, _REFUSED, "m2"),
    ),
    case(
        "B1",
        "a boot while Rejected",
        Given.REJECTED,
        call("BootNotification", _BOOT, Time({"status": "Rejected", "interval": 300})),
    ),
    case("B1 C7", "a CALL of bad shape while Pending", Given.PENDING, Said('[2,"m1",5]', Error("FormationViolation"))),
    case(
        "B1 C8",
        "a boot without a model while Pending",
        Given.PENDING,
        Said(
            json.dumps([2, "m1", "BootNotification", {"chargePointVendor": "V"}]), Error("OccurenceConstraintViolation")
        ),
        quarantined=("chargePointModel is missing",),
    ),
]

"""C7, C8: each required part of each message, missing, null, and of every wrong type."""

from typing import Any

from tests.ocpp.corpus.vocabulary import (
    FINE,
    Answer,
    Case,
    Error,
    Given,
    Result,
    Started,
    Time,
    call,
    case,
    without,
)

_STAMP = "2026-03-01T11:50:00Z"
_MISSING = Error("OccurenceConstraintViolation")
_WRONG_TYPE = Error("TypeConstraintViolation")
_WELCOME = Time({"status": "Accepted", "interval": 300})
_INVALID = Result({"idTagInfo": {"status": "Invalid"}})

_WHOLE: dict[str, dict[str, Any]] = {
    "BootNotification": {"chargePointVendor": "V", "chargePointModel": "M"},
    "StatusNotification": {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": _STAMP},
    "StartTransaction": {"connectorId": 1, "idTag": "STAFF-1", "meterStart": 0, "timestamp": _STAMP},
    "StopTransaction": {"transactionId": 7_000_001, "meterStop": 10, "timestamp": _STAMP},
    "MeterValues": {"connectorId": 0, "meterValue": []},
    "Authorize": {"idTag": "NOBODY"},
    "DataTransfer": {"vendorId": "ACME", "messageId": "x", "data": "y"},
}

# The parts that a message cannot do without: when they are missing altogether.
_REQUIRED: list[tuple[str, str]] = [
    ("BootNotification", "chargePointVendor"),
    ("BootNotification", "chargePointModel"),
    ("StatusNotification", "connectorId"),
    ("StatusNotification", "status"),
    ("StartTransaction", "connectorId"),
    ("StartTransaction", "idTag"),
    ("StartTransaction", "meterStart"),
    ("StopTransaction", "meterStop"),
    ("MeterValues", "connectorId"),
    ("MeterValues", "meterValue"),
]
_NOT_PRECIOUS: list[tuple[str, str]] = [("Authorize", "idTag"), ("DataTransfer", "vendorId")]

_FORMS: list[tuple[str, Any]] = [
    ("null", None),
    ("true", True),
    ("an empty text", ""),
    ("a word", "nonsense"),
    ("an object", {}),
    ("an array", []),
    ("an array in an array", [[1]]),
    ("a large number", 10**20),
]

# C8: there, and of no sense: still answered, and kept. One row a form, in the order above; "" is kept nowhere.
_KEPT: dict[tuple[str, str], tuple[Answer, list[str]]] = {
    ("StatusNotification", "connectorId"): (FINE, ["connectorId is not a connector"] * 8),
    ("StartTransaction", "connectorId"): (Started(), ["connectorId is not a connector"] * 8),
    ("StartTransaction", "meterStart"): (Started(), ["meterStart is not a meter reading"] * 8),
    ("MeterValues", "connectorId"): (FINE, ["connectorId is not a connector"] * 8),
    ("StatusNotification", "status"): (FINE, ["is unknown"] * 8),
    ("BootNotification", "chargePointVendor"): (_WELCOME, ["", "", "", "", *["is not a text"] * 3, ""]),
    ("MeterValues", "meterValue"): (
        FINE,
        ["", *["something else than objects"] * 3, "", "", "something else", "something else"],
    ),
}

_OTHERS: list[tuple[str, str, Any, Answer]] = [
    *(("Authorize", name, value, _WRONG_TYPE) for name, value in (_FORMS[0], *_FORMS[4:7])),
    *(("Authorize", name, value, _INVALID) for name, value in (*_FORMS[1:4], _FORMS[7])),
    *(("DataTransfer", name, value, _WRONG_TYPE) for name, value in (_FORMS[0], *_FORMS[4:7])),
    *(
        ("DataTransfer", name, value, Result({"status": "UnknownVendorId"}))
        for name, value in (_FORMS[1], _FORMS[3], _FORMS[7])
    ),
    ("DataTransfer", "an empty text", "", Error("PropertyConstraintViolation")),
    ("DataTransfer", "blanks", "  ", Error("PropertyConstraintViolation")),
]

# The notifications of firmware, logs and safety: their required part, and a word for it.
_NOTIFICATIONS = [
    ("FirmwareStatusNotification", "status", "Installed"),
    ("DiagnosticsStatusNotification", "status", "Uploaded"),
    ("LogStatusNotification", "status", "Uploaded"),
    ("SignedFirmwareStatusNotification", "status", "Installed"),
    ("SecurityEventNotification", "type", "TamperDetectionActivated"),
]


def _kept(action: str, part: str) -> list[Case]:
    answer, reasons = _KEPT[action, part]
    cases = []
    for (name, value), why in zip(_FORMS, reasons, strict=True):
        seen: dict[str, Any] = {"quarantined": (why,)} if why else {}
        if (action, part, name) == ("MeterValues", "meterValue", "an object"):
            # One MeterValue that is no list, and says nothing but that it was there.
            seen = {"samples": 1}
        if action == "StartTransaction":
            # S6: whatever cannot be read of it, it is one.
            flags = "METER_START_ESTIMATED" if part == "meterStart" else ""
            if part == "connectorId":
                # B4: at no port of the board.
                seen |= {"connectors": (0, 1), "port": "Unavailable"}
            seen |= {"session": "CHARGING", "sessions": 1, "started_at": "2026-03-01T11:50:00+00:00", "flags": flags}
        payload = _WHOLE[action] | {part: value}
        cases.append(
            case("C8", f"{action} with {name} for {part}", Given.CONNECTED, call(action, payload, answer), **seen)
        )
    return cases


CASES: list[Case] = [
    *(
        case(
            "C7 C8",
            f"{action} without {part}",
            Given.CONNECTED,
            call(action, without(_WHOLE[action], part), _MISSING),
            quarantined=(f"{part} is missing",),
        )
        for action, part in _REQUIRED
    ),
    *(
        case("C7", f"{action} without {part}", Given.CONNECTED, call(action, without(_WHOLE[action], part), _MISSING))
        for action, part in _NOT_PRECIOUS
    ),
    *(
        case(
            "C7 C8",
            f"{action} with null for a payload",
            Given.CONNECTED,
            call(action, None, _MISSING),
            quarantined=(" is missing",),
        )
        for action in ("BootNotification", "StatusNotification", "StartTransaction", "StopTransaction", "MeterValues")
    ),
    case(
        "T3 C8",
        "StopTransaction without transactionId",
        Given.CONNECTED,
        call("StopTransaction", without(_WHOLE["StopTransaction"], "transactionId")),
        quarantined=("It names none of our sessions",),
    ),
    *(one for action, part in _KEPT for one in _kept(action, part)),
    *(
        case(
            "C7",
            f"{action} with {name} for its part",
            Given.CONNECTED,
            call(action, {("idTag" if action == "Authorize" else "vendorId"): value}, answer),
        )
        for action, name, value, answer in _OTHERS
    ),
    *(
        case("C7", f"{action} without {part}", Given.CONNECTED, call(action, {"requestId": 1}, _MISSING))
        for action, part, _ in _NOTIFICATIONS
    ),
    *(
        case("C8", f"{action} with {name} for {part}", Given.CONNECTED, call(action, {part: value, "requestId": "x"}))
        for action, part, word in _NOTIFICATIONS
        for name, value in (
            ("its word", word),
            ("an unknown word", "Exploded"),
            ("null", None),
            ("5,000 characters", "S" * 5000),
            ("an object", {}),
        )
    ),
    *(
        case(
            "C7",
            f"SignCertificate with {name} for csr",
            Given.CONNECTED,
            call("SignCertificate", payload, answer),
        )
        for name, payload, answer in (
            ("nothing", {}, _MISSING),
            ("null", {"csr": None}, Result({"status": "Rejected"})),
            ("a word", {"csr": "please"}, Result({"status": "Rejected"})),
            ("an array", {"csr": [1]}, Result({"status": "Rejected"})),
        )
    ),
    case(
        "C8",
        "a transfer whose data are an object",
        Given.CONNECTED,
        call(
            "DataTransfer",
            _WHOLE["DataTransfer"] | {"data": {"a": [1]}, "messageId": []},
            Result({"status": "UnknownVendorId"}),
        ),
    ),
    case(
        "C8",
        "a transfer from a vendor of 5,000 characters",
        Given.CONNECTED,
        call("DataTransfer", {"vendorId": "V" * 5000}, Result({"status": "UnknownVendorId"})),
    ),
    case(
        "C8", "a heartbeat with fields", Given.CONNECTED, call("Heartbeat", {"currentTime": _STAMP, "x": [1]}, Time())
    ),
]

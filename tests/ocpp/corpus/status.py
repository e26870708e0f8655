"""B4, B6, B7, C8, S4, T4: what connectors say of themselves."""

from typing import Any

from tests.ocpp.corpus.vocabulary import FINE, TX, Case, Given, call, case, without

_STATUS: dict[str, Any] = {
    "connectorId": 1,
    "errorCode": "NoError",
    "status": "Preparing",
    "timestamp": "2026-03-01T11:50:00Z",
}

# What is changed in the StatusNotification, and what stands in the books then.
_SEEN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("as it should be", {}, {"port": "Preparing"}),
    ("in lower case", {"status": "preparing"}, {"port": "Preparing"}),
    ("in capitals and blanks", {"status": " PREPARING "}, {"port": "Preparing"}),
    ("of OCPP 1.5, Occupied", {"status": "Occupied"}, {"quarantined": ("'Occupied' is unknown",)}),
    ("of OCPP 1.5 for the car, SuspendedEVSE", {"status": "SuspendedEVSE"}, {"port": "SuspendedEVSE"}),
    ("that only we may know, Offline", {"status": "Offline"}, {"quarantined": ("'Offline' is unknown",)}),
    ("that is empty", {"status": ""}, {"quarantined": ("'' is unknown",)}),
    ("of 10,000 characters", {"status": "A" * 10_000}, {"quarantined": ("is unknown",)}),
    ("at connector '1'", {"connectorId": "1"}, {"port": "Preparing"}),
    ("at connector 1.0", {"connectorId": 1.0}, {"port": "Preparing"}),
    ("at connector 1.5", {"connectorId": 1.5}, {"quarantined": ("connectorId is not a connector",)}),
    ("at connector -1", {"connectorId": -1}, {"quarantined": ("connectorId is not a connector",)}),
    ("at connector 1000", {"connectorId": 1000}, {"quarantined": ("connectorId is not a connector",)}),
    ("at connector 1e30", {"connectorId": 1e30}, {"quarantined": ("connectorId is not a connector",)}),
    ("at connector 2, of which nobody knew", {"connectorId": 2}, {"connectors": (1, 2)}),
    ("at connector 0", {"connectorId": 0, "status": "Unavailable"}, {}),
    ("at connector 0, Charging", {"connectorId": 0, "status": "Charging"}, {}),
    ("with an unknown errorCode", {"errorCode": "Flood"}, {"port": "Preparing", "error": "Flood"}),
    ("with noerror", {"errorCode": "noerror"}, {"port": "Preparing"}),
    ("with an empty errorCode", {"errorCode": ""}, {"port": "Preparing"}),
    ("with null for an errorCode", {"errorCode": None}, {"port": "Preparing"}),
    ("with a number for an errorCode", {"errorCode": 17}, {"port": "Preparing", "error": "17"}),
    (
        "with an errorCode of 90 characters",
        {"errorCode": "E" * 90},
        {"port": "Preparing", "error": "E" * 50},
    ),
    (
        "with an object for an errorCode",
        {"errorCode": {}},
        {"port": "Preparing", "quarantined": ("errorCode is not a text",)},
    ),
    (
        "with a warning, not Faulted",
        {"errorCode": "HighTemperature"},
        {"port": "Preparing", "error": "HighTemperature"},
    ),
    ("with an info of 300 characters", {"info": "i" * 300}, {"port": "Preparing", "info": "i" * 50}),
    ("with an empty info", {"info": ""}, {"port": "Preparing"}),
    ("with an info of NULs", {"info": "\x00\x00"}, {"port": "Preparing"}),
    ("with an array for an info", {"info": [1]}, {"port": "Preparing", "quarantined": ("info is not a text",)}),
    ("with a vendor's own fields", {"vendorId": "V" * 300, "vendorErrorCode": 5, "x": []}, {"port": "Preparing"}),
    ("with null for a timestamp", {"timestamp": None}, {"port": "Preparing"}),
    ("stamped 1970", {"timestamp": "1970-01-01T00:00:05Z"}, {"port": "Preparing"}),
    ("stamped 2099", {"timestamp": "2099-01-01T00:00:00Z"}, {"port": "Preparing"}),
    ("stamped in words", {"timestamp": "now"}, {"port": "Preparing"}),
    ("older than the one that is held", {"timestamp": "2026-03-01T10:00:00Z"}, {}),
    ("older than the one that is held, by a second", {"timestamp": "2026-03-01T10:59:59Z"}, {}),
    ("of the same second as the one that is held", {"timestamp": "2026-03-01T11:00:00Z"}, {"port": "Preparing"}),
]

CASES: list[Case] = [
    *(
        case("B4 C8", f"a status {name}", Given.CONNECTED, call("StatusNotification", _STATUS | changed), **seen)
        for name, changed, seen in _SEEN
    ),
    case(
        "C8",
        "a status without errorCode",
        Given.CONNECTED,
        call("StatusNotification", without(_STATUS, "errorCode")),
        port="Preparing",
    ),
    case(
        "B7",
        "a status without timestamp",
        Given.CONNECTED,
        call("StatusNotification", without(_STATUS, "timestamp")),
        port="Preparing",
    ),
    case(
        "B6",
        "a status stamped 2099, and a true one after it",
        Given.CONNECTED,
        call("StatusNotification", _STATUS | {"timestamp": "2099-01-01T00:00:00Z"}),
        call("StatusNotification", _STATUS | {"status": "Finishing", "timestamp": "2026-03-01T12:00:00Z"}, FINE, "m2"),
        port="Finishing",
    ),
    case(
        "S4",
        "the cable put in and taken out of a start that waits",
        Given.ASKED,
        call("StatusNotification", _STATUS),
        call("StatusNotification", _STATUS | {"status": "Available", "timestamp": "2026-03-01T11:51:00Z"}, FINE, "m2"),
        session="FAILED",
        ended_at="2026-03-01T12:00:00+00:00",
    ),
    case(
        "S4",
        "a fault during a start that waits",
        Given.ASKED,
        call("StatusNotification", _STATUS | {"status": "Faulted", "errorCode": "GroundFailure"}),
        session="FAILED",
        ended_at="2026-03-01T12:00:00+00:00",
        port="Faulted",
        error="GroundFailure",
    ),
    case(
        "S4 C8",
        "an unknown status during a start that waits",
        Given.ASKED,
        call("StatusNotification", _STATUS | {"status": "Authorizing"}),
        quarantined=("'Authorizing' is unknown",),
    ),
    case(
        "T4",
        "the car gone and the transaction kept open",
        Given.CHARGING,
        call("StatusNotification", _STATUS | {"status": "SuspendedEV", "info": "EV Side Disconnected"}),
        port="SuspendedEV",
        info="EV Side Disconnected",
    ),
    case(
        "T4",
        "Available before the stop that explains it",
        Given.CHARGING,
        call("StatusNotification", _STATUS | {"status": "Available"}),
        call(
            "StopTransaction",
            {"transactionId": TX, "meterStop": 6000, "timestamp": "2026-03-01T11:49:50Z", "reason": "EVDisconnected"},
            FINE,
            "m2",
        ),
        session="ENDED",
        energy_wh=5000,
        cents=125,
        reason="EVDisconnected",
        ended_at="2026-03-01T11:49:50+00:00",
    ),
    case(
        "C8",
        "a fault while it charges",
        Given.CHARGING,
        call("StatusNotification", _STATUS | {"status": "Faulted", "errorCode": "OverCurrentFailure"}),
        port="Faulted",
        error="OverCurrentFailure",
    ),
]

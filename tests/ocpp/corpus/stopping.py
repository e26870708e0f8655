"""T1 to T3, T5, T6, C8: stops, and the money."""

from typing import Any

from tests.ocpp.corpus.vocabulary import FINE, TAG, TX, TX_TEXT, Case, Given, Result, call, case

_AT = "2026-03-01T11:55:00+00:00"
_STOP: dict[str, Any] = {"transactionId": TX, "meterStop": 6000, "timestamp": "2026-03-01T11:55:00Z"}
_ENDED: dict[str, Any] = {"session": "ENDED", "energy_wh": 5000, "cents": 125, "reason": "Local", "ended_at": _AT}
_EMPTY: dict[str, Any] = _ENDED | {"energy_wh": 0, "cents": 0}
_NO_METER = ("meterStop is not a meter reading",)
_ACCEPTED = Result({"idTagInfo": {"status": "Accepted"}})


def _data(*samples: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"timestamp": f"2026-03-01T{at}Z", "sampledValue": [{"value": value}]} for at, value in samples]


# What is changed in the stop of a session that began at 1000 Wh; what came of it.
_STOPS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("as it should be", {}, _ENDED),
    ("with meterStop 6000.0", {"meterStop": 6000.0}, _ENDED),
    ("with meterStop '6000'", {"meterStop": "6000"}, _ENDED),
    ("with meterStop '6000.0'", {"meterStop": "6000.0"}, _ENDED),
    ("with meterStop ' 6000 '", {"meterStop": " 6000\r\n"}, _ENDED),
    ("with meterStop '+6e3'", {"meterStop": "+6e3"}, _ENDED),
    ("with meterStop '06000'", {"meterStop": "06000"}, _ENDED),
    ("with meterStop 6000.5", {"meterStop": 6000.5}, _ENDED | {"energy_wh": 5001}),
    ("with meterStop 6000.49", {"meterStop": 6000.49}, _ENDED),
    ("with meterStop 1000, nothing delivered", {"meterStop": 1000}, _EMPTY),
    ("with meterStop 1009, under 0.01 kWh", {"meterStop": 1009}, _EMPTY | {"energy_wh": 9}),
    ("with meterStop 1010, 0.01 kWh", {"meterStop": 1010}, _EMPTY | {"energy_wh": 10}),
    ("with meterStop 1100", {"meterStop": 1100}, _ENDED | {"energy_wh": 100, "cents": 3}),
    ("with meterStop below meterStart", {"meterStop": 400}, _EMPTY | {"flags": "METER_RESET"}),
    ("with meterStop 0", {"meterStop": 0}, _EMPTY | {"flags": "METER_RESET"}),
    ("with meterStop null", {"meterStop": None}, _EMPTY | {"quarantined": _NO_METER}),
    ("with meterStop -1", {"meterStop": -1}, _EMPTY | {"quarantined": _NO_METER}),
    ("with meterStop 1e30", {"meterStop": 1e30}, _EMPTY | {"quarantined": _NO_METER}),
    ("with meterStop 0xFFFFFFFF", {"meterStop": 2**32 - 1}, _EMPTY | {"quarantined": _NO_METER}),
    ("with meterStop '12 Wh'", {"meterStop": "12 Wh"}, _EMPTY | {"quarantined": _NO_METER}),
    ("with meterStop empty", {"meterStop": ""}, _EMPTY | {"quarantined": _NO_METER}),
    ("with meterStop '6,000'", {"meterStop": "6,000"}, _EMPTY | {"quarantined": _NO_METER}),
    ("with meterStop true", {"meterStop": True}, _EMPTY | {"quarantined": _NO_METER}),
    ("with meterStop an array", {"meterStop": [6000]}, _EMPTY | {"quarantined": _NO_METER}),
    ("with meterStop an object", {"meterStop": {"value": 6000}}, _EMPTY | {"quarantined": _NO_METER}),
    ("with meterStop 'NaN'", {"meterStop": "NaN"}, _EMPTY | {"quarantined": _NO_METER}),
    ("with meterStop of 5,000 digits", {"meterStop": "9" * 5000}, _EMPTY | {"quarantined": _NO_METER}),
    ("with transactionId as a text", {"transactionId": TX_TEXT}, _ENDED),
    ("with transactionId as a text with a point", {"transactionId": f"{TX_TEXT}.0"}, _ENDED),
    ("with transactionId 0", {"transactionId": 0}, _ENDED),
    ("with transactionId -1", {"transactionId": -1}, _ENDED),
    ("with transactionId null", {"transactionId": None}, _ENDED),
    ("with transactionId of nobody", {"transactionId": 1_888_888_888}, _ENDED),
    ("with transactionId 2147483648", {"transactionId": 2**31}, _ENDED),
    ("with transactionId of 30 digits", {"transactionId": int("7" * 30)}, _ENDED),
    (
        "with transactionId 1e400",
        {"transactionId": "1e400"},
        _ENDED | {"quarantined": ("transactionId is not an integer",)},
    ),
    ("with transactionId empty", {"transactionId": ""}, _ENDED | {"quarantined": ("transactionId is not an integer",)}),
    (
        "with transactionId in words",
        {"transactionId": "unknown"},
        _ENDED | {"quarantined": ("transactionId is not an integer",)},
    ),
    (
        "with transactionId an array",
        {"transactionId": [7]},
        _ENDED | {"quarantined": ("transactionId is not an integer",)},
    ),
    (
        "with transactionId false",
        {"transactionId": False},
        _ENDED | {"quarantined": ("transactionId is not an integer",)},
    ),
    ("with reason null", {"reason": None}, _ENDED),
    ("with reason empty", {"reason": ""}, _ENDED),
    ("with reason in lower case", {"reason": "evdisconnected"}, _ENDED | {"reason": "EVDisconnected"}),
    ("with reason unknown", {"reason": "MagicSmoke"}, _ENDED | {"reason": "Other"}),
    ("with reason of OCPP 2.0.1", {"reason": "EnergyLimitReached"}, _ENDED | {"reason": "Other"}),
    ("with reason of 5,000 characters", {"reason": "R" * 5000}, _ENDED | {"reason": "Other"}),
    ("with reason a number", {"reason": 5}, _ENDED | {"reason": "Other"}),
    ("with reason an object", {"reason": {}}, _ENDED | {"quarantined": ("reason is not a text",)}),
    ("with idTag null", {"idTag": None}, _ENDED),
    ("with idTag empty", {"idTag": ""}, _ENDED),
    ("with idTag an object", {"idTag": {}}, _ENDED | {"quarantined": ("idTag is not a text",)}),
    ("with extra fields", {"energyDelivered": 1, "customData": {"meterStop": 9}}, _ENDED),
    ("with transactionData null", {"transactionData": None}, _ENDED),
    ("with transactionData empty", {"transactionData": []}, _ENDED),
    (
        "with transactionData a text",
        {"transactionData": "none"},
        _ENDED | {"quarantined": ("transactionData holds something",)},
    ),
    (
        "with transactionData of texts",
        {"transactionData": ["x"]},
        _ENDED | {"quarantined": ("transactionData holds something",)},
    ),
    (
        "with transactionData of nulls",
        {"transactionData": [{"timestamp": None, "sampledValue": None}]},
        _ENDED | {"flags": "CLOCK_REPLACED", "samples": 1},
    ),
    (
        "with transactionData that counts",
        {"transactionData": _data(("11:00:00", "1000"), ("11:55:00", "6000"))},
        _ENDED | {"samples": 2},
    ),
    (
        "with transactionData out of order",
        {"transactionData": _data(("11:55:00", "6000"), ("11:30:00", "3000"))},
        _ENDED | {"samples": 2},
    ),
    (
        "with transactionData of a reset",
        {"transactionData": _data(("11:20:00", "3000"), ("11:30:00", "100")), "meterStop": 900},
        _ENDED | {"energy_wh": 2800, "cents": 70, "flags": "METER_RESET", "samples": 2},
    ),
    (
        "with meterStop null and transactionData that tells it",
        {"meterStop": None, "transactionData": _data(("11:55:00", "6000"))},
        _ENDED | {"quarantined": _NO_METER, "samples": 1},
    ),
    (
        "with words in transactionData",
        {"transactionData": _data(("11:30:00", "full"))},
        _ENDED | {"quarantined": ("is not a reading",), "samples": 1},
    ),
]

_NAMES_NONE = "It names none of our sessions, and none can be told to be meant."
_NOBODYS = 1_888_888_888
_UNPLACED: list[tuple[str, Any]] = [
    ("transactionId 0", 0),
    ("transactionId -1", -1),
    ("transactionId of nobody", _NOBODYS),
    ("transactionId null", None),
    ("transactionId beyond int32", 2**40),
    ("transactionId random and negative", -82734),
]

CASES: list[Case] = [
    *(
        case("T1 T3 T6 C8", f"a stop {name}", Given.CHARGING, call("StopTransaction", _STOP | changed), **seen)
        for name, changed, seen in _STOPS
    ),
    case(
        "T1",
        "a stop with its idTag",
        Given.CHARGING,
        call("StopTransaction", _STOP | {"idTag": TAG}, _ACCEPTED),
        **_ENDED,
    ),
    case(
        "T1",
        "a stop with somebody's idTag",
        Given.CHARGING,
        call("StopTransaction", _STOP | {"idTag": "NOBODY"}, _ACCEPTED),
        **_ENDED,
    ),
    case(
        "T1 C8",
        "a stop with an idTag of 300 characters",
        Given.CHARGING,
        call("StopTransaction", _STOP | {"idTag": "N" * 300}, _ACCEPTED),
        **_ENDED,
    ),
    case(
        "T3",
        "a stop without a usable transactionId, with the idTag in blanks",
        Given.CHARGING,
        call("StopTransaction", _STOP | {"transactionId": -1, "idTag": f" {TAG} "}, _ACCEPTED),
        **_ENDED,
    ),
    *(
        case(
            "T3",
            f"a stop with {name}, where nothing runs",
            Given.CONNECTED,
            call("StopTransaction", _STOP | {"transactionId": value}),
            quarantined=(f"No session is known by transactionId {value}." if value == _NOBODYS else _NAMES_NONE,),
        )
        for name, value in _UNPLACED
    ),
    case(
        "T3",
        "a stop that was queued before the session began",
        Given.CHARGING,
        call("StopTransaction", _STOP | {"transactionId": 0, "timestamp": "2026-03-01T09:00:00Z"}),
        quarantined=(_NAMES_NONE,),
    ),
    case(
        "T3 C8",
        "a stop of nothing by nobody",
        Given.CONNECTED,
        call("StopTransaction", {"transactionId": None, "meterStop": None}),
        quarantined=(f"{_NAMES_NONE} meterStop is not a meter reading",),
    ),
    case(
        "T3",
        "a stop while the start waits",
        Given.ASKED,
        call("StopTransaction", _STOP | {"transactionId": 0}),
        quarantined=(_NAMES_NONE,),
    ),
    case(
        "T2",
        "a stop again under another id",
        Given.CHARGING,
        call("StopTransaction", _STOP, FINE, "m1"),
        call("StopTransaction", _STOP, FINE, "m2"),
        **_ENDED,
    ),
    case(
        "T3",
        "a stop again with another register",
        Given.CHARGING,
        call("StopTransaction", _STOP, FINE, "m1"),
        call("StopTransaction", _STOP | {"meterStop": 9000}, FINE, "m2"),
        **(_ENDED | {"energy_wh": 8000, "cents": 200}),
    ),
    case(
        "T2",
        "a stop again that names no transaction",
        Given.CHARGING,
        call("StopTransaction", _STOP | {"transactionId": -1}, FINE, "m1"),
        call("StopTransaction", _STOP | {"transactionId": -1}, FINE, "m2"),
        **_ENDED,
    ),
    case(
        "T3",
        "a stop of the session that ended, too late for a correction",
        Given.ENDED,
        call("StopTransaction", _STOP | {"meterStop": 99_000}),
        quarantined=("was ended by another StopTransaction",),
    ),
    case(
        "M1 T1",
        "readings, then a stop below the last of them",
        Given.CHARGING,
        call(
            "MeterValues",
            {"connectorId": 1, "transactionId": TX, "meterValue": _data(("11:30:00", "6000"))},
            FINE,
            "m1",
        ),
        call("StopTransaction", _STOP | {"meterStop": 5990}, FINE, "m2"),
        **(_ENDED | {"samples": 1, "flags": "METER_RESET"}),
    ),
]

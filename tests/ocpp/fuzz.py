"""Frames that a seeded generator makes out of good ones, and what must hold of each: `make fuzz`, or
`python -m tests.ocpp.fuzz --frames 1000000 --seed 7`."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random
from time import perf_counter, thread_time
from typing import Any

from evgraph.domain.energy import Reading
from evgraph.ocpp import frames, messages, operating_messages, redaction, translate
from evgraph.ocpp.fields import MAX_INT32, MAX_WATT_HOURS, CallRefused, Fields
from evgraph.ocpp.frames import Call, CallError, CallResult, MalformedCall, NotAFrame

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LARGEST_FRAME = 64 * 1024
# What the largest frame may take, on a machine that others use too.
SLOWEST_S = 1.0

_STAMP = "2026-03-01T11:59:00Z"
_METER_VALUE = {
    "timestamp": _STAMP,
    "sampledValue": [
        {"value": "1500", "context": "Sample.Periodic", "measurand": "Energy.Active.Import.Register", "unit": "Wh"},
        {"value": "7.2", "measurand": "Power.Active.Import", "unit": "kW", "location": "Outlet"},
        {"value": "230.1", "measurand": "Voltage", "phase": "L1-N", "unit": "V", "format": "Raw"},
    ],
}
_FRAMES: list[list[Any]] = [
    [
        2,
        "1",
        "BootNotification",
        {"chargePointVendor": "Phihong", "chargePointModel": "AX48", "firmwareVersion": "1.2"},
    ],
    [2, "2", "Heartbeat", {}],
    [
        2,
        "3",
        "StatusNotification",
        {"connectorId": 1, "errorCode": "NoError", "status": "Charging", "timestamp": _STAMP},
    ],
    [2, "4", "StartTransaction", {"connectorId": 1, "idTag": "EV123", "meterStart": 1000, "timestamp": _STAMP}],
    [
        2,
        "5",
        "StopTransaction",
        {
            "transactionId": 7,
            "meterStop": 6000,
            "timestamp": _STAMP,
            "reason": "Local",
            "transactionData": [_METER_VALUE],
        },
    ],
    [2, "6", "MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": [_METER_VALUE, _METER_VALUE]}],
    [2, "7", "Authorize", {"idTag": "STAFF-1"}],
    [2, "8", "DataTransfer", {"vendorId": "ACME", "messageId": "x", "data": "{}"}],
    [2, "9", "FirmwareStatusNotification", {"status": "Downloading"}],
    [2, "10", "SecurityEventNotification", {"type": "InvalidFirmwareSignature", "timestamp": _STAMP, "techInfo": "x"}],
    [2, "11", "SignCertificate", {"csr": "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n"}],
    [3, "a", {"status": "Accepted"}],
    [3, "b", {"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": "secret"}]}],
    [4, "c", "NotSupported", "no", {"detail": [1, 2.5, None]}],
]
SEEDS = [json.dumps(frame, separators=(",", ":")) for frame in _FRAMES]

_TOKENS = [
    *'[]{}",:\\',
    *(
        "null",
        "true",
        "false",
        "NaN",
        "-Infinity",
        "0",
        "-0",
        "-1",
        "1.0",
        "1e5",
        "1e400",
        "1e-400",
        "1E+99",
        "2147483648",
    ),
    *(str(2**63), str(2**64), "9" * 100, "0." + "9" * 60, "01", "0x10", ".5", "5."),
    *(
        '""',
        '"',
        '"\\ud800"',
        '"\\u0000"',
        "\\u",
        "\\ud83d\\udd0c",
        "\x00",
        "\x1f",
        "\t",
        "\n",
        "\ufeff",
        "\u2028",
        "🔌",
        "é",
    ),
    *(
        "{}",
        "[]",
        "[[]]",
        '{"":{}}',
        "[2,",
        '"transactionId":',
        '"value":',
        '"kWh"',
        '"L1"',
        '"SignedData"',
        "/*",
        "//",
    ),
    *(
        "1970-01-01T00:00:00Z",
        "2099-01-01",
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "AuthorizationKey",
    ),
    *("://a:b@", "ws:\\/\\/u:p@h"),
]
_READERS: dict[str, Callable[[Fields], Any]] = {
    "BootNotification": lambda fields: translate.boot_report(messages.boot_notification(fields)),
    "StatusNotification": lambda fields: translate.status_report(messages.status_notification(fields), NOW),
    "StartTransaction": lambda fields: translate.transaction_start(messages.start_transaction(fields), NOW),
    "StopTransaction": lambda fields: translate.transaction_stop(messages.stop_transaction(fields), NOW, "raw"),
    "MeterValues": lambda fields: translate.readings(messages.meter_values(fields).meter_values, NOW),
    "Authorize": messages.authorize,
    "DataTransfer": messages.data_transfer,
    "FirmwareStatusNotification": operating_messages.job_status,
    "SecurityEventNotification": operating_messages.security_event,
    "SignCertificate": operating_messages.sign_certificate,
}
_NAMES = list(_READERS)


def hostile_frames(seed: int, count: int) -> Iterator[str]:
    """The same ones for the same seed."""
    random = Random(seed)
    for _ in range(count):
        yield _hostile(random)[:LARGEST_FRAME]


def examine(text: str) -> str:
    """What the frame was taken for. Raises AssertionError, or whatever it breaks."""
    begun = thread_time()
    try:
        frame = frames.decode(text)
    except NotAFrame:
        taken_for = "no frame"
    else:
        taken_for = _examine_frame(frame)
    assert isinstance(redaction.redacted(text), str)
    lasted = thread_time() - begun
    assert lasted < SLOWEST_S, f"It took {lasted:.2f} s of the CPU."
    return taken_for


def _examine_frame(frame: object) -> str:
    assert isinstance(frame, Call | MalformedCall | CallResult | CallError)
    echoed = frames.decode(frames.encode_result(frame.message_id, {}))
    assert echoed == CallResult(frame.message_id, {}), "The id is not echoed as it came."
    if not isinstance(frame, Call):
        return type(frame).__name__
    read = _READERS.get(frame.action) or _READERS[_NAMES[len(frame.action) % len(_NAMES)]]
    fields = Fields(frame.payload)
    try:
        told = read(fields)
    except CallRefused as refusal:
        frames.encode_error(CallError(frame.message_id, refusal.code, refusal.description)).encode()
        return "refused Call"
    assert all(isinstance(problem, str) for problem in fields.problems)
    _examine_values(told)
    return "Call with problems" if fields.problems else "Call"


def _examine_values(told: Any) -> None:
    """Nothing that a database could not hold, or that could be billed wrongly."""
    for reading in told if isinstance(told, tuple) else getattr(told, "readings", ()):
        assert isinstance(reading, Reading)
        assert reading.at.tzinfo is UTC
        for counted in (reading.register_wh, reading.interval_wh):
            # Three phases of the largest register at the most.
            assert counted is None or (type(counted) is int and 0 <= counted <= 3 * MAX_WATT_HOURS)
    for name in ("meter_start_wh", "meter_stop_wh", "transaction_id"):
        value = getattr(told, name, None)
        assert value is None or (type(value) is int and 0 <= value <= MAX_INT32)
    for name in ("id_tag", "status", "error_code", "info", "vendor", "model", "reported_at", "vendor_id"):
        value = getattr(told, name, None)
        if isinstance(value, str):
            assert "\x00" not in value
            value.encode()


def _hostile(random: Random) -> str:
    if random.random() < 0.05:
        return "".join(random.choice(_TOKENS) for _ in range(random.randrange(40)))
    text = random.choice(SEEDS)
    changes = (_replace_value,) if random.random() < 0.6 else _CHANGES
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        text = random.choice(changes)(random, text)
    return text


def _flip(random: Random, text: str) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + chr(random.choice((random.randrange(128), random.randrange(0x3000)))) + text[at + 1 :]


def _insert(random: Random, text: str) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + random.choice(_TOKENS) + text[at:]


def _cut(random: Random, text: str) -> str:
    return text[: random.randrange(len(text) + 1)]


def _drop(random: Random, text: str) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + text[at + random.randrange(1, 30) :]


def _repeat(random: Random, text: str) -> str:
    at = random.randrange(len(text) + 1)
    piece = text[at : at + random.randrange(1, 40)]
    return text[:at] + piece * random.choice((2, 3, 50)) + text[at:]


def _splice(random: Random, text: str) -> str:
    other = random.choice(SEEDS)
    return text[: random.randrange(len(text) + 1)] + other[random.randrange(len(other)) :]


def _nest(random: Random, text: str) -> str:
    at = random.randrange(len(text) + 1)
    depth = random.choice((1, 2, 5, 200, 3000)) if random.random() < 0.05 else random.choice((1, 2, 5))
    opening, closing = random.choice((("[", "]"), ('{"a":', "}"), ("[{", "}]")))
    return text[:at] + opening * depth + random.choice(("", "1", "null")) + closing * depth + text[at:]


def _replace_value(random: Random, text: str) -> str:
    """A good JSON value for another, so that the frame still parses and its readers are reached."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return _insert(random, text)
    places: list[tuple[Any, Any]] = []
    _places(frame, places)
    if places:
        inside, at = random.choice(places)
        inside[at] = random.choice(_VALUES)
    return json.dumps(frame)


def _places(value: Any, places: list[tuple[Any, Any]]) -> None:
    if len(places) > 200:
        return
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        places.append((value, key))
        _places(value[key], places)


_VALUES: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        2,
        7,
        1.0,
        12.5,
        -0.0,
        1e30,
        1e300,
        2**31,
        2**63,
        2**64,
        10**50,
        float("nan"),
        float("inf"),
    ),
    *(
        "",
        " ",
        "0",
        "-1",
        "12.0",
        "12.5",
        "1e5",
        "1e99",
        "9" * 50,
        "9" * 500,
        "NaN",
        "12 Wh",
        "0x1",
        "\x00",
        "\ud800",
        "x" * 300,
    ),
    *(
        "kWh",
        "Wh",
        "W",
        "kW",
        "L1",
        "L1-N",
        "N",
        "Inlet",
        "SignedData",
        "Energy.Active.Import.Interval",
        "Power.Active.Import",
    ),
    *("1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "2026-03-01", "2026-03-01T11:59:00", "9999-12-31T23:59:59-23:59"),
    *("0001-01-01T00:00:00+23:59", "2026-03-01T11:59:00.123456789+05:30", "yesterday", "20260301T115900Z"),
    *([], {}, [[]], [{}], {"a": 1}, [1, 2], [None], {"value": "1"}, [{"sampledValue": [{"value": "5"}]}]),
]
_CHANGES = (_flip, _insert, _cut, _drop, _repeat, _splice, _nest, _replace_value)


def run(seed: int, count: int) -> Counter[str]:
    """How many were taken for what. An AssertionError, or what was raised, bears the frame as a note."""
    taken: Counter[str] = Counter()
    for number, text in enumerate(hostile_frames(seed, count)):
        try:
            taken[examine(text)] += 1
        except BaseException as failure:
            failure.add_note(f"Frame {number} of seed {seed}: {text[:2000]!r}")
            raise
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    begun = perf_counter()
    taken = run(given.seed, given.frames)
    lasted = perf_counter() - begun
    told = ", ".join(f"{times:,} {kind}" for kind, times in taken.most_common())
    sys.stdout.write(f"{taken.total():,} frames of seed {given.seed} in {lasted:.0f} s, and nothing found: {told}.\n")


if __name__ == "__main__":
    main()

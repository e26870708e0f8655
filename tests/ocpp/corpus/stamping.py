"""B7: the clocks of chargers, on a start, on a stop and on a reading."""

from typing import Any

from tests.ocpp.corpus.vocabulary import TAG, TX, Case, Given, Result, Started, call, case

_RECEIVED = "2026-03-01T12:00:00+00:00"

_BELIEVED: list[tuple[str, Any, str]] = [
    ("UTC with Z", "2026-03-01T11:30:00Z", "2026-03-01T11:30:00+00:00"),
    ("UTC with z and t", "2026-03-01t11:30:00z", "2026-03-01T11:30:00+00:00"),
    ("milliseconds", "2026-03-01T11:30:00.250Z", "2026-03-01T11:30:00.250+00:00"),
    ("one digit of a second", "2026-03-01T11:30:00.5Z", "2026-03-01T11:30:00.500+00:00"),
    ("nanoseconds", "2026-03-01T11:30:00.123456789Z", "2026-03-01T11:30:00.123456+00:00"),
    ("a comma before the fraction", "2026-03-01T11:30:00,5Z", "2026-03-01T11:30:00.500+00:00"),
    ("no zone", "2026-03-01T11:30:00", "2026-03-01T11:30:00+00:00"),
    ("no zone and a blank", "2026-03-01 11:30:00", "2026-03-01T11:30:00+00:00"),
    ("no seconds", "2026-03-01T11:30Z", "2026-03-01T11:30:00+00:00"),
    ("an offset west", "2026-03-01T06:30:00-05:00", "2026-03-01T11:30:00+00:00"),
    ("an offset east", "2026-03-01T13:30:00+02:00", "2026-03-01T11:30:00+00:00"),
    ("an offset of half an hour", "2026-03-01T17:00:00+05:30", "2026-03-01T11:30:00+00:00"),
    ("an offset without a colon", "2026-03-01T06:30:00-0500", "2026-03-01T11:30:00+00:00"),
    ("an offset of hours alone", "2026-03-01T06:30:00-05", "2026-03-01T11:30:00+00:00"),
    ("the basic form", "20260301T113000Z", "2026-03-01T11:30:00+00:00"),
    ("blanks around", "  2026-03-01T11:30:00Z ", "2026-03-01T11:30:00+00:00"),
    ("a NUL at its end", "2026-03-01T11:30:00Z\x00", "2026-03-01T11:30:00+00:00"),
    ("a little ahead of ours", "2026-03-01T12:00:59Z", "2026-03-01T12:00:00+00:00"),
]

_REPLACED: list[tuple[str, Any]] = [
    ("1970", "1970-01-01T00:00:00Z"),
    ("the end of 2019", "2019-12-31T23:59:59Z"),
    ("2099", "2099-12-31T23:59:59Z"),
    ("minutes ahead", "2026-03-01T12:04:59Z"),
    ("five minutes and a second ahead", "2026-03-01T12:05:01Z"),
    ("local time east, without a zone", "2026-03-01T13:00:00"),
    ("the year 1", "0001-01-01T00:00:00+14:00"),
    ("the year 9999", "9999-12-31T23:59:59-14:00"),
    ("a bare date", "2026-03-01"),
    ("a bare time", "11:30:00Z"),
    ("30 February", "2026-02-30T11:30:00Z"),
    ("a leap second", "2026-03-01T11:30:60Z"),
    ("hour 25", "2026-03-01T25:00:00Z"),
    ("American", "03/01/2026 11:30:00 AM"),
    ("RFC 1123", "Sun, 01 Mar 2026 11:30:00 GMT"),
    ("a week date", "2026-W09-7T11:30:00Z"),
    ("seconds since 1970 as a text", "1772364600"),
    ("seconds since 1970", 1772364600),
    ("milliseconds since 1970", 1772364600000),
    ("words", "yesterday"),
    ("empty", ""),
    ("null", None),
    ("an object", {"year": 2026}),
    ("true", True),
    ("10,000 digits", "2" * 10_000),
    ("digits of another script", "٢٠٢٦-٠٣-٠١T11:30:00Z"),
]


def _start(stamp: Any) -> dict[str, Any]:
    return {"connectorId": 1, "idTag": TAG, "meterStart": 1000, "timestamp": stamp}


def _stop(stamp: Any) -> dict[str, Any]:
    return {"transactionId": TX, "meterStop": 3000, "timestamp": stamp}


def _reading(stamp: Any) -> dict[str, Any]:
    meter_value = {"timestamp": stamp, "sampledValue": [{"value": "2500"}]}
    return {"connectorId": 1, "transactionId": TX, "meterValue": [meter_value]}


CASES: list[Case] = [
    *(
        case(
            "B7",
            f"a start stamped {name}",
            Given.ASKED,
            call("StartTransaction", _start(stamp), Started(same=True)),
            session="CHARGING",
            started_at=at,
        )
        for name, stamp, at in _BELIEVED
    ),
    *(
        case(
            "B7",
            f"a start stamped {name}",
            Given.ASKED,
            call("StartTransaction", _start(stamp), Started(same=True)),
            session="CHARGING",
            started_at=_RECEIVED,
            flags="CLOCK_REPLACED",
        )
        for name, stamp in _REPLACED
    ),
    *(
        case(
            "B7",
            f"a stop stamped {name}",
            Given.CHARGING,
            call("StopTransaction", _stop(stamp)),
            session="ENDED",
            energy_wh=2000,
            cents=50,
            reason="Local",
            ended_at=at,
        )
        for name, stamp, at in _BELIEVED[2:12:3]
    ),
    *(
        case(
            "B7",
            f"a stop stamped {name}",
            Given.CHARGING,
            call("StopTransaction", _stop(stamp)),
            session="ENDED",
            energy_wh=2000,
            cents=50,
            reason="Local",
            ended_at=_RECEIVED,
            flags="CLOCK_REPLACED",
        )
        for name, stamp in _REPLACED[::2]
    ),
    case(
        "B7",
        "a stop stamped before its start",
        Given.CHARGING,
        call("StopTransaction", _stop("2026-03-01T08:00:00Z")),
        session="ENDED",
        energy_wh=2000,
        cents=50,
        reason="Local",
        ended_at="2026-03-01T12:00:00+00:00",
        flags="CLOCK_REPLACED",
    ),
    *(
        case(
            "B7",
            f"a reading stamped {name}",
            Given.METERED,
            call("MeterValues", _reading(stamp)),
            energy_wh=1500,
            samples=1,
        )
        for name, stamp, _ in _BELIEVED[1:14:4]
    ),
    *(
        case(
            "B7",
            f"a reading stamped {name}",
            Given.METERED,
            call("MeterValues", _reading(stamp)),
            energy_wh=1500,
            samples=1,
            flags="CLOCK_REPLACED",
        )
        for name, stamp in _REPLACED[1::4]
    ),
    case(
        "B7 M4",
        "a reading that names its session, stamped before the start",
        Given.METERED,
        call("MeterValues", _reading("2026-03-01T10:00:00Z")),
        samples=1,
        energy_wh=1500,
        flags="CLOCK_REPLACED",
    ),
    case(
        "B7 M5",
        "a reading, then a stop by a clock that was put back",
        Given.CHARGING,
        call("MeterValues", _reading("2026-03-01T11:50:00Z"), Result(), "m1"),
        call("StopTransaction", _stop("2026-03-01T11:20:00Z"), Result(), "m2"),
        session="ENDED",
        energy_wh=2000,
        cents=50,
        reason="Local",
        ended_at="2026-03-01T11:20:00+00:00",
        samples=1,
    ),
]

"""S2, S3, S5, S6, S7, C8: starts, and the questions before them."""

from typing import Any

from tests.ocpp.corpus.vocabulary import (
    AGAIN,
    CARD,
    EXPIRED_AT,
    OLD_CARD,
    TAG,
    Answer,
    Case,
    Error,
    Given,
    Result,
    Started,
    call,
    case,
)

_AT = "2026-03-01T11:50:00Z"
_BEGUN = {"session": "CHARGING", "started_at": "2026-03-01T11:50:00+00:00"}
_START: dict[str, Any] = {"connectorId": 1, "idTag": TAG, "meterStart": 1000, "timestamp": _AT}
_CARD = _START | {"idTag": CARD}
_ALONE = _BEGUN | {"sessions": 1}


def _says(status: str) -> Answer:
    return Result({"idTagInfo": {"status": status} | ({"expiryDate": EXPIRED_AT} if status == "Expired" else {})})


# Of a start that was asked for: what is changed in it.
_TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("as it should be", {}),
    ("with meterStart 1000.0", {"meterStart": 1000.0}),
    ("with meterStart '1000'", {"meterStart": "1000"}),
    ("with meterStart ' 1000 '", {"meterStart": " 1000 "}),
    ("with meterStart '1e3'", {"meterStart": "1e3"}),
    ("with meterStart 1000.4", {"meterStart": 1000.4}),
    ("with connectorId '1'", {"connectorId": "1"}),
    ("with connectorId 1.0", {"connectorId": 1.0}),
    ("with connectorId 0", {"connectorId": 0}),
    ("with null for a reservationId", {"reservationId": None}),
    ("with a reservationId that is a text", {"reservationId": "none"}),
    ("with extra fields", {"customData": {}, "meterStartKwh": "1.0"}),
    ("with its idTag in blanks", {"idTag": f" {TAG} "}),
    ("with its idTag and a terminal's words after it", {"idTag": f"{TAG};terminal-7"}),
]

_UNREADABLE: list[tuple[str, dict[str, Any], str]] = [
    ("meterStart null", {"meterStart": None}, "meterStart is not a meter reading"),
    ("meterStart empty", {"meterStart": ""}, "meterStart is not a meter reading"),
    ("meterStart '1000 Wh'", {"meterStart": "1000 Wh"}, "meterStart is not a meter reading"),
    ("meterStart '1,000'", {"meterStart": "1,000"}, "meterStart is not a meter reading"),
    ("meterStart -1", {"meterStart": -1}, "meterStart is not a meter reading"),
    ("meterStart 1e30", {"meterStart": 1e30}, "meterStart is not a meter reading"),
    ("meterStart 0xFFFFFFFF", {"meterStart": 0xFFFFFFFF}, "meterStart is not a meter reading"),
    ("meterStart true", {"meterStart": True}, "meterStart is not a meter reading"),
    ("meterStart an object", {"meterStart": {"Wh": 1000}}, "meterStart is not a meter reading"),
    ("connectorId null", {"connectorId": None}, "connectorId is not a connector"),
    ("connectorId -1", {"connectorId": -1}, "connectorId is not a connector"),
    ("connectorId 'left'", {"connectorId": "left"}, "connectorId is not a connector"),
    ("connectorId 1.5", {"connectorId": 1.5}, "connectorId is not a connector"),
]

_WITHOUT_TAG: list[tuple[str, dict[str, Any]]] = [
    ("an object", {"idTag": {"id": "STAFF-1"}}),
    ("an array", {"idTag": ["STAFF-1"]}),
]

# A start that nobody asked for: its idTag, and what it is answered.
_UNASKED: list[tuple[str, Any, str]] = [
    ("of a card", CARD, "Accepted"),
    ("of a card in lower case", CARD.lower(), "Accepted"),
    ("of a card in blanks", f"  {CARD} ", "Accepted"),
    ("of an expired card", OLD_CARD, "Expired"),
    ("of an unknown tag", "NOBODY", "Invalid"),
    ("of an unknown tag of 300 characters", "N" * 300, "Invalid"),
    ("of a number for a tag", 123456, "Invalid"),
    ("of an empty tag", "", "Invalid"),
    ("of a tag of blanks", "   ", "Invalid"),
    ("of null for a tag", None, "Invalid"),
    ("of a tag of NULs", "\x00\x00", "Invalid"),
    ("of a tag with half a surrogate", "\ud83dTAG", "Invalid"),
    ("of a tag in Chinese", "充电卡", "Invalid"),
    ("of a tag that is SQL", "'; DROP TABLE port", "Invalid"),
]

_ASKED: list[tuple[str, Any, str]] = [
    ("a card", CARD, "Accepted"),
    ("a card in lower case", CARD.lower(), "Accepted"),
    ("an expired card", OLD_CARD, "Expired"),
    ("an unknown tag", "NOBODY", "Invalid"),
    ("an empty tag", "", "Invalid"),
    ("a tag of 300 characters", "N" * 300, "Invalid"),
    ("a number", 5, "Invalid"),
    ("a NUL", "\x00", "Invalid"),
]

CASES: list[Case] = [
    *(
        case(
            "S2 C8",
            f"a start {name}",
            Given.ASKED,
            call("StartTransaction", _START | changed, Started(same=True)),
            **_BEGUN,
        )
        for name, changed in _TAKEN
    ),
    *(
        case(
            "S2 S6 C8",
            f"a start with {name}",
            Given.ASKED,
            call("StartTransaction", _START | changed, Started(same=True)),
            quarantined=(why,),
            flags="METER_START_ESTIMATED" if "meterStart" in changed else "",
            **_BEGUN,
        )
        for name, changed, why in _UNREADABLE
    ),
    *(
        case(
            "S6 C8",
            f"a start whose idTag is {name}",
            Given.ASKED,
            call("StartTransaction", _START | changed, Started("Invalid")),
            session="FAILED",
            sessions=2,
            ended_at="2026-03-01T12:00:00+00:00",
            quarantined=("idTag is not a text",),
        )
        for name, changed in _WITHOUT_TAG
    ),
    *(
        case(
            "S6 C8",
            f"a start that nobody asked for, {name}",
            Given.CONNECTED,
            call(
                "StartTransaction",
                _START | {"idTag": id_tag},
                Started(status, expires=EXPIRED_AT if status == "Expired" else None),
            ),
            **_ALONE,
        )
        for name, id_tag, status in _UNASKED
    ),
    *(
        case("S3 S6", f"Authorize of {name}", Given.CONNECTED, call("Authorize", {"idTag": id_tag}, _says(status)))
        for name, id_tag, status in _ASKED
    ),
    case(
        "S3",
        "Authorize of a tag that a start waits for",
        Given.ASKED,
        call("Authorize", {"idTag": TAG}, _says("Accepted")),
    ),
    case(
        "S2",
        "a start again under another id",
        Given.ASKED,
        call("StartTransaction", _START, Started(same=True), "m1"),
        call("StartTransaction", _START, Started(same=True), "m2"),
        call("StartTransaction", _START, AGAIN, "m2"),
        **_BEGUN,
    ),
    case(
        "S2 B7",
        "a start again, its clock put right in between",
        Given.ASKED,
        call("StartTransaction", _START | {"timestamp": "1970-01-01T00:00:30Z"}, Started(same=True), "m1"),
        call("StartTransaction", _START, Started(same=True), "m2"),
        session="CHARGING",
        started_at="2026-03-01T12:00:00+00:00",
        flags="CLOCK_REPLACED",
    ),
    case(
        "S2",
        "a start again with its meterStart as a text",
        Given.ASKED,
        call("StartTransaction", _START, Started(same=True), "m1"),
        call("StartTransaction", _START | {"meterStart": "1000.0"}, Started(same=True), "m2"),
        **_BEGUN,
    ),
    case(
        "S2",
        "a card's start again under another id",
        Given.CONNECTED,
        call("StartTransaction", _CARD, Started(), "m1"),
        call("StartTransaction", _CARD, Started(same=True), "m2"),
        **_ALONE,
    ),
    case(
        "S2 C8",
        "a start without a timestamp again",
        Given.CONNECTED,
        call("StartTransaction", _CARD | {"timestamp": None}, Started(), "m1"),
        call("StartTransaction", _CARD | {"timestamp": None}, Started(same=True), "m2"),
        session="CHARGING",
        sessions=1,
        started_at="2026-03-01T12:00:00+00:00",
        flags="CLOCK_REPLACED",
    ),
    case(
        "S7",
        "a card's start on top of a ticket's session",
        Given.CHARGING,
        call("StartTransaction", _CARD | {"meterStart": 4000}, Started()),
        session="ENDED",
        sessions=2,
        energy_wh=3000,
        cents=75,
        reason="Other",
        ended_at="2026-03-01T11:50:00+00:00",
        flags="SUPERSEDED",
    ),
    case(
        "S7 C8",
        "a start that makes no sense on top of a ticket's session",
        Given.CHARGING,
        call("StartTransaction", _CARD | {"meterStart": "?"}, Started()),
        session="ENDED",
        sessions=2,
        reason="Other",
        ended_at="2026-03-01T11:50:00+00:00",
        flags="SUPERSEDED",
        quarantined=("meterStart is not a meter reading",),
    ),
    case(
        "S6",
        "a start at connector 2, of which nobody knew",
        Given.CONNECTED,
        call("StartTransaction", _CARD | {"connectorId": 2}, Started()),
        connectors=(1, 2),
        **_ALONE,
    ),
    case(
        "C7", "Authorize of null", Given.CONNECTED, call("Authorize", {"idTag": None}, Error("TypeConstraintViolation"))
    ),
]

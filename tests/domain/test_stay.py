"""A visit: what is taken at check-in, and what is refused with the field at fault."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.stay import (
    Channel,
    Stay,
    StayKind,
    StayStatus,
    Vehicle,
    check_in,
    check_out,
    clean_note,
    clean_ticket,
    clean_vehicle,
    refuse_closed,
    refuse_past_checkout,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=2)


def checked_in(**given: Any) -> Stay:
    return check_in(
        **{
            "garage_id": 1,
            "ticket_number": "T-1",
            "kind": StayKind.TRANSIENT,
            "channel": Channel.POS,
            "vehicle": Vehicle(license_plate="EV 1"),
            "charging_note": None,
            "estimated_checkout_at": None,
            "now": NOON,
            **given,
        }
    )


def test_a_check_in_is_an_open_stay():
    stay = checked_in(
        kind=StayKind.MONTHLY,
        channel=Channel.HANDHELD,
        vehicle=Vehicle(license_plate=" 7abc  123 ", plate_state="ca", make=" Ford ", color="Blue  gray"),
        charging_note="  Press the button,\nthen pull. ",
        estimated_checkout_at=LATER,
    )
    assert stay == Stay(
        id=0,
        garage_id=1,
        ticket_number="T-1",
        kind=StayKind.MONTHLY,
        status=StayStatus.OPEN,
        channel=Channel.HANDHELD,
        license_plate="7ABC 123",
        plate_state="CA",
        make="Ford",
        color="Blue gray",
        charging_note="Press the button,\nthen pull.",
        checked_in_at=NOON,
        estimated_checkout_at=LATER,
        checked_out_at=None,
    )
    assert stay.vehicle == Vehicle(license_plate="7ABC 123", plate_state="CA", make="Ford", color="Blue gray")


@pytest.mark.parametrize("blank", ["", "   ", None])
def test_what_is_left_blank_is_nothing(blank: str | None):
    stay = checked_in(
        vehicle=Vehicle(license_plate="EV 1", plate_state=blank, make=blank, color=blank), charging_note=blank
    )
    assert (stay.plate_state, stay.make, stay.color, stay.charging_note) == (None, None, None, None)


@pytest.mark.parametrize(
    ("vehicle", "field", "message"),
    [
        ({"license_plate": ""}, "licensePlate", "The license plate is missing."),
        ({"license_plate": " \t "}, "licensePlate", "The license plate is missing."),
        ({"license_plate": "X" * 21}, "licensePlate", "The license plate has at most 20 characters."),
        ({"license_plate": "ß" * 11}, "licensePlate", "The license plate has at most 20 characters."),
        ({"license_plate": "EV\x001"}, "licensePlate", "The license plate cannot hold control characters."),
        ({"license_plate": "EV\x1b[1m"}, "licensePlate", "The license plate cannot hold control characters."),
        ({"plate_state": "x" * 41}, "plateState", "The plate state has at most 40 characters."),
        ({"plate_state": "ß" * 40}, "plateState", "The plate state has at most 40 characters."),
        ({"plate_state": "C\x07A"}, "plateState", "The plate state cannot hold control characters."),
        ({"make": "x" * 41}, "make", "The make has at most 40 characters."),
        ({"make": "Fo\x00rd"}, "make", "The make cannot hold control characters."),
        ({"color": "x" * 41}, "color", "The color has at most 40 characters."),
        ({"color": "\ud800"}, "color", "The color cannot hold control characters."),
    ],
)
def test_a_vehicle_is_refused_with_the_field_at_fault(vehicle: dict[str, str], field: str, message: str):
    with pytest.raises(Refusal) as refused:
        clean_vehicle(Vehicle(**{"license_plate": "EV 1", **vehicle}))
    assert (refused.value.code, refused.value.message) == (ErrorCode.INVALID, message)
    assert refused.value.field == ("input", "vehicle", field)


@pytest.mark.parametrize(
    ("vehicle", "cleaned"),
    [
        ({"license_plate": "x" * 20}, {"license_plate": "X" * 20}),
        ({"license_plate": " " * 30 + "ev" + " " * 30 + "1"}, {"license_plate": "EV 1"}),
        ({"license_plate": "bö·ß 1"}, {"license_plate": "BÖ·SS 1"}),
        ({"make": "x" * 40}, {"license_plate": "EV 1", "make": "x" * 40}),
        ({"make": "Mercedes\t\n Benz"}, {"license_plate": "EV 1", "make": "Mercedes Benz"}),
    ],
)
def test_a_vehicle_is_taken_tidied(vehicle: dict[str, str], cleaned: dict[str, str]):
    assert clean_vehicle(Vehicle(**{"license_plate": "EV 1", **vehicle})) == Vehicle(**cleaned)


@pytest.mark.parametrize(
    ("number", "cleaned"), [("T-1", "T-1"), ("  t  1 ", "t 1"), ("9" * 40, "9" * 40), ("٣٤", "٣٤")]
)
def test_a_ticket_number_is_taken_trimmed(number: str, cleaned: str):
    assert clean_ticket(number) == cleaned


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("", "The ticket number is missing."),
        ("  ", "The ticket number is missing."),
        ("9" * 41, "The ticket number has at most 40 characters."),
        ("T\x001", "The ticket number cannot hold control characters."),
    ],
)
def test_a_ticket_number_is_refused_with_its_field(number: str, message: str):
    with pytest.raises(Refusal) as refused:
        clean_ticket(number)
    assert (refused.value.code, refused.value.message) == (ErrorCode.INVALID, message)
    assert refused.value.field == ("input", "ticketNumber")


@pytest.mark.parametrize(
    "note", ["x" * 500, "Press twice,\r\n\tthen pull.", "Key\xa0in glove box 👩\u200d🔧", "¿Dónde? В багажнике"]
)
def test_a_note_may_have_lines_and_any_script(note: str):
    assert clean_note(f" {note}\n") == note


@pytest.mark.parametrize(
    ("note", "message"),
    [
        ("x" * 501, "The charging note has at most 500 characters."),
        ("a\x00b", "The charging note cannot hold control characters."),
        ("\x1b[2J", "The charging note cannot hold control characters."),
        ("a\x85b", "The charging note cannot hold control characters."),
        ("half a pair \ud83d", "The charging note cannot hold control characters."),
    ],
)
def test_a_note_is_refused_with_its_field(note: str, message: str):
    with pytest.raises(Refusal) as refused:
        clean_note(note)
    assert (refused.value.code, refused.value.message) == (ErrorCode.INVALID, message)
    assert refused.value.field == ("input", "chargingNote")


@pytest.mark.parametrize("early", [NOON, NOON - timedelta(microseconds=1), NOON - timedelta(days=400)])
def test_a_checkout_that_is_not_in_the_future_is_refused(early: datetime):
    with pytest.raises(Refusal) as refused:
        checked_in(estimated_checkout_at=early)
    assert (refused.value.code, refused.value.message) == (
        ErrorCode.INVALID,
        "The estimated checkout must be in the future.",
    )
    assert refused.value.field == ("input", "estimatedCheckoutAt")


@pytest.mark.parametrize("at", [None, NOON + timedelta(microseconds=1), LATER])
def test_a_checkout_in_the_future_or_unknown_is_taken(at: datetime | None):
    refuse_past_checkout(at, NOON)
    assert checked_in(estimated_checkout_at=at).estimated_checkout_at == at


def test_a_check_out_closes_the_stay_once():
    stay = check_out(checked_in(), LATER)
    assert (stay.status, stay.checked_out_at) == (StayStatus.CLOSED, LATER)
    with pytest.raises(Refusal) as refused:
        check_out(stay, LATER)
    assert (refused.value.code, refused.value.message) == (
        ErrorCode.STAY_CLOSED,
        "Ticket T-1 is checked out already.",
    )
    assert refused.value.field == ("input", "stayId")


def test_a_closed_stay_is_refused_at_the_field_that_named_it():
    refuse_closed(checked_in())
    with pytest.raises(Refusal) as refused:
        refuse_closed(check_out(checked_in(), LATER), ("input", "ticketNumber"))
    assert refused.value.field == ("input", "ticketNumber")

"""One visit of one vehicle: the parking ticket."""

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from evgraph.domain.refusals import ErrorCode, Refusal

MAX_PLATE = 20
MAX_TICKET = 40
MAX_WORD = 40
MAX_NOTE = 500
_BREAKS = "\t\n\r"


class StayKind(StrEnum):
    TRANSIENT = "TRANSIENT"
    MONTHLY = "MONTHLY"


class StayStatus(StrEnum):
    OPEN = "OPEN"
    CLOSED = "CLOSED"


class CheckOutWarningCode(StrEnum):
    CHARGES_PENDING = "CHARGES_PENDING"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutWarning:
    """A condition of a check-out that succeeded, for the attendant to know. `message`: a whole sentence."""

    code: CheckOutWarningCode
    message: str


class Channel(StrEnum):
    POS = "POS"
    HANDHELD = "HANDHELD"
    PORTAL = "PORTAL"
    API = "API"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    license_plate: str
    plate_state: str | None = None
    make: str | None = None
    color: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    id: int
    garage_id: int
    ticket_number: str
    kind: StayKind
    status: StayStatus
    channel: Channel
    license_plate: str
    plate_state: str | None
    make: str | None
    color: str | None
    charging_note: str | None
    checked_in_at: datetime
    estimated_checkout_at: datetime | None
    checked_out_at: datetime | None

    @property
    def vehicle(self) -> Vehicle:
        return Vehicle(
            license_plate=self.license_plate,
            plate_state=self.plate_state,
            make=self.make,
            color=self.color,
        )


def check_in(
    *,
    garage_id: int,
    ticket_number: str,
    kind: StayKind,
    channel: Channel,
    vehicle: Vehicle,
    charging_note: str | None,
    estimated_checkout_at: datetime | None,
    now: datetime,
) -> Stay:
    """A new open stay. Raises Refusal INVALID with the field at fault."""
    refuse_past_checkout(estimated_checkout_at, now)
    seen = clean_vehicle(vehicle)
    return Stay(
        id=0,
        garage_id=garage_id,
        ticket_number=ticket_number,
        kind=kind,
        status=StayStatus.OPEN,
        channel=channel,
        license_plate=seen.license_plate,
        plate_state=seen.plate_state,
        make=seen.make,
        color=seen.color,
        charging_note=clean_note(charging_note),
        checked_in_at=now,
        estimated_checkout_at=estimated_checkout_at,
        checked_out_at=None,
    )


def check_out(stay: Stay, now: datetime) -> Stay:
    refuse_closed(stay)
    return replace(stay, status=StayStatus.CLOSED, checked_out_at=now)


def charges_pending(stay: Stay) -> CheckOutWarning:
    """T12: the bill of the stay rests on a session whose charger has not reported the end."""
    return CheckOutWarning(
        code=CheckOutWarningCode.CHARGES_PENDING,
        message="The charger has not reported the end of a session. "
        f"Ticket {stay.ticket_number} was billed at the last meter reading and may be corrected later.",
    )


def refuse_incomplete(
    *, stay_id: object | None, garage_id: object | None, ticket_number: str | None, id_name: str = "stayId"
) -> None:
    """Identifiers must name one stay. Raises Refusal INVALID for too few of them. `id_name`: what the id is called
    where it was given."""
    if stay_id is not None or (garage_id is not None and ticket_number is not None):
        return
    if ticket_number is not None:
        raise Refusal(ErrorCode.INVALID, f"Provide garageId with ticketNumber, or {id_name}.", ("input", "garageId"))
    if garage_id is not None:
        raise Refusal(
            ErrorCode.INVALID, f"Provide ticketNumber with garageId, or {id_name}.", ("input", "ticketNumber")
        )
    raise Refusal(ErrorCode.INVALID, f"Provide {id_name}, or garageId and ticketNumber.", ("input", id_name))


def refuse_contradiction(stay: Stay, *, garage_id: int | None, ticket_number: str | None) -> None:
    """Identifiers beyond the id must name the same stay; None was not given. Raises Refusal INVALID with the field that
    names another stay."""
    if garage_id not in (None, stay.garage_id):
        raise Refusal(ErrorCode.INVALID, f"Ticket {stay.ticket_number} is not in this garage.", ("input", "garageId"))
    if ticket_number is not None and same_ticket(ticket_number) != stay.ticket_number:
        raise Refusal(
            ErrorCode.INVALID,
            f"The ticket number of this stay is {stay.ticket_number}, not {same_ticket(ticket_number)[:MAX_TICKET]}.",
            ("input", "ticketNumber"),
        )


def same_ticket(number: str) -> str:
    """A ticket number as it is stored, to compare with."""
    return " ".join(number.split())


def refuse_closed(stay: Stay, field: tuple[str, ...] = ("input", "stayId")) -> None:
    """Raises Refusal STAY_CLOSED: every session belongs to an open ticket."""
    if stay.status is not StayStatus.OPEN:
        raise Refusal(ErrorCode.STAY_CLOSED, f"Ticket {stay.ticket_number} is checked out already.", field)


def refuse_past_checkout(at: datetime | None, now: datetime) -> None:
    if at is not None and at <= now:
        raise Refusal(
            ErrorCode.INVALID,
            "The estimated checkout must be in the future.",
            ("input", "estimatedCheckoutAt"),
        )


def clean_ticket(number: str) -> str:
    """Raises Refusal INVALID for an empty or over-long ticket number."""
    return _clean(number, "ticket number", MAX_TICKET, ("input", "ticketNumber")) or _missing(
        "ticket number", ("input", "ticketNumber")
    )


def clean_vehicle(vehicle: Vehicle) -> Vehicle:
    """Trimmed, the plate and its state in capitals. Raises Refusal INVALID with the field at fault."""
    field = ("input", "vehicle")
    # In capitals before they are measured: ß becomes SS.
    plate = _clean(vehicle.license_plate.upper(), "license plate", MAX_PLATE, (*field, "licensePlate"))
    state = _clean((vehicle.plate_state or "").upper(), "plate state", MAX_WORD, (*field, "plateState"))
    return Vehicle(
        license_plate=plate or _missing("license plate", (*field, "licensePlate")),
        plate_state=state,
        make=_clean(vehicle.make, "make", MAX_WORD, (*field, "make")),
        color=_clean(vehicle.color, "color", MAX_WORD, (*field, "color")),
    )


def clean_note(note: str | None) -> str | None:
    """Trimmed; it may have several lines. Raises Refusal INVALID for an over-long one and for control characters."""
    text = (note or "").strip()
    if len(text) > MAX_NOTE:
        raise Refusal(
            ErrorCode.INVALID,
            f"The charging note has at most {MAX_NOTE} characters.",
            ("input", "chargingNote"),
        )
    if any(unicodedata.category(sign) in ("Cc", "Cs") and sign not in _BREAKS for sign in text):
        raise Refusal(ErrorCode.INVALID, "The charging note cannot hold control characters.", ("input", "chargingNote"))
    return text or None


def _clean(text: str | None, what: str, longest: int, field: tuple[str, ...]) -> str | None:
    words = " ".join((text or "").split())
    if len(words) > longest:
        raise Refusal(ErrorCode.INVALID, f"The {what} has at most {longest} characters.", field)
    if not words.isprintable():
        raise Refusal(ErrorCode.INVALID, f"The {what} cannot hold control characters.", field)
    return words or None


def _missing(what: str, field: tuple[str, ...]) -> str:
    raise Refusal(ErrorCode.INVALID, f"The {what} is missing.", field)

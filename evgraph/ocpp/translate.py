"""From what a charger said to the values of the domain."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from evgraph.domain.cards import IdTagInfo
from evgraph.domain.charge_point import BootReport
from evgraph.domain.charging_session import StopReason
from evgraph.domain.energy import Reading, instants, reading_of
from evgraph.domain.port import PortStatus, StatusReport
from evgraph.domain.transactions import StartAnswer, TransactionStart, TransactionStop
from evgraph.ocpp import messages

EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
# A clock that is ahead by less is a good one.
_UNFLAGGED_AHEAD = timedelta(seconds=60)
_MICROSECOND = timedelta(microseconds=1)
_NO_ERROR = "noerror"

# datetime.fromisoformat() also takes a bare date, which would be midnight.
_DATE_AND_TIME = re.compile(r"\d{4}-?\d\d-?\d\d[Tt ]\d\d.*", re.ASCII)
_STATUSES = {status.value.casefold(): status for status in PortStatus if status is not PortStatus.OFFLINE}
_REASONS = {reason.value.casefold(): reason for reason in StopReason}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """`at` is the instant to go by, `reported` the charger's own words, `reported_at` the instant that they name, None
    if they cannot be read. `is_replaced`: to be flagged, since `at` is not the charger's own."""

    at: datetime
    reported: str
    is_replaced: bool
    reported_at: datetime | None


def stamp(reported: str | None, received_at: datetime) -> Stamp:
    """B7: the time of receipt replaces a stamp that cannot be read, one before 2020, and one that is ahead of it; that
    is flagged, but for a stamp ahead by a minute at most. One in the past is right: it was queued offline."""
    reported_at = instant(reported) if reported else None
    at, is_replaced = placed(reported_at, received_at)
    return Stamp(at=at, reported=reported or "", is_replaced=is_replaced, reported_at=reported_at)


def placed(reported_at: datetime | None, received_at: datetime) -> tuple[datetime, bool]:
    """B7: the instant to go by, and whether it replaces the charger's own."""
    if reported_at is None or reported_at < EARLIEST:
        return received_at, True
    if reported_at > received_at:
        return received_at, reported_at - received_at > _UNFLAGGED_AHEAD
    return reported_at, False


def boot_report(message: messages.BootNotification) -> BootReport:
    return BootReport(
        vendor=message.vendor,
        model=message.model,
        serial_number=message.serial_number,
        firmware_version=message.firmware_version,
    )


def status_report(message: messages.StatusNotification, received_at: datetime) -> StatusReport | None:
    """Null when the connector or the status makes no sense. NoError is no error code."""
    status = _STATUSES.get((message.status or "").casefold())
    if message.connector_id is None or status is None:
        return None
    told = stamp(message.timestamp, received_at)
    return StatusReport(
        connector_id=message.connector_id,
        status=status,
        error_code=error_code(message),
        info=message.info or None,
        vendor_error_code=message.vendor_error_code or None,
        at=told.at,
        received_at=received_at,
        stamped_at=told.reported_at,
        is_stamped=not told.is_replaced or told.reported_at == told.at,
    )


def error_code(message: messages.StatusNotification) -> str | None:
    return None if (message.error_code or _NO_ERROR).casefold() == _NO_ERROR else message.error_code


def transaction_start(message: messages.StartTransaction, received_at: datetime) -> TransactionStart:
    """S6: whatever of it could not be read, it is a start."""
    begun = stamp(message.timestamp, received_at)
    return TransactionStart(
        connector_id=message.connector_id or 0,
        id_tag=message.id_tag or "",
        meter_start_wh=message.meter_start_wh,
        at=begun.at,
        reported_at=begun.reported,
        clock_replaced=begun.is_replaced,
        stamped_at=begun.reported_at,
        received_at=received_at,
    )


def transaction_stop(message: messages.StopTransaction, received_at: datetime, raw: str) -> TransactionStop:
    ended = stamp(message.timestamp, received_at)
    return TransactionStop(
        transaction_id=message.transaction_id,
        id_tag=message.id_tag,
        meter_stop_wh=message.meter_stop_wh,
        at=ended.at,
        reason=_reason(message.reason),
        readings=readings(message.transaction_data, received_at),
        clock_replaced=ended.is_replaced,
        raw=raw,
        stamped_at=ended.reported_at,
        received_at=received_at,
    )


def readings(meter_values: Iterable[messages.MeterValue], received_at: datetime) -> tuple[Reading, ...]:
    """One for each instant, in the order of time, also where it says nothing of energy or power: it shows that the
    session runs (B2, M1, M4)."""
    stamped = [(stamp(entry.timestamp, received_at), entry.samples) for entry in meter_values]
    places = _places([stamped_at for stamped_at, _ in stamped], received_at)
    found = [
        reading_of(
            places.get(taken.reported_at, taken.at),
            samples,
            clock_replaced=taken.is_replaced,
            received_at=received_at,
            reported_at=taken.reported_at,
        )
        for taken, samples in stamped
    ]
    return tuple(instants(found))


def _places(stamps: Iterable[Stamp], received_at: datetime) -> dict[datetime | None, datetime]:
    """Where several stamps of a message were replaced by its receipt, they stay apart and in order, by microseconds."""
    shifted = sorted({one.reported_at for one in stamps if one.reported_at is not None and one.reported_at != one.at})
    return {reported_at: received_at - place * _MICROSECOND for place, reported_at in enumerate(reversed(shifted))}


def id_tag_info(told: IdTagInfo | StartAnswer) -> dict[str, str]:
    """OCPP 1.6 section 7.27; what is null is left out."""
    info = {"status": told.status.value}
    if told.expires_at is not None:
        info["expiryDate"] = iso(told.expires_at)
    if told.parent_id_tag is not None:
        info["parentIdTag"] = told.parent_id_tag
    return info


def iso(instant: datetime) -> str:
    """UTC with Z, in milliseconds: a Phihong model takes nothing else (B1)."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _reason(text: str | None) -> StopReason:
    # OCPP 1.6 section 6.49: no reason means Local.
    return _REASONS.get(text.casefold(), StopReason.OTHER) if text else StopReason.LOCAL


def instant(reported: str) -> datetime | None:
    """As it was written; null where that makes no sense."""
    if not _DATE_AND_TIME.fullmatch(reported):
        return None
    try:
        at = datetime.fromisoformat(reported.upper().replace(" ", "T", 1))
        # OCPP 1.6 errata 3.10 asks for a zone; without one it is taken as UTC.
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None

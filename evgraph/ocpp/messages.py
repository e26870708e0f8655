"""What chargers send (OCPP 1.6 section 6), read tolerantly: null stands for what was left out or makes no sense.

Each function reads one payload and raises CallRefused when a part that its message cannot do without is missing
altogether. A timestamp is never such a part: ours replaces it (B7).
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from evgraph.domain.energy import (
    CONTEXTS,
    INTERVAL,
    LOCATIONS,
    OUTLET,
    PERIODIC,
    POWER,
    REGISTER,
    SampledValue,
    WattHours,
)
from evgraph.ocpp.fields import MAX_WATT_HOURS, Fields, number, text_of

ID_TAG_LENGTH = 20
_STAMP_LENGTH = 64
_WORD_LENGTH = 50
LARGEST_POWER = 10**9

_MEASURANDS = {name.casefold(): name for name in (REGISTER, INTERVAL, POWER)}
_LOCATIONS = {name.casefold(): name for name in LOCATIONS}
_CONTEXTS = {name.casefold(): name for name in CONTEXTS}
# Firmware confuses Wh with W; what counts is the k.
_UNITS = {"": None, "wh": None, "w": None, "kwh": "kWh", "kw": "kW"}
_OF_ENERGY_OR_POWER = ("wh", "w")


@dataclass(frozen=True, slots=True, kw_only=True)
class BootNotification:
    vendor: str | None
    model: str | None
    serial_number: str | None
    firmware_version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusNotification:
    connector_id: int | None
    status: str | None
    error_code: str | None
    info: str | None
    vendor_error_code: str | None
    timestamp: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorize:
    id_tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTransaction:
    connector_id: int | None
    id_tag: str | None
    meter_start_wh: WattHours | None
    timestamp: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterValue:
    timestamp: str | None
    samples: tuple[SampledValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterValues:
    """`transaction_id` is null unless it is a positive int32."""

    connector_id: int | None
    transaction_id: int | None
    meter_values: tuple[MeterValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTransaction:
    """`transaction_id` is null unless it is a positive int32; `reason` is text, known or not."""

    transaction_id: int | None
    id_tag: str | None
    meter_stop_wh: WattHours | None
    timestamp: str | None
    reason: str | None
    transaction_data: tuple[MeterValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataTransfer:
    vendor_id: str
    message_id: str | None


def boot_notification(fields: Fields) -> BootNotification:
    fields.require("chargePointVendor", "chargePointModel")
    return BootNotification(
        vendor=fields.text("chargePointVendor", 20),
        model=fields.text("chargePointModel", 20),
        serial_number=fields.text("chargePointSerialNumber", 25) or fields.text("chargeBoxSerialNumber", 25),
        firmware_version=fields.text("firmwareVersion", 50),
    )


def status_notification(fields: Fields) -> StatusNotification:
    """A missing errorCode is taken as NoError: the status is worth more than the form."""
    fields.require("connectorId", "status")
    return StatusNotification(
        connector_id=fields.connector_id(),
        status=fields.text("status", _WORD_LENGTH),
        error_code=fields.text("errorCode", _WORD_LENGTH),
        info=fields.text("info", _WORD_LENGTH),
        vendor_error_code=fields.text("vendorErrorCode", _WORD_LENGTH),
        timestamp=_stamp(fields),
    )


def authorize(fields: Fields) -> Authorize:
    return Authorize(id_tag=fields.required_text("idTag", ID_TAG_LENGTH))


def start_transaction(fields: Fields) -> StartTransaction:
    """An idTag of null is that of a charger that starts by itself: none, and no reason to lose the session (S6)."""
    fields.require("connectorId", "idTag", "meterStart")
    return StartTransaction(
        connector_id=fields.connector_id(),
        id_tag=fields.text("idTag", ID_TAG_LENGTH) if fields.is_given("idTag") else "",
        meter_start_wh=fields.watt_hours("meterStart"),
        timestamp=_stamp(fields),
    )


def meter_values(fields: Fields) -> MeterValues:
    """A transactionId tells whose readings they are, whatever becomes of the connectorId (C8, M3)."""
    transaction_id = fields.transaction_id()
    fields.require("meterValue", *(() if transaction_id is not None else ("connectorId",)))
    return MeterValues(
        connector_id=fields.connector_id(),
        transaction_id=transaction_id,
        meter_values=_meter_values(fields, "meterValue"),
    )


def stop_transaction(fields: Fields) -> StopTransaction:
    # T3: a missing transactionId is null; some serializers leave out what is null.
    fields.require("meterStop")
    return StopTransaction(
        transaction_id=fields.transaction_id(),
        id_tag=fields.text("idTag", ID_TAG_LENGTH),
        meter_stop_wh=fields.watt_hours("meterStop"),
        timestamp=_stamp(fields),
        reason=fields.text("reason", _WORD_LENGTH),
        transaction_data=_meter_values(fields, "transactionData"),
    )


def data_transfer(fields: Fields) -> DataTransfer:
    return DataTransfer(
        vendor_id=fields.required_word("vendorId", 255),
        message_id=fields.quietly().text("messageId", _WORD_LENGTH),
    )


def _stamp(fields: Fields) -> str | None:
    return text_of(fields.value("timestamp"), _STAMP_LENGTH)


def _meter_values(fields: Fields, name: str) -> tuple[MeterValue, ...]:
    return tuple(
        MeterValue(timestamp=_stamp(entry), samples=_samples(entry, entry.dictionaries("sampledValue")))
        for entry in fields.objects(name)
    )


def _samples(fields: Fields, sampled: list[dict[str, Any]]) -> tuple[SampledValue, ...]:
    """Without what is not read: another measurand, the unit of another measurand, SignedData; and, noted, without a
    value that is not a reading (M1)."""
    found = []
    for values in sampled:
        get = values.get
        kind = _kind(
            _word(get("measurand")),
            _word(get("unit")),
            _word(get("format")),
            _word(get("phase")),
            _word(get("location")),
            _word(get("context")),
        )
        if kind is None:
            continue
        value = number(get("value"))
        if value is None or not kind.unit_is_known or not is_plausible(kind.measurand, value, kind.unit):
            fields.note(f"{kind.measurand} is not a reading")
            continue
        found.append(
            SampledValue(
                value=value,
                measurand=kind.measurand,
                unit=kind.unit,
                phase=kind.phase,
                location=kind.location,
                context=kind.context,
            )
        )
    return tuple(found)


class _Kind(NamedTuple):
    """All that a sample says besides its value."""

    measurand: str
    unit_is_known: bool
    unit: str | None
    phase: str | None
    location: str
    context: str


# A charger has a dozen kinds of samples and sends them for years.
@lru_cache(maxsize=1024)
def _kind(measurand: str, unit: str, format_: str, phase: str, location: str, context: str) -> _Kind | None:
    """Of words, each empty where it was left out. Null for what is not read."""
    # OCPP 1.6, SampledValue: no measurand means Energy.Active.Import.Register, no format Raw, no location Outlet.
    known = _MEASURANDS.get((measurand or REGISTER).casefold())
    if known is None or format_.casefold() == "signeddata":
        return None
    unit = unit.casefold()
    if unit not in _UNITS and not unit.endswith(_OF_ENERGY_OR_POWER):
        # Amperes or volts without a measurand are another one.
        return None
    return _Kind(
        measurand=known,
        unit_is_known=unit in _UNITS,
        unit=_UNITS.get(unit),
        phase=phase.upper() or None,
        location=_LOCATIONS.get(location.casefold(), location) or OUTLET,
        context=_CONTEXTS.get(context.casefold(), context) or PERIODIC,
    )


def _word(value: Any) -> str:
    """Trimmed and cut; empty where it is missing, null or no word."""
    if value is None:
        return ""
    return text_of(value, _WORD_LENGTH) or ""


def is_plausible(measurand: str, value: Decimal, unit: str | None) -> bool:
    """No error mark of a meter; and an import register never stands below zero."""
    base = value * 1000 if unit else value
    return abs(base) <= LARGEST_POWER if measurand == POWER else 0 <= base <= MAX_WATT_HOURS

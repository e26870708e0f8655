"""The short road of a MeterValues that is written as nearly all are. Anything else takes the tolerant one, through
`messages` and `translate`; where this one reads at all, both read the same."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from evgraph.domain.energy import INTERVAL, POWER, REGISTER, Reading, whole
from evgraph.ocpp import messages, translate
from evgraph.ocpp.fields import MAX_CONNECTOR, MAX_INT32, MAX_WATT_HOURS, Fields, number
from evgraph.ocpp.messages import LARGEST_POWER, is_plausible
from evgraph.ocpp.translate import EARLIEST, FARTHEST_AHEAD

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_LONGEST_WHOLE = 10

# By measurand and unit, each absent or as OCPP 1.6 spells it: what is measured, and the unit where it counts thousands.
_KINDS: dict[tuple[str | None, str | None], tuple[str, str | None]] = {
    (measurand, unit): (measurand or REGISTER, thousands)
    for measurand in (None, REGISTER, INTERVAL, POWER)
    for unit, thousands in ((None, None), ("Wh", None), ("W", None), ("kWh", "kWh"), ("kW", "kW"))
}
# OCPP 1.6 section 7.31: those that are not read.
_NOT_READ = frozenset(
    {
        "Current.Export",
        "Current.Import",
        "Current.Offered",
        "Energy.Active.Export.Interval",
        "Energy.Active.Export.Register",
        "Energy.Reactive.Export.Interval",
        "Energy.Reactive.Export.Register",
        "Energy.Reactive.Import.Interval",
        "Energy.Reactive.Import.Register",
        "Frequency",
        "Power.Active.Export",
        "Power.Factor",
        "Power.Offered",
        "Power.Reactive.Export",
        "Power.Reactive.Import",
        "RPM",
        "SoC",
        "Temperature",
        "Voltage",
    }
)


class Told(NamedTuple):
    """What a MeterValues says, on either road. `connector_id` is null where it makes no sense."""

    connector_id: int | None
    transaction_id: int | None
    readings: tuple[Reading, ...]


def readings_told(fields: Fields, received_at: datetime) -> Told:
    """By the short road if it can be, else by the tolerant one. Raises CallRefused."""
    told = plainly(fields.payload, received_at)
    if told is not None:
        return told
    message = messages.meter_values(fields)
    readings = translate.readings(message.meter_values, received_at)
    return Told(message.connector_id, message.transaction_id, readings)


def plainly(payload: Mapping[str, Any], received_at: datetime) -> Told | None:
    """Null for what is written otherwise."""
    connector_id, transaction_id = payload.get("connectorId"), payload.get("transactionId")
    meter_values = payload.get("meterValue")
    if type(connector_id) is not int or not 0 <= connector_id <= MAX_CONNECTOR or type(meter_values) is not list:
        return None
    if transaction_id is not None and (type(transaction_id) is not int or not 0 < transaction_id <= MAX_INT32):
        return None
    try:
        readings = [_reading(meter_value, received_at) for meter_value in meter_values]
    except _WrittenOtherwise:
        return None
    return Told(connector_id, transaction_id, tuple(readings))


class _WrittenOtherwise(Exception):
    pass


def _reading(meter_value: Any, received_at: datetime) -> Reading:
    if type(meter_value) is not dict:
        raise _WrittenOtherwise
    sampled = meter_value.get("sampledValue")
    if type(sampled) is not list:
        raise _WrittenOtherwise
    register_wh: int | None = None
    interval_wh: int | None = None
    power_w: int | None = None
    for sample in sampled:
        if type(sample) is not dict:
            raise _WrittenOtherwise
        get = sample.get
        measurand, unit = get("measurand"), get("unit")
        if type(measurand) is str and measurand in _NOT_READ:
            continue
        if not (unit is None or type(unit) is str) or not (measurand is None or type(measurand) is str):
            raise _WrittenOtherwise
        kind = _KINDS.get((measurand, unit))
        # One phase of several, a signed value, the car's side.
        if kind is None or "phase" in sample or get("format", "Raw") != "Raw" or get("location", "Outlet") != "Outlet":
            raise _WrittenOtherwise
        amount = _amount(get("value"), kind)
        if kind[0] == REGISTER:
            register_wh = amount
        elif kind[0] == POWER:
            power_w = amount
        else:
            interval_wh = amount + (interval_wh or 0)
    at = _instant(meter_value.get("timestamp"))
    is_replaced = at < EARLIEST or at - received_at > FARTHEST_AHEAD
    return Reading(
        at=received_at if is_replaced else at,
        register_wh=register_wh,
        interval_wh=interval_wh,
        power_w=power_w,
        clock_replaced=is_replaced,
    )


def _amount(value: Any, kind: tuple[str, str | None]) -> int:
    if type(value) is not str:
        raise _WrittenOtherwise
    measurand, thousands = kind
    if len(value) <= _LONGEST_WHOLE and value.isdecimal() and value.isascii():
        amount = int(value) * 1000 if thousands else int(value)
        if amount > (LARGEST_POWER if measurand == POWER else MAX_WATT_HOURS):
            raise _WrittenOtherwise
        return amount
    exact = number(value)
    # Intervals are rounded as a sum.
    if exact is None or measurand == INTERVAL or not is_plausible(measurand, exact, thousands):
        raise _WrittenOtherwise
    return whole(exact * 1000 if thousands else exact)


def _instant(reported: Any) -> datetime:
    if type(reported) is not str or not _STAMP.fullmatch(reported):
        raise _WrittenOtherwise
    try:
        at = datetime.fromisoformat(reported)
        return at if at.tzinfo is UTC else at.astimezone(UTC)
    except (ValueError, OverflowError) as failure:
        raise _WrittenOtherwise from failure

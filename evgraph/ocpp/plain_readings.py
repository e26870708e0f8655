"""The short road of a MeterValues that is written as nearly all are: one typed reading of its frame. All else takes
the tolerant road, through `frames`, `messages` and `translate`; where this one reads at all, both read the same."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

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


class PlainCall(NamedTuple):
    message_id: str
    told: Told


class _Sample(msgspec.Struct, gc=False):
    value: Any = None
    measurand: str | None = None
    unit: str | None = None
    phase: str | None = None
    format: str = "Raw"
    location: str = "Outlet"


class _MeterValue(msgspec.Struct, gc=False, rename="camel"):
    timestamp: str
    sampled_value: list[_Sample]


class _MeterValues(msgspec.Struct, gc=False, rename="camel"):
    connector_id: Annotated[int, msgspec.Meta(ge=0, le=MAX_CONNECTOR)]
    meter_value: list[_MeterValue]
    transaction_id: Annotated[int, msgspec.Meta(gt=0, le=MAX_INT32)] | None = None


_ACTION = "MeterValues"
_decoder = msgspec.json.Decoder(tuple[Literal[2], str, Literal["MeterValues"], _MeterValues])


def tolerantly(fields: Fields, received_at: datetime) -> Told:
    """Raises CallRefused."""
    message = messages.meter_values(fields)
    readings = translate.readings(message.meter_values, received_at)
    return Told(message.connector_id, message.transaction_id, readings)


def plainly(frame: str, received_at: datetime) -> PlainCall | None:
    """Null for what is written otherwise, or is another message."""
    if _ACTION not in frame:
        return None
    try:
        _, message_id, _, said = _decoder.decode(frame)
        readings = [_reading(meter_value, received_at) for meter_value in said.meter_value]
    except (_WrittenOtherwise, msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return PlainCall(message_id, Told(said.connector_id, said.transaction_id, tuple(readings)))


class _WrittenOtherwise(Exception):
    pass


def _reading(meter_value: _MeterValue, received_at: datetime) -> Reading:
    register_wh: int | None = None
    interval_wh: int | None = None
    power_w: int | None = None
    for sample in meter_value.sampled_value:
        kind = _KINDS.get((sample.measurand, sample.unit))
        if kind is None:
            if sample.measurand in _NOT_READ:
                continue
            raise _WrittenOtherwise
        # One phase of several, a signed value, the car's side.
        if sample.phase is not None or sample.format != "Raw" or sample.location != "Outlet":
            raise _WrittenOtherwise
        amount = _amount(sample.value, kind)
        if kind[0] == REGISTER:
            register_wh = amount
        elif kind[0] == POWER:
            power_w = amount
        else:
            interval_wh = amount + (interval_wh or 0)
    at = _instant(meter_value.timestamp)
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


def _instant(reported: str) -> datetime:
    if not _STAMP.fullmatch(reported):
        raise _WrittenOtherwise
    try:
        at = datetime.fromisoformat(reported)
        return at if at.tzinfo is UTC else at.astimezone(UTC)
    except (ValueError, OverflowError) as failure:
        raise _WrittenOtherwise from failure

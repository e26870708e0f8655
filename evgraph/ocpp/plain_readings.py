"""The short road of a MeterValues that is written as nearly all are: one typed reading of its frame. All else takes
the tolerant road, through `frames`, `messages` and `translate`; where this one reads at all, both read the same."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from evgraph.domain.energy import INTERVAL, POWER, REGISTER, Reading, decimal_step_wh, whole
from evgraph.domain.evolving import maker_of
from evgraph.ocpp import messages, translate
from evgraph.ocpp.fields import MAX_CONNECTOR, MAX_INT32, MAX_WATT_HOURS, Fields
from evgraph.ocpp.messages import LARGEST_POWER, is_plausible
from evgraph.ocpp.translate import EARLIEST, placed

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_LONGEST_WHOLE = 10
_DECIMAL = re.compile(r"\d{1,15}\.\d{1,15}", re.ASCII)

# By measurand and unit, each absent or as OCPP 1.6 spells it: what is measured, and the unit where it counts thousands.
_KINDS: dict[tuple[str | None, str | None], tuple[str, str | None]] = {
    (measurand, unit): (measurand or REGISTER, thousands)
    for measurand in (None, REGISTER, INTERVAL, POWER)
    for unit, thousands in ((None, None), ("Wh", None), ("W", None), ("kWh", "kWh"), ("kW", "kW"))
}
# Contexts whose values are the current ones, whatever else is there.
_CURRENT = ("Sample.Periodic", "Sample.Clock")
_PERIODIC = "Sample.Periodic"
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
    context: str = _PERIODIC


class _MeterValue(msgspec.Struct, gc=False, rename="camel"):
    timestamp: str
    sampled_value: list[_Sample]


class _MeterValues(msgspec.Struct, gc=False, rename="camel"):
    connector_id: Annotated[int, msgspec.Meta(ge=0, le=MAX_CONNECTOR)]
    meter_value: list[_MeterValue]
    transaction_id: Annotated[int, msgspec.Meta(gt=0, le=MAX_INT32)] | None = None


_ACTION = "MeterValues"
_made_reading = maker_of(Reading)
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
        if len(readings) > 1 and not _are_in_order(readings):
            return None
    except (_WrittenOtherwise, msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return PlainCall(message_id, Told(said.connector_id, said.transaction_id, tuple(readings)))


class _WrittenOtherwise(Exception):
    pass


def _are_in_order(readings: list[Reading]) -> bool:
    """Each newer than the one before, by stamps of the charger's own: nothing is to be merged or moved."""
    return all(
        one.at < other.at and one.reported_at is one.at and other.reported_at is other.at
        for one, other in pairwise(readings)
    )


def _reading(meter_value: _MeterValue, received_at: datetime) -> Reading:
    """Of at most one register, one interval, and one power; all else takes the tolerant road."""
    register_wh: int | None = None
    interval_wh: int | None = None
    power_w: int | None = None
    step_wh = 1
    for sample in meter_value.sampled_value:
        kind = _KINDS.get((sample.measurand, sample.unit))
        if kind is None:
            if sample.measurand in _NOT_READ:
                continue
            raise _WrittenOtherwise
        # One phase of several, a signed value, another meter, the register of the start.
        if (
            sample.phase is not None
            or sample.format != "Raw"
            or sample.location != "Outlet"
            or sample.context not in _CURRENT
        ):
            raise _WrittenOtherwise
        measurand, thousands = kind
        if measurand == REGISTER:
            if register_wh is not None:
                raise _WrittenOtherwise
            register_wh = _amount(sample.value, kind)
            if thousands:
                step_wh = decimal_step_wh(-len(sample.value.partition(".")[2]), is_thousands=True)
        elif measurand == POWER:
            if power_w is not None:
                raise _WrittenOtherwise
            power_w = _amount(sample.value, kind)
        else:
            if interval_wh is not None or sample.context != _PERIODIC:
                raise _WrittenOtherwise
            interval_wh = _amount(sample.value, kind)
    reported_at = _instant(meter_value.timestamp)
    if EARLIEST <= reported_at <= received_at:
        at, is_replaced = reported_at, False
    else:
        at, is_replaced = placed(reported_at, received_at)
    return _made_reading(
        at=at,
        register_wh=register_wh,
        interval_wh=interval_wh,
        power_w=power_w,
        clock_replaced=is_replaced,
        received_at=received_at,
        reported_at=reported_at,
        step_wh=step_wh,
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
    if not _DECIMAL.fullmatch(value):
        raise _WrittenOtherwise
    exact = Decimal(value)
    # Intervals are rounded as a sum.
    if measurand == INTERVAL or not is_plausible(measurand, exact, thousands):
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

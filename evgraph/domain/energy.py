"""From a charger's samples to Wh and W. Energy is whole Wh everywhere else; here it is exact decimals (M1)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from operator import attrgetter

WattHours = int
Watts = int

# T8: 0.01 kWh; a session that delivered less is not charged for.
SMALLEST_CHARGED_WH: WattHours = 10

REGISTER = "Energy.Active.Import.Register"
INTERVAL = "Energy.Active.Import.Interval"
POWER = "Power.Active.Import"

OUTLET = "Outlet"
INLET = "Inlet"
# OCPP 1.6 section 7.22, best first: what flows through the outlet is what is billed.
LOCATIONS = (OUTLET, "Body", "Cable", "EV", INLET)

PERIODIC = "Sample.Periodic"
BEGIN = "Transaction.Begin"
END = "Transaction.End"
_SAMPLE = "Sample."
_TRIGGER = "Trigger"
# Intervals of several contexts overlap, so only those of one are added up; a stop repeats what was read before it.
_INTERVAL_CONTEXTS = (PERIODIC, "Sample.Clock", _TRIGGER, "Other", "Interruption.End", "Interruption.Begin")
CONTEXTS = (*_INTERVAL_CONTEXTS, BEGIN, END)

LINE_PHASES = ("L1", "L2", "L3")
NEUTRAL_PHASES = ("L1-N", "L2-N", "L3-N")
_PHASES = frozenset({None, *LINE_PHASES, *NEUTRAL_PHASES})

# Sources of energy values are numbers, the best one the lowest. Registers: by location, then by missing phases.
# Intervals: by location, then by context, then by missing phases.
OUTLET_REGISTER = 0
FIRST_INTERVAL = 1000
_REGISTER_LOCATION = 10
_INTERVAL_LOCATION = 100
_INTERVAL_CONTEXT = 10

_THOUSAND = Decimal(1000)
# Two messages with one replaced stamp are one instant if they arrive within this time; a clock that stands still
# gives every reading the same stamp.
_ONE_INSTANT = timedelta(seconds=10)
_time = attrgetter("at")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledValue:
    """One sampledValue of a MeterValue, its defaults filled in (OCPP 1.6, SampledValue).

    No measurand means Energy.Active.Import.Register, no unit means Wh (W for power), no location means Outlet.
    """

    value: Decimal
    measurand: str = REGISTER
    unit: str | None = None
    phase: str | None = None
    location: str = OUTLET
    context: str = PERIODIC


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that a meter reported for one instant: registers and intervals in whole Wh, power in whole W (M1).

    `register_wh` is the best current register, `source` its location and phases, `step_wh` the finest decimal place in
    which it came. `interval_wh` is the best interval, `interval_source` its location, context, and phases. `begin_wh`
    is the register in the context Transaction.Begin, which is never the current one.

    `at` is the instant to go by; `reported_at` the instant that the charger wrote, None if it cannot be read;
    `received_at` when it arrived. `clock_replaced`: `at` is not the charger's own (B7).

    `samples` are the samples behind these values; empty if the values say it all. `counts_inlet`: the charge point has
    one connector, so its inlet's meter is that connector's.
    """

    at: datetime
    register_wh: WattHours | None = None
    interval_wh: WattHours | None = None
    power_w: Watts | None = None
    clock_replaced: bool = False
    received_at: datetime | None = None
    reported_at: datetime | None = None
    begin_wh: WattHours | None = None
    step_wh: WattHours = 1
    source: int = OUTLET_REGISTER
    interval_source: int = FIRST_INTERVAL
    samples: tuple[SampledValue, ...] = ()
    counts_inlet: bool = False


@dataclass(frozen=True, slots=True)
class _Total:
    """`step_wh`: the finest decimal place. `missing`: how many of three phases are not in it."""

    value: Decimal
    step_wh: WattHours
    missing: int


def reading_of(
    at: datetime,
    samples: Iterable[SampledValue],
    *,
    clock_replaced: bool = False,
    received_at: datetime | None = None,
    reported_at: datetime | None = None,
    counts_inlet: bool = False,
) -> Reading:
    """One reading from all the samples of one instant, in any order (M1).

    Equal samples count once; of unequal ones of the same measurand, phase, location, and context, the higher. The best
    location counts: Outlet, Body, Cable, EV; Inlet only if `counts_inlet`. At that location: Transaction.End before
    Sample, Trigger, and other contexts; the unphased value before the sum of the phases.
    """
    known = _known(samples)
    registers = [one for one in known if one.measurand == REGISTER]
    current = _best([one for one in registers if one.context != BEGIN], _rank_of_context, counts_inlet)
    begin = _best([one for one in registers if one.context == BEGIN], _rank_of_context, counts_inlet)
    intervals = [one for one in known if one.measurand == INTERVAL and one.context != BEGIN]
    interval = _best(intervals, _rank_of_interval_context, counts_inlet)
    powers = [one for one in known if one.measurand == POWER and one.context != BEGIN]
    power = _best(powers, _rank_of_context, counts_inlet)
    # The power of one phase is the total only where the register has no other phase either.
    is_total = power is not None and power[2].missing in (0, current[2].missing if current is not None else 0)
    step = current or begin
    return Reading(
        at=at,
        register_wh=whole(current[2].value) if current is not None else None,
        interval_wh=whole(interval[2].value) if interval is not None else None,
        power_w=whole(power[2].value) if power is not None and is_total else None,
        clock_replaced=clock_replaced,
        received_at=received_at,
        reported_at=reported_at,
        begin_wh=whole(begin[2].value) if begin is not None else None,
        step_wh=step[2].step_wh if step is not None else 1,
        source=_register_source(*current) if current is not None else OUTLET_REGISTER,
        interval_source=_interval_source(*interval) if interval is not None else FIRST_INTERVAL,
        samples=() if _are_plain(known) else known,
        counts_inlet=counts_inlet,
    )


def instants(readings: Iterable[Reading]) -> Sequence[Reading]:
    """One reading for each instant, in the order of time (M1, M4)."""
    if type(readings) is tuple and len(readings) < 2:
        return readings
    merged: list[Reading] = []
    for reading in sorted(readings, key=_time):
        if merged and is_same_instant(merged[-1], reading):
            merged[-1] = merged_reading(merged[-1], reading)
        else:
            merged.append(reading)
    return merged


def is_same_instant(one: Reading, other: Reading) -> bool:
    """Whether two readings are of one instant: by the time to go by, or by the charger's own stamp where that was
    replaced for both by the time of receipt (M4)."""
    if one.at == other.at:
        return True
    if one.reported_at is None or one.reported_at != other.reported_at:
        return False
    return abs((one.received_at or one.at) - (other.received_at or other.at)) <= _ONE_INSTANT


def is_stamp_replaced(reading: Reading) -> bool:
    """Whether the time to go by is another one than the charger wrote, flagged or not (B7)."""
    return reading.reported_at is not reading.at and reading.reported_at not in (None, reading.at)


def merged_reading(first: Reading, second: Reading) -> Reading:
    """Two readings of one instant as one (M1, M4); it keeps the first one's times."""
    return reading_of(
        first.at,
        (*_samples_of(first), *_samples_of(second)),
        clock_replaced=first.clock_replaced or second.clock_replaced,
        received_at=first.received_at,
        reported_at=first.reported_at,
        counts_inlet=first.counts_inlet or second.counts_inlet,
    )


def has_inlet(reading: Reading) -> bool:
    """Whether it matters for this reading how many connectors its charge point has (M1)."""
    return not reading.counts_inlet and any(sample.location == INLET for sample in reading.samples)


def with_inlet(reading: Reading) -> Reading:
    """The reading at a charge point with one connector, whose inlet's meter is that connector's (M1)."""
    return merged_reading(replace(reading, counts_inlet=True), Reading(at=reading.at))


def whole(amount: Decimal) -> int:
    """Half up to a whole Wh or W."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def decimal_step_wh(exponent: int, *, is_thousands: bool) -> WattHours:
    """The step of a register in whole Wh, by the exponent of its last decimal place (M2)."""
    if not is_thousands or exponent <= -3:
        return 1
    return int(10 ** (3 + min(exponent, 0)))


def _known(samples: Iterable[SampledValue]) -> tuple[SampledValue, ...]:
    """Each kind of sample once, in one order; without what nothing is read from."""
    found: dict[tuple[str, str, str, str], SampledValue] = {}
    for sample in samples:
        if not sample.value.is_finite() or sample.location not in LOCATIONS or sample.phase not in _PHASES:
            continue
        if sample.measurand not in (REGISTER, INTERVAL, POWER):
            continue
        if sample.measurand != INTERVAL and sample.context.startswith(_SAMPLE) and sample.context != PERIODIC:
            sample = replace(sample, context=PERIODIC)
        key = (sample.measurand, sample.location, sample.phase or "", sample.context)
        held = found.get(key)
        if held is None or _precedence(sample) > _precedence(held):
            found[key] = sample
    return tuple(found[key] for key in sorted(found))


def _precedence(sample: SampledValue) -> tuple[Decimal, int]:
    """The higher of two equal kinds of samples counts; of equal ones that with the finer step."""
    return _base_unit(sample), -_step_of(sample)


def _are_plain(samples: Sequence[SampledValue]) -> bool:
    """Whether register, interval, power, and step in whole Wh and W say the same."""
    return all(one.location == OUTLET and one.phase is None and one.context == PERIODIC for one in samples)


def _samples_of(reading: Reading) -> Iterable[SampledValue]:
    if reading.samples:
        return reading.samples
    found = []
    if reading.register_wh is not None:
        found.append(_register(reading.register_wh, reading.step_wh, PERIODIC))
    if reading.begin_wh is not None:
        found.append(_register(reading.begin_wh, reading.step_wh, BEGIN))
    if reading.interval_wh is not None:
        found.append(SampledValue(value=Decimal(reading.interval_wh), measurand=INTERVAL))
    if reading.power_w is not None:
        found.append(SampledValue(value=Decimal(reading.power_w), measurand=POWER))
    return found


def _register(register_wh: WattHours, step_wh: WattHours, context: str) -> SampledValue:
    if step_wh == 1:
        return SampledValue(value=Decimal(register_wh), context=context)
    value = (Decimal(register_wh) / _THOUSAND).quantize(Decimal(step_wh) / _THOUSAND)
    return SampledValue(value=value, unit="kWh", context=context)


def _best(
    samples: Sequence[SampledValue], rank: Callable[[str], int], counts_inlet: bool
) -> tuple[int, int, _Total] | None:
    """The place of the best location, the rank of its best context, and the total there."""
    for place, location in enumerate(LOCATIONS):
        there = [one for one in samples if one.location == location]
        if not there or (location == INLET and not counts_inlet):
            continue
        by_rank: dict[int, list[SampledValue]] = {}
        for sample in there:
            by_rank.setdefault(rank(sample.context), []).append(sample)
        totals = [(total.missing, which, total) for which, of in by_rank.items() for total in [_total(of)]]
        _, which, total = min(totals, key=lambda one: one[:2])
        return place, which, total
    return None


def _total(samples: Sequence[SampledValue]) -> _Total:
    """The unphased value, else the sum of the phases; of line and neutral phases those of which more are there."""
    unphased = [one for one in samples if one.phase is None]
    if unphased:
        return _Total(max(map(_base_unit, unphased)), min(map(_step_of, unphased)), 0)
    by_phase: dict[str, Decimal] = {}
    for one in samples:
        if one.phase is not None:
            by_phase[one.phase] = max(_base_unit(one), by_phase.get(one.phase, _base_unit(one)))
    phases = max((LINE_PHASES, NEUTRAL_PHASES), key=lambda names: len(by_phase.keys() & set(names)))
    values = [by_phase[name] for name in phases if name in by_phase]
    step = min(_step_of(one) for one in samples if one.phase in phases)
    return _Total(sum(values, Decimal(0)), step, len(phases) - len(values))


def _rank_of_context(context: str) -> int:
    """Of registers and power at one instant: the end of the transaction is the latest (M1)."""
    if context == END:
        return 0
    return 1 if context.startswith(_SAMPLE) else 2 if context == _TRIGGER else 3


def _rank_of_interval_context(context: str) -> int:
    if context in _INTERVAL_CONTEXTS:
        return _INTERVAL_CONTEXTS.index(context)
    return len(_INTERVAL_CONTEXTS) + (context == END)


def _register_source(location: int, _: int, total: _Total) -> int:
    return location * _REGISTER_LOCATION + total.missing


def _interval_source(location: int, context: int, total: _Total) -> int:
    return FIRST_INTERVAL + location * _INTERVAL_LOCATION + context * _INTERVAL_CONTEXT + total.missing


def _step_of(sample: SampledValue) -> WattHours:
    exponent = sample.value.as_tuple().exponent
    return decimal_step_wh(exponent if isinstance(exponent, int) else 0, is_thousands=_is_thousands(sample))


def _is_thousands(sample: SampledValue) -> bool:
    return sample.unit in ("kWh", "kW")


def _base_unit(sample: SampledValue) -> Decimal:
    return sample.value * _THOUSAND if _is_thousands(sample) else sample.value

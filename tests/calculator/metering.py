"""How much energy a session delivered: all its readings, sorted by time, looked at once (M1, M2, M4, M5, T1, T6)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from .frames import Sample
from .stamps import Moment

REGISTER = "Energy.Active.Import.Register"
INTERVAL = "Energy.Active.Import.Interval"
LOCATIONS = ("Outlet", "Body", "Cable", "EV", "Inlet")
HUNDRED_WH = Decimal(100)


@dataclass(frozen=True)
class Read:
    """One sample at the instant that counts for it."""

    when: Moment
    sample: Sample


@dataclass(frozen=True)
class Point:
    """One reading of the chosen source: the register at an instant, in Wh."""

    when: Moment
    value: Decimal
    step: Decimal
    is_stop: bool = False


@dataclass(frozen=True)
class Meter:
    """What a session's meter showed: its energy, its last register that counts and when that was, and the energy at
    each instant."""

    energy: Decimal
    last: Decimal | None
    last_at: datetime | None
    reasons: frozenset[str]
    curve: tuple[tuple[datetime, Decimal], ...] = ()


def points(reads: Sequence[Read], *, connectors: int) -> list[Point]:
    """The readings of the session's source, one an instant, in order of time. Intervals come as their running sum."""
    energy = [read for read in reads if read.sample.unit.lower() in ("wh", "kwh")]
    for kind in (REGISTER, INTERVAL):
        for location in LOCATIONS if connectors == 1 else LOCATIONS[:-1]:
            chosen = [
                read
                for read in energy
                if (read.sample.measurand, read.sample.location) == (kind, location)
                and (kind is INTERVAL or read.sample.context != "Transaction.Begin")
            ]
            if chosen:
                return _registers(chosen) if kind is REGISTER else _running_sum(chosen)
    return []


def begin_register(reads: Sequence[Read]) -> int | None:
    """The register that the meter showed at Transaction.Begin, where one was told."""
    begun = [
        read
        for read in reads
        if read.sample.context == "Transaction.Begin"
        and read.sample.measurand == REGISTER
        and read.sample.unit.lower() in ("wh", "kwh")
    ]
    if not begun:
        return None
    best = min(LOCATIONS.index(read.sample.location) for read in begun if read.sample.location in LOCATIONS)
    at_best = [read.sample for read in begun if read.sample.location == LOCATIONS[best]]
    value = _unphased_or_sum(at_best)
    return None if value is None else int(value)


def meter(
    base: Point | None,
    started: Moment,
    readings: Sequence[Point],
    *,
    stop: Point | None,
    power_w: int | None,
    next_start: int | None = None,
) -> Meter:
    """Walks the readings once, from the start's register to the stop's. Energy never falls: a drop within the meter's
    resolution is none, any other starts a new base (M2). A leap waits for the next reading to confirm it, the
    last one for the next start at the port (M5)."""
    walk = [*readings, *([stop] if stop is not None else [])]
    if base is None:
        if not walk:
            return Meter(Decimal(0), None, None, frozenset())
        base = Point(started, walk[0].value, walk[0].step)
    reasons: set[str] = set()
    last = base
    bottom, kept, energy = base.value, Decimal(0), Decimal(0)
    waiting: Point | None = None
    curve = [(started.at, Decimal(0))]
    for point in walk:
        drop = last.value - point.value
        if drop <= 0:
            if _is_leap(last, point, power_w):
                reasons.add("METER_LEAP")
                is_confirmed = waiting is not None and _confirms(waiting, point, power_w)
                if "METER_RESET" in reasons and (point.is_stop or is_confirmed):
                    kept, bottom = _first_meter(base, last, point, energy, kept, bottom, power_w, is_leap=True)
                if point.is_stop:
                    # The whole session's time may have been enough for it.
                    if _is_beyond_session(base, point, kept + point.value - bottom, power_w):
                        waiting = point
                        continue
                elif not is_confirmed:
                    waiting = point
                    continue
            elif point.is_stop and not point.when.is_own and "METER_RESET" in reasons:
                kept, bottom = _first_meter(base, last, point, energy, kept, bottom, power_w, is_leap=False)
            energy = kept + point.value - bottom
            last = point
        elif is_rounding(drop, last, point):
            if point.is_stop:
                energy = max(kept + point.value - bottom, Decimal(0))
                last = point
            elif not last.when.is_own:
                # The same register; now it is known when it was there (M5).
                last = replace(last, when=point.when)
        elif point.is_stop and reasons == {"METER_LEAP"} and _refutes(base, energy, point, power_w):
            energy, last = point.value - base.value, point
        elif point.is_stop:
            reasons.add("STOP_BELOW")
        else:
            reasons.add("METER_RESET")
            kept, bottom, last = energy, point.value, point
        waiting = None
        curve.append((point.when.at, energy))
    if waiting is not None and next_start is not None and next_start >= waiting.value:
        is_back = "METER_RESET" in reasons and last.value < base.value + energy <= waiting.value
        energy = waiting.value - base.value if is_back else kept + waiting.value - bottom
        curve.append((waiting.when.at, energy))
    at = last.when.at if last is not base else None
    return Meter(energy, last.value, at, frozenset(reasons), tuple(curve))


def _first_meter(
    base: Point,
    last: Point,
    point: Point,
    energy: Decimal,
    kept: Decimal,
    bottom: Decimal,
    power_w: int | None,
    *,
    is_leap: bool,
) -> tuple[Decimal, Decimal]:
    """M2, M5: what was kept, and the register that counts from there. A register after a reset that leaps, or that the
    whole session's time was too short for, is the meter's of before the reset, if that time was enough for what it
    tells from the start."""
    if power_w is None or not last.value < base.value + energy <= point.value:
        return kept, bottom
    if not is_leap and not _is_beyond_session(base, point, kept + point.value - bottom, power_w):
        return kept, bottom
    if _is_beyond_session(base, point, point.value - base.value, power_w):
        return kept, bottom
    return Decimal(0), base.value


def _is_beyond_session(base: Point, point: Point, energy: Decimal, power_w: int | None) -> bool:
    """M5: whether the port could not deliver this much from the session's start until the point."""
    begun = replace(base, when=replace(base.when, is_own=True))
    reached = replace(point, when=replace(point.when, is_own=True), value=base.value + energy)
    return _is_leap(begun, reached, power_w)


def is_rounding(drop: Decimal, last: Point, point: Point) -> bool:
    """M2: whether a drop lies within the resolution of the meter that tells it."""
    if point.value == 0:
        return False
    if last.step != point.step:
        return drop < max(last.step, point.step)
    return point.step <= HUNDRED_WH and drop <= point.step


def _is_leap(last: Point, point: Point, power_w: int | None) -> bool:
    """M5. Where one of the two instants is not the charger's own, or the port's power is unknown, nobody can tell. A
    step of a coarse meter is no leap."""
    if power_w is None or not (last.when.is_own and point.when.is_own):
        return False
    return point.value - last.value > reach(last.when.at, point.when.at, power_w) + max(last.step, point.step)


def _confirms(leap: Point, point: Point, power_w: int | None) -> bool:
    return point.when.at > leap.when.at and point.value >= leap.value and not _is_leap(leap, point, power_w)


def _refutes(base: Point, energy: Decimal, stop: Point, power_w: int | None) -> bool:
    """M5, T1: the whole session's time was not enough for the energy that leapt, and enough for that of meterStop."""
    begun = replace(base, when=replace(base.when, is_own=True))
    leapt = replace(stop, value=base.value + energy)
    return stop.value >= base.value and _is_leap(begun, leapt, power_w) and not _is_leap(begun, stop, power_w)


def reach(since: datetime, until: datetime, power_w: int) -> Decimal:
    """The most that a port can count in a time, in Wh (M5)."""
    lasted = max(until - since, timedelta(0))
    return Decimal(power_w) * 3 / 2 * Decimal(lasted // timedelta(milliseconds=1)) / 3_600_000


def _registers(reads: Iterable[Read]) -> list[Point]:
    by_instant: defaultdict[datetime, list[Read]] = defaultdict(list)
    step = Decimal(1000)
    for read in reads:
        by_instant[read.when.at].append(read)
        step = min(step, Decimal(1).scaleb(read.sample.exponent))
    found = []
    for at in sorted(by_instant):
        of_instant = by_instant[at]
        first = min(_rank(read.sample.context) for read in of_instant)
        value = _unphased_or_sum([read.sample for read in of_instant if _rank(read.sample.context) == first])
        if value is not None:
            found.append(Point(of_instant[0].when, value, step))
    return found


def _running_sum(reads: Iterable[Read]) -> list[Point]:
    """Intervals of one context only: the periodic ones, where there are any."""
    reads = list(reads)
    contexts = {read.sample.context for read in reads}
    chosen = next((one for one in ("Sample.Periodic", "Sample.Clock", "Trigger") if one in contexts), min(contexts))
    found, total = [], Decimal(0)
    for point in _registers(read for read in reads if read.sample.context == chosen):
        total += point.value
        found.append(Point(point.when, total, point.step))
    return found


def _unphased_or_sum(samples: Sequence[Sample]) -> Decimal | None:
    """Of equal samples one counts, of unequal ones the higher."""
    by_phase: dict[str | None, Decimal] = {}
    for sample in samples:
        phase = sample.phase.removesuffix("-N") if sample.phase else None
        by_phase[phase] = max(sample.value, by_phase.get(phase, sample.value))
    if None in by_phase:
        return by_phase[None]
    phases = [by_phase[phase] for phase in ("L1", "L2", "L3") if phase in by_phase]
    return sum(phases, Decimal(0)) if phases else None


def _rank(context: str) -> int:
    """Of one instant, which context counts first."""
    if context == "Transaction.End":
        return 0
    if context.startswith("Sample."):
        return 1
    return {"Trigger": 2, "Transaction.Begin": 9}.get(context, 3)

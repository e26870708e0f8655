"""From a charger's samples to Wh and W. Energy is whole Wh everywhere else; here it is exact decimals (M1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

WattHours = int
Watts = int

# T8: 0.01 kWh; a session that delivered less is not charged for.
SMALLEST_CHARGED_WH: WattHours = 10

REGISTER = "Energy.Active.Import.Register"
INTERVAL = "Energy.Active.Import.Interval"
POWER = "Power.Active.Import"

_THOUSAND = Decimal(1000)
_LINE_PHASES = ("L1", "L2", "L3")
_NEUTRAL_PHASES = ("L1-N", "L2-N", "L3-N")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledValue:
    """One sampledValue of a MeterValue, its defaults filled in (OCPP 1.6, SampledValue).

    No measurand means Energy.Active.Import.Register, no unit means Wh (W for power), no location means Outlet.
    """

    value: Decimal
    measurand: str = REGISTER
    unit: str | None = None
    phase: str | None = None
    location: str = "Outlet"
    context: str = "Sample.Periodic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one MeterValue said of a connector: register and interval in whole Wh, power in whole W."""

    at: datetime
    register_wh: WattHours | None = None
    interval_wh: WattHours | None = None
    power_w: Watts | None = None
    clock_replaced: bool = False


def reading_of(at: datetime, samples: Sequence[SampledValue], *, clock_replaced: bool = False) -> Reading:
    """One reading out of the samples taken at one instant (M1).

    Energy is the unphased register, else the sum of its phases, else the interval, else nothing.
    """
    return Reading(
        at=at,
        register_wh=_total(samples, REGISTER),
        interval_wh=_total(samples, INTERVAL),
        power_w=_total(samples, POWER),
        clock_replaced=clock_replaced,
    )


def whole(amount: Decimal) -> int:
    """Half up to a whole Wh or W."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _total(samples: Sequence[SampledValue], measurand: str) -> int | None:
    mine = [s for s in samples if s.measurand == measurand and s.location == "Outlet" and s.value.is_finite()]
    if not mine:
        return None
    unphased = [s for s in mine if s.phase is None]
    if unphased:
        if measurand == INTERVAL:
            return whole(_sum(unphased))
        # Several unphased samples of one instant differ only by context; the last one sent is the latest.
        return whole(_base_unit(unphased[-1]))
    for phases in (_LINE_PHASES, _NEUTRAL_PHASES):
        by_phase = {s.phase: s for s in mine if s.phase in phases}
        if by_phase:
            return whole(_sum(by_phase.values()))
    return None


def _sum(samples: Iterable[SampledValue]) -> Decimal:
    return sum((_base_unit(s) for s in samples), Decimal(0))


def _base_unit(sample: SampledValue) -> Decimal:
    return sample.value * _THOUSAND if sample.unit in ("kWh", "kW") else sample.value

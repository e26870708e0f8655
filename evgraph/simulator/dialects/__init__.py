"""The dialects that a simulated charge point can be made to speak, by name."""

from __future__ import annotations

from collections.abc import Iterable

from evgraph.simulator.dialects.clocks import BadClock, FastClock, LocalClock
from evgraph.simulator.dialects.delivery import OfflineQueue, Resends, Slow
from evgraph.simulator.dialects.dialect import Combined, Dialect
from evgraph.simulator.dialects.ending import NoStop, StatusFirst, StopFirst, Suspended
from evgraph.simulator.dialects.metering import (
    KilowattHoursAsWattHours,
    Leaps,
    LowPowerFull,
    SwappedMeter,
    WattHoursAsKilowattHours,
)
from evgraph.simulator.dialects.power_loss import Forgets, PowerLossStop, Resume
from evgraph.simulator.dialects.wording import Autostart, FloatRegisters, RefusesKeys

__all__ = ["DIALECTS", "Combined", "Dialect", "UnknownDialect", "spoken"]

DIALECTS: dict[str, type[Dialect]] = {
    dialect.name: dialect
    for dialect in (
        StopFirst,
        StatusFirst,
        Suspended,
        NoStop,
        Resume,
        PowerLossStop,
        Forgets,
        OfflineQueue,
        SwappedMeter,
        BadClock,
        LocalClock,
        FastClock,
        Slow,
        RefusesKeys,
        Resends,
        KilowattHoursAsWattHours,
        WattHoursAsKilowattHours,
        Leaps,
        LowPowerFull,
        FloatRegisters,
        Autostart,
    )
}


class UnknownDialect(ValueError):
    """The message lists those that there are."""


def spoken(wanted: str | Dialect | Iterable[str | Dialect]) -> Combined:
    """One dialect, made of names or of dialects; each call makes new ones, for they remember."""
    each = [wanted] if isinstance(wanted, str | Dialect) else wanted
    return Combined([_made(one) for one in each])


def _made(wanted: str | Dialect) -> Dialect:
    if isinstance(wanted, Dialect):
        return wanted
    kind = DIALECTS.get(wanted)
    if kind is None:
        raise UnknownDialect(f"There is no dialect {wanted}. There are {', '.join(DIALECTS)}.")
    return kind()

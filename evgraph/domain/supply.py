"""What a port can deliver, and what its registers can therefore not have counted (M5) or still count (M6)."""

from dataclasses import dataclass
from datetime import timedelta

from evgraph.domain.energy import WattHours, Watts

# Stamps of whole seconds, at either end of the time between two of them.
_STAMPS = timedelta(seconds=2)
_MICROSECOND = timedelta(microseconds=1)
_HOUR = timedelta(hours=1) // _MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """`times`: how many times faster energy flows than its charger's stamps tell; more than 1 only where a charger is
    simulated."""

    max_power_w: Watts
    times: int = 1

    def could_deliver(self, energy_wh: WattHours, lasted: timedelta, *, step_wh: WattHours) -> bool:
        """M5: within 1.5 times the port's power. `step_wh`: what a register may be ahead by, of what it counts."""
        spared = (max(lasted, timedelta(0)) + _STAMPS) // _MICROSECOND
        return (energy_wh - step_wh) * _HOUR * 2 <= self.max_power_w * self.times * spared * 3

    def is_low(self, power_w: Watts) -> bool:
        """M6: under 2 % of the port's power."""
        return power_w * 50 < self.max_power_w

    def was_low(self, energy_wh: WattHours, lasted: timedelta) -> bool:
        """M6, for a charger that tells no power: its register stood all but still. A Wh is less than a step."""
        return (energy_wh - 1) * _HOUR * 50 < self.max_power_w * self.times * (lasted // _MICROSECOND)


def step_wh(*registers_wh: WattHours) -> WattHours:
    """The coarsest step in which a meter may count that told such registers."""
    return max(map(_step_of, registers_wh))


def _step_of(register_wh: WattHours) -> WattHours:
    """Meters count in steps of one, ten or a hundred Wh, or of one kWh."""
    if register_wh % 10:
        return 1
    if register_wh % 100:
        return 10
    return 100 if register_wh % 1000 else 1000

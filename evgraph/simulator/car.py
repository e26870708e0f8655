"""A car, as a charger sees it: a battery that takes so much power and no more."""

from __future__ import annotations

import math
from dataclasses import dataclass

PORT_POWER_W = 11_500
"""What an AX48 offers: 48 A at 240 V, in watts."""

TAPER_STARTS_AT = 0.8
POWER_WHEN_NEARLY_FULL = 0.1
"""The share of its power that a car still takes just before it is full."""

SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True)
class CarModel:
    """A make, its usable battery in kWh and its on-board charger in kW."""

    make: str
    battery_kwh: float
    max_power_kw: float


MODELS = (
    CarModel("Tesla Model 3", 75.0, 11.5),
    CarModel("Ford Mustang Mach-E", 91.0, 10.5),
    CarModel("Kia EV6", 77.4, 10.9),
    CarModel("Rivian R1S", 135.0, 11.5),
    CarModel("BMW i4", 80.7, 11.0),
    CarModel("Hyundai Ioniq 5", 77.4, 10.9),
    CarModel("Chevrolet Bolt EUV", 65.0, 11.0),
    CarModel("Nissan Leaf", 40.0, 6.6),
)


@dataclass
class Car:
    """A battery (Wh), how full it is (0 to 1) and the most it takes (W).

    Power is constant up to 80 %, then falls in a straight line to a tenth of it when full. A car with
    `trickle_w` goes on taking that much when full, and so never asks for nothing (errata 3.6).
    """

    make: str = "Tesla Model 3"
    battery_wh: float = 75_000.0
    max_power_w: float = 11_500.0
    state_of_charge: float = 0.4
    trickle_w: float = 0.0
    taken_wh: float = 0.0

    def __post_init__(self) -> None:
        # Written so that "not a number" is refused too.
        if not 0 < self.battery_wh < math.inf:
            raise ValueError("A car needs a battery of more than 0 Wh.")
        if not 0 < self.max_power_w < math.inf:
            raise ValueError("A car must take more than 0 W.")
        if not 0 <= self.state_of_charge <= 1:
            raise ValueError("A state of charge lies between 0 and 1.")

    @classmethod
    def of(cls, model: CarModel, state_of_charge: float) -> Car:
        """A car of this model with this much in its battery (0 to 1)."""
        return cls(
            make=model.make,
            battery_wh=model.battery_kwh * 1000,
            max_power_w=model.max_power_kw * 1000,
            state_of_charge=state_of_charge,
        )

    @property
    def is_full(self) -> bool:
        return self.state_of_charge >= 1

    def power_w(self, offered_w: float = PORT_POWER_W) -> float:
        """What the car takes just now of what it is offered, in watts."""
        limit = min(offered_w, self.max_power_w)
        if self.is_full:
            return min(limit, self.trickle_w)
        return limit * self._acceptance()

    def draw(self, seconds: float, offered_w: float = PORT_POWER_W) -> float:
        """Charge for so many seconds and return the energy taken, in Wh.

        Exact: one long draw takes what many short ones take.
        """
        limit = min(offered_w, self.max_power_w)
        if limit <= 0 or seconds <= 0:
            return 0.0
        before = self.state_of_charge
        left = self._taper(self._charge_at_full_power(seconds, limit), limit)
        taken = (self.state_of_charge - before) * self.battery_wh
        if self.is_full:
            taken += min(limit, self.trickle_w) * left / SECONDS_PER_HOUR
        self.taken_wh += taken
        return taken

    def _acceptance(self) -> float:
        above = max(0.0, self.state_of_charge - TAPER_STARTS_AT) / (1 - TAPER_STARTS_AT)
        return 1 - (1 - POWER_WHEN_NEARLY_FULL) * above

    def _charge_at_full_power(self, seconds: float, limit: float) -> float:
        """Charge up to the start of the taper; return the seconds that are left after it."""
        per_second = limit / SECONDS_PER_HOUR / self.battery_wh
        until_taper = max(0.0, TAPER_STARTS_AT - self.state_of_charge) / per_second
        if seconds < until_taper:
            self.state_of_charge += seconds * per_second
            return 0.0
        self.state_of_charge = max(self.state_of_charge, TAPER_STARTS_AT)
        return seconds - until_taper

    def _taper(self, seconds: float, limit: float) -> float:
        """Charge along the taper; return the seconds that are left once the car is full."""
        if seconds <= 0 or self.is_full:
            return seconds
        # Power falls in proportion to what is in the battery, so it falls exponentially with time.
        rate = (1 - POWER_WHEN_NEARLY_FULL) * limit / SECONDS_PER_HOUR / (self.battery_wh * (1 - TAPER_STARTS_AT))
        acceptance = self._acceptance()
        until_full = math.log(acceptance / POWER_WHEN_NEARLY_FULL) / rate
        if seconds >= until_full:
            self.state_of_charge = 1.0
            return seconds - until_full
        share = (1 - acceptance * math.exp(-rate * seconds)) / (1 - POWER_WHEN_NEARLY_FULL)
        self.state_of_charge = TAPER_STARTS_AT + share * (1 - TAPER_STARTS_AT)
        return 0.0

"""The energy meter of a connector."""

from __future__ import annotations

from fractions import Fraction


class EnergyMeter:
    """A register in Wh that counts exactly, is read in whole Wh and never falls, unless it is swapped."""

    def __init__(self, register_wh: int) -> None:
        if register_wh < 0:
            raise ValueError("A meter cannot start below 0 Wh.")
        self._register = Fraction(register_wh)
        self.swapped_wh = 0
        """By how much swaps have lowered the register so far."""

    @property
    def register_wh(self) -> int:
        """The register as it is reported: whole Wh, rounded down."""
        return int(self._register)

    def swap(self, register_wh: int) -> None:
        """Put another meter in its place, which stands at so many Wh."""
        self.swapped_wh += self.register_wh - register_wh
        self._register = Fraction(register_wh)

    def count(self, energy_wh: float) -> None:
        """Add energy in Wh; a fraction of a Wh is kept for later."""
        if energy_wh < 0:
            raise ValueError("A meter never runs backwards.")
        self._register += Fraction(energy_wh)

"""What can be done to a charge point, beyond the calls of its methods."""

from __future__ import annotations

from enum import Enum


class WrongMove(Exception):
    """Nobody can do that to this charge point just now; the message says why."""


class UnknownConnector(Exception):
    """The charge point has no such connector."""


class AfterPowerLoss(Enum):
    """What a firmware does with a transaction that was running when the power went."""

    STOP = "stop"
    """StopTransaction with reason PowerLoss, once the power is back."""
    RESUME = "resume"
    """The same transaction goes on."""
    FORGET = "forget"
    """Not a word of it is ever said again."""

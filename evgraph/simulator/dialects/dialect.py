"""What firmwares do each in their own way. A dialect overrides what it does otherwise; dialects combine."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from evgraph.simulator.car import Car
from evgraph.simulator.configuration import Key
from evgraph.simulator.meter import EnergyMeter
from evgraph.simulator.moves import AfterPowerLoss

Clock = Callable[[], datetime]
Payload = dict[str, Any]


class Dialect:
    """Does everything as OCPP 1.6 has it. Durations are simulated seconds."""

    name: ClassVar[str] = ""
    summary: ClassVar[str] = ""

    stop_delay = 0.0
    """A StopTransaction goes out so long after the status that it explains."""
    stop_goes_first = False
    """The status waits until the StopTransaction that explains it is answered."""
    statuses_go_first = False
    """On a new connection the statuses are answered before anything of a transaction is sent."""
    after_power_loss: AfterPowerLoss | None = None
    """What becomes of a running transaction; None leaves it to whoever cuts the power."""
    times_sent = 1
    """How often each StartTransaction, StopTransaction and MeterValues is sent, although it is answered."""
    loses_first_answer = False
    """Each of these is sent again as if its first answer had never come."""
    forgets_offline_ids = False
    """A transaction that began offline never takes on its id: its MeterValues say 0, its StopTransaction -1."""
    heeds_refusals = True
    """An idTag that is not Accepted ends or suspends its transaction (section 4.8)."""
    id_tag_at_plug_in: str | None = None
    """A cable that is put in begins a transaction with this idTag."""

    def set_keys(self, keys: dict[str, Key]) -> None:
        """Called once with the configuration keys as they leave the factory."""

    def clock(self, true: Clock) -> Clock:
        """Its own clock, made from one that is right."""
        return true

    def powered_on(self) -> None:
        """The power has come, or come back."""

    def hears(self, action: str) -> None:
        """A CALL of this action has been answered."""

    def writes(self, action: str, payload: Payload) -> Payload:
        """The payload of a CALL as this firmware writes it; may change the one that it is given."""
        return payload

    def answers_after(self, action: str) -> float:
        """How long it thinks about a CALL of the central system."""
        return 0.0

    def tells_stop(self, reason: str) -> bool:
        """Whether a StopTransaction is sent at all."""
        return True

    def receives(self, car: Car) -> None:
        """This car is about to be plugged in."""

    def sampled(self, meter: EnergyMeter, samples: int) -> None:
        """So many readings of the running transaction have been taken."""


class Combined(Dialect):
    """Several at once: the first that says something to a question has the say."""

    def __init__(self, dialects: Sequence[Dialect]) -> None:
        self._dialects = tuple(dialects)
        self.stop_delay = max((each.stop_delay for each in dialects), default=0.0)
        self.stop_goes_first = any(each.stop_goes_first for each in dialects)
        self.statuses_go_first = any(each.statuses_go_first for each in dialects)
        self.after_power_loss = next((each.after_power_loss for each in dialects if each.after_power_loss), None)
        self.times_sent = math.prod(each.times_sent for each in dialects)
        self.loses_first_answer = any(each.loses_first_answer for each in dialects)
        self.forgets_offline_ids = any(each.forgets_offline_ids for each in dialects)
        self.heeds_refusals = all(each.heeds_refusals for each in dialects)
        self.id_tag_at_plug_in = next((each.id_tag_at_plug_in for each in dialects if each.id_tag_at_plug_in), None)
        self.rewrites = any(type(each).writes is not Dialect.writes for each in dialects)
        """Some of them write payloads otherwise than the specification."""
        self.is_slow = any(type(each).answers_after is not Dialect.answers_after for each in dialects)
        """Some of them think before they answer."""
        if self.stop_delay and self.stop_goes_first:
            raise ValueError("A StopTransaction cannot go both before and after the status that it explains.")

    @property
    def names(self) -> list[str]:
        return [each.name for each in self._dialects]

    def set_keys(self, keys: dict[str, Key]) -> None:
        for each in self._dialects:
            each.set_keys(keys)

    def clock(self, true: Clock) -> Clock:
        for each in self._dialects:
            true = each.clock(true)
        return true

    def powered_on(self) -> None:
        for each in self._dialects:
            each.powered_on()

    def hears(self, action: str) -> None:
        for each in self._dialects:
            each.hears(action)

    def writes(self, action: str, payload: Payload) -> Payload:
        for each in self._dialects:
            payload = each.writes(action, payload)
        return payload

    def answers_after(self, action: str) -> float:
        return sum(each.answers_after(action) for each in self._dialects)

    def tells_stop(self, reason: str) -> bool:
        return all(each.tells_stop(reason) for each in self._dialects)

    def receives(self, car: Car) -> None:
        for each in self._dialects:
            each.receives(car)

    def sampled(self, meter: EnergyMeter, samples: int) -> None:
        for each in self._dialects:
            each.sampled(meter, samples)

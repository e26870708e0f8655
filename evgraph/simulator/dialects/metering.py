"""Meters that are swapped, leap or name the wrong unit, and cars that never say that they are full."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from evgraph.simulator.car import Car
from evgraph.simulator.dialects.dialect import Dialect, Payload
from evgraph.simulator.library import enums
from evgraph.simulator.meter import EnergyMeter

REGISTER = str(enums.Measurand.energy_active_import_register)


def registers(payload: Payload) -> Iterator[tuple[str, Payload]]:
    """Each SampledValue of the energy register, with the stamp of its reading."""
    for reading in [*payload.get("meterValue", []), *payload.get("transactionData", [])]:
        for sample in reading["sampledValue"]:
            if sample.get("measurand", REGISTER) == REGISTER:
                yield reading["timestamp"], sample


class SwappedMeter(Dialect):
    name = "swapped-meter"
    summary = "After three readings of each session its register begins again at 100 Wh."
    swaps_after = 3

    def sampled(self, meter: EnergyMeter, samples: int) -> None:
        if samples == self.swaps_after:
            meter.swap(100)


class KilowattHoursAsWattHours(Dialect):
    """meterStart and meterStop are whole Wh and right, as no unit goes with them."""

    name = "kwh-as-wh"
    summary = "Its readings are in kWh, and labelled Wh."

    def writes(self, action: str, payload: Payload) -> Payload:
        for _, sample in registers(payload):
            sample["value"] = f"{Decimal(sample['value']) / 1000:f}"
        return payload


class WattHoursAsKilowattHours(Dialect):
    name = "wh-as-kwh"
    summary = "Its readings are in Wh, and labelled kWh."

    def writes(self, action: str, payload: Payload) -> Payload:
        for _, sample in registers(payload):
            sample["unit"] = "kWh"
        return payload


class Leaps(Dialect):
    """A reading is known by its stamp, so that one that is sent again says the same again."""

    name = "leaps"
    summary = "The third reading of each session is absurd: 9000 kWh too high."
    leaps_at = 3
    by_wh = 9_000_000

    def __init__(self) -> None:
        self._seen: list[tuple[int, str]] = []

    def writes(self, action: str, payload: Payload) -> Payload:
        if action == "StartTransaction":
            self._seen = [seen for seen in self._seen if seen[0] != payload["connectorId"]]
        if action == "MeterValues":
            for at, sample in registers(payload):
                if self._is_the_one(payload["connectorId"], at):
                    sample["value"] = str(int(sample["value"]) + self.by_wh)
        return payload

    def _is_the_one(self, connector_id: int, at: str) -> bool:
        if (connector_id, at) not in self._seen:
            self._seen.append((connector_id, at))
        here = [stamp for number, stamp in self._seen if number == connector_id]
        return here.index(at) == self.leaps_at - 1


class LowPowerFull(Dialect):
    name = "low-power-full"
    summary = "Its cars never say that they are full: they trickle, under 2 % of the port's power."

    def receives(self, car: Car) -> None:
        car.trickle_w = 100.0

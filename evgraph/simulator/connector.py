"""A connector: what is plugged into it, what it measures, and the status that follows from that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from evgraph.simulator.car import PORT_POWER_W, Car
from evgraph.simulator.library import enums
from evgraph.simulator.meter import EnergyMeter
from evgraph.simulator.transaction import Transaction

EV_SIDE_DISCONNECTED = "EV side disconnected"


@dataclass(frozen=True)
class StatusReport:
    """What a StatusNotification says of a connector; 0 is the charge point itself."""

    connector_id: int
    status: str
    error_code: str = "NoError"
    info: str | None = None


@dataclass(frozen=True)
class Reservation:
    """Nobody else may start here until it expires."""

    number: int
    id_tag: str
    expires_at: datetime
    parent_id_tag: str | None = None


@dataclass
class Connector:
    """No clock inside: whoever changes something first calls `advance` with the simulated seconds."""

    connector_id: int
    meter: EnergyMeter
    elapsed: float
    car: Car | None = None
    transaction: Transaction | None = None
    authorised_id_tag: str | None = None
    is_operative: bool = True
    becomes_inoperative: bool = False
    is_powered: bool = True
    may_deliver: bool = True
    is_finishing: bool = False
    error_code: str | None = None
    reservation: Reservation | None = None
    offered_w: float = PORT_POWER_W

    @property
    def status(self) -> str:
        """OCPP 1.6 section 4.9: the status, from what is the case."""
        status = enums.ChargePointStatus
        if self.error_code is not None:
            return str(status.faulted)
        if self.transaction is not None:
            if not self.may_deliver or self.offered_w <= 0:
                return str(status.suspended_evse)
            return str(status.charging if self.power_w > 0 else status.suspended_ev)
        if not self.is_operative:
            return str(status.unavailable)
        if self.car is not None and self.is_finishing:
            return str(status.finishing)
        if self.car is not None or self.authorised_id_tag is not None:
            return str(status.preparing)
        if self.reservation is not None:
            return str(status.reserved)
        return str(status.available)

    @property
    def report(self) -> StatusReport:
        info = EV_SIDE_DISCONNECTED if self.transaction is not None and self.car is None else None
        return StatusReport(self.connector_id, self.status, self.error_code or "NoError", info)

    @property
    def power_w(self) -> float:
        """What flows just now, in watts."""
        if self.car is None or not self._is_energised:
            return 0.0
        return self.car.power_w(self.offered_w)

    @property
    def is_busy(self) -> bool:
        return self.transaction is not None or self.authorised_id_tag is not None

    @property
    def is_free(self) -> bool:
        """Nothing of its own stands against a start."""
        return not self.is_busy and self.is_operative and self.is_powered and self.error_code is None

    @property
    def _is_energised(self) -> bool:
        return self.transaction is not None and self.is_powered and self.may_deliver and self.error_code is None

    def advance(self, elapsed: float) -> None:
        """Let energy flow, at the state as it was, up to this moment (simulated seconds)."""
        seconds, self.elapsed = elapsed - self.elapsed, elapsed
        if self.car is not None and self._is_energised:
            self.meter.count(self.car.draw(seconds, self.offered_w))


@dataclass
class Station:
    """The charge point as a whole: its connectors by number, and what holds for connector 0."""

    connectors: dict[int, Connector]
    is_operative: bool = True
    error_code: str | None = None

    @property
    def report(self) -> StatusReport:
        """Section 3.8: Available, Unavailable or Faulted, whatever the connectors are."""
        status = enums.ChargePointStatus.available
        if self.error_code is not None:
            status = enums.ChargePointStatus.faulted
        elif not self.is_operative:
            status = enums.ChargePointStatus.unavailable
        return StatusReport(0, str(status), self.error_code or "NoError")

    def reports(self) -> list[StatusReport]:
        """0 first, then each connector, as after a boot (errata 3.22)."""
        return [self.report, *(connector.report for connector in self.connectors.values())]

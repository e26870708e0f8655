"""How a charge point answers the core commands of the central system, and what it is triggered to say.

An answer is decided at once. What it promises is done when the answer has been sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from evgraph.simulator import messages
from evgraph.simulator.charging import Charging
from evgraph.simulator.configuration import Configuration
from evgraph.simulator.connector import Connector, Station
from evgraph.simulator.library import call_result, datatypes, enums
from evgraph.simulator.messenger import Messenger
from evgraph.simulator.promises import Action, Answer, Promises
from evgraph.simulator.reservations import Reservations
from evgraph.simulator.simulated_time import SimulatedTime
from evgraph.simulator.smart_charging import SmartCharging

VENDOR_MESSAGE = "Echo"
"""The one DataTransfer that it knows: the data comes back."""


class Commands:
    """`triggers`: what TriggerMessage and ExtendedTriggerMessage can ask for beyond the core, by name."""

    def __init__(
        self,
        station: Station,
        charging: Charging,
        configuration: Configuration,
        time: SimulatedTime,
        messenger: Messenger,
        promises: Promises,
        reservations: Reservations,
        smart_charging: SmartCharging,
        restart: Callable[[str], None],
        triggers: Mapping[str, Action],
    ) -> None:
        self.rejects_next_start = False
        self.ignores_next_start = False
        self._station = station
        self._charging = charging
        self._configuration = configuration
        self._time = time
        self._messenger = messenger
        self._promises = promises
        self._reservations = reservations
        self._smart_charging = smart_charging
        self._restart = restart
        self._triggers = triggers

    def answers(self) -> dict[str, Answer]:
        """Called with a CALL's payload, its names in snake case; each returns a payload of call_result."""
        return {
            "ChangeAvailability": self.change_availability,
            "ChangeConfiguration": self.change_configuration,
            "DataTransfer": self.transfer_data,
            "ExtendedTriggerMessage": self.extended_trigger,
            "GetConfiguration": self.get_configuration,
            "RemoteStartTransaction": self.remote_start,
            "RemoteStopTransaction": self.remote_stop,
            "Reset": self.reset,
            "TriggerMessage": self.trigger,
            "UnlockConnector": self.unlock,
        }

    def remote_start(
        self, id_tag: str, connector_id: int | None = None, charging_profile: dict[str, Any] | None = None
    ) -> Any:
        """Section 5.11: Accepted only says that it will try (errata 3.32)."""
        statuses = enums.RemoteStartStopStatus
        connector = self._free_connector(connector_id, id_tag)
        rejects, self.rejects_next_start = self.rejects_next_start, False
        if rejects or connector is None or not self._messenger.is_registered:
            return call_result.RemoteStartTransaction(status=statuses.rejected)
        if self.ignores_next_start:
            self.ignores_next_start = False
            return call_result.RemoteStartTransaction(status=statuses.accepted)
        asks = self._configuration.is_true("AuthorizeRemoteTxRequests")
        self._promises.add(partial(self._start, connector, id_tag, asks, charging_profile))
        return call_result.RemoteStartTransaction(status=statuses.accepted)

    def remote_stop(self, transaction_id: int) -> Any:
        """Section 5.12: a StopTransaction follows, with reason Remote."""
        for connector in self._station.connectors.values():
            transaction = connector.transaction
            if transaction is not None and transaction.transaction_id == transaction_id:
                self._promises.add(partial(self._charging.stop, connector, enums.Reason.remote))
                return call_result.RemoteStopTransaction(status=enums.RemoteStartStopStatus.accepted)
        return call_result.RemoteStopTransaction(status=enums.RemoteStartStopStatus.rejected)

    def trigger(self, requested_message: str, connector_id: int | None = None) -> Any:
        """Section 5.17: the message follows the answer."""
        status = self._triggered(requested_message, connector_id)
        return call_result.TriggerMessage(status=status)

    def extended_trigger(self, requested_message: str, connector_id: int | None = None) -> Any:
        """Security extension, section 5.4."""
        status = self._triggered(requested_message, connector_id)
        return call_result.ExtendedTriggerMessage(status=status)

    def _triggered(self, requested: str, connector_id: int | None) -> str:
        statuses = enums.TriggerMessageStatus
        wanted: dict[str, Action] = {
            "BootNotification": self._messenger.boot,
            "Heartbeat": self._messenger.heartbeat,
            "StatusNotification": partial(self._report_status, connector_id),
            "MeterValues": partial(self._report_meter, connector_id),
            **self._triggers,
        }
        if requested not in wanted:
            return str(statuses.not_implemented)
        if connector_id and connector_id not in self._station.connectors:
            return str(statuses.rejected)
        self._promises.add(wanted[requested])
        return str(statuses.accepted)

    def get_configuration(self, key: list[str] | None = None) -> Any:
        known, unknown = self._configuration.read(key)
        return call_result.GetConfiguration(
            configuration_key=[
                datatypes.KeyValue(key=name, readonly=held.is_read_only, value=held.value)
                for name, held in known.items()
            ],
            unknown_key=unknown,
        )

    def change_configuration(self, key: str, value: str) -> Any:
        status = self._configuration.change(key, value)
        if key == "HeartbeatInterval" and status == enums.ConfigurationStatus.accepted:
            self._messenger.heartbeat_interval_changed()
        return call_result.ChangeConfiguration(status=status)

    def change_availability(self, connector_id: int, **rest: str) -> Any:
        """Section 5.2: a connector in a transaction changes when that has ended; 0 is all of them."""
        statuses = enums.AvailabilityStatus
        connectors = self._station.connectors
        if connector_id and connector_id not in connectors:
            return call_result.ChangeAvailability(status=statuses.rejected)
        concerned = [connectors[connector_id]] if connector_id else list(connectors.values())
        is_operative = rest["type"] == enums.AvailabilityType.operative
        waits = not is_operative and any(connector.transaction is not None for connector in concerned)
        self._promises.add(partial(self._set_availability, concerned, is_operative, not connector_id))
        return call_result.ChangeAvailability(status=statuses.scheduled if waits else statuses.accepted)

    def unlock(self, connector_id: int) -> Any:
        """Section 5.18: a transaction that runs is ended first."""
        connector = self._station.connectors.get(connector_id)
        if connector is None:
            return call_result.UnlockConnector(status=enums.UnlockStatus.not_supported)
        self._promises.add(partial(self._charging.stop, connector, enums.Reason.unlock_command))
        return call_result.UnlockConnector(status=enums.UnlockStatus.unlocked)

    def reset(self, **rest: str) -> Any:
        """Section 5.14: the transactions end, and the charge point boots."""
        is_soft = rest["type"] == enums.ResetType.soft
        reason = enums.Reason.soft_reset if is_soft else enums.Reason.hard_reset
        self._promises.add(partial(self._restart, reason))
        return call_result.Reset(status=enums.ResetStatus.accepted)

    def transfer_data(self, vendor_id: str, message_id: str | None = None, data: str | None = None) -> Any:
        """Section 5.6."""
        statuses = enums.DataTransferStatus
        if vendor_id != self._messenger.plate.vendor:
            return call_result.DataTransfer(status=statuses.unknown_vendor_id)
        if message_id != VENDOR_MESSAGE:
            return call_result.DataTransfer(status=statuses.unknown_message_id)
        return call_result.DataTransfer(status=statuses.accepted, data=data)

    def _free_connector(self, connector_id: int | None, id_tag: str) -> Connector | None:
        connectors = self._station.connectors
        candidates = list(connectors.values()) if connector_id is None else [connectors.get(connector_id)]
        for connector in candidates:
            if connector is not None and self._is_free(connector, id_tag):
                return connector
        return None

    def _is_free(self, connector: Connector, id_tag: str) -> bool:
        return connector.is_free and self._station.error_code is None and self._reservations.admits(connector, id_tag)

    def _start(self, connector: Connector, id_tag: str, asks: bool, profile: dict[str, Any] | None) -> None:
        if self._is_free(connector, id_tag):
            if profile is not None:
                self._smart_charging.begin(connector, profile)
            self._charging.authorise(connector, id_tag, ask=asks)

    def _report_status(self, connector_id: int | None) -> None:
        for report in self._charging.reports():
            if connector_id is None or report.connector_id == connector_id:
                self._messenger.tell(messages.status_notification(report, self._time.now()))

    def _report_meter(self, connector_id: int | None) -> None:
        for connector in self._station.connectors.values():
            if connector_id and connector.connector_id != connector_id:
                continue
            self._charging.advance(connector)
            measurands = self._configuration.measurands("MeterValuesSampledData")
            if not measurands:
                continue
            trigger = enums.ReadingContext.trigger
            reading = messages.reading(connector, self._time.now(), measurands, trigger)
            transaction = connector.transaction
            transaction_id = None if transaction is None else transaction.transaction_id
            self._messenger.tell(messages.meter_values(connector.connector_id, reading, transaction_id))

    def _set_availability(self, connectors: list[Connector], is_operative: bool, whole: bool) -> None:
        if whole:
            self._station.is_operative = is_operative
            self._charging.refresh(self._station)
        for connector in connectors:
            connector.becomes_inoperative = not is_operative and connector.transaction is not None
            if not connector.becomes_inoperative:
                connector.is_operative = is_operative
                if not is_operative:
                    self._charging.withdraw(connector)
            self._charging.refresh(connector)

"""How a charge point answers the commands of the central system.

An answer is decided at once. What it promises is kept for `carry_out`, which the session calls when the
answer has been sent: a charge point that did it at once would speak before it had answered.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from evgraph.simulator import messages
from evgraph.simulator.charging import Charging
from evgraph.simulator.configuration import Configuration
from evgraph.simulator.connector import Connector, Station
from evgraph.simulator.library import call_result, datatypes, enums
from evgraph.simulator.messenger import Messenger
from evgraph.simulator.simulated_time import SimulatedTime

Action = Callable[[], None]


class Commands:
    def __init__(
        self,
        station: Station,
        charging: Charging,
        configuration: Configuration,
        time: SimulatedTime,
        messenger: Messenger,
        restart: Callable[[str], None],
    ) -> None:
        self.rejects_next_start = False
        self.ignores_next_start = False
        self._station = station
        self._charging = charging
        self._configuration = configuration
        self._time = time
        self._messenger = messenger
        self._restart = restart
        self._promised: list[Action] = []

    def carry_out(self) -> None:
        """Do what the answers sent so far have promised."""
        promised, self._promised = self._promised, []
        for action in promised:
            action()

    def forget_promises(self) -> None:
        """The connection is another: what its predecessor never got to say is not done either."""
        self._promised.clear()

    def remote_start(self, id_tag: str, connector_id: int | None) -> Any:
        """Section 5.11: Accepted only says that it will try (errata 3.32)."""
        statuses = enums.RemoteStartStopStatus
        connector = self._free_connector(connector_id)
        rejects, self.rejects_next_start = self.rejects_next_start, False
        if rejects or connector is None or not self._messenger.is_registered:
            return call_result.RemoteStartTransaction(status=statuses.rejected)
        if self.ignores_next_start:
            self.ignores_next_start = False
            return call_result.RemoteStartTransaction(status=statuses.accepted)
        asks = self._configuration.is_true("AuthorizeRemoteTxRequests")
        self._promised.append(partial(self._start, connector, id_tag, asks))
        return call_result.RemoteStartTransaction(status=statuses.accepted)

    def remote_stop(self, transaction_id: int) -> Any:
        """Section 5.12: a StopTransaction follows, with reason Remote."""
        for connector in self._station.connectors.values():
            transaction = connector.transaction
            if transaction is not None and transaction.transaction_id == transaction_id:
                self._promised.append(partial(self._charging.stop, connector, enums.Reason.remote))
                return call_result.RemoteStopTransaction(status=enums.RemoteStartStopStatus.accepted)
        return call_result.RemoteStopTransaction(status=enums.RemoteStartStopStatus.rejected)

    def trigger(self, requested: str, connector_id: int | None) -> Any:
        """Section 5.17: the message follows the answer."""
        statuses = enums.TriggerMessageStatus
        wanted: dict[str, Action] = {
            "BootNotification": self._messenger.boot,
            "Heartbeat": self._messenger.heartbeat,
            "StatusNotification": partial(self._report_status, connector_id),
            "MeterValues": partial(self._report_meter, connector_id),
        }
        if requested not in wanted:
            return call_result.TriggerMessage(status=statuses.not_implemented)
        if connector_id and connector_id not in self._station.connectors:
            return call_result.TriggerMessage(status=statuses.rejected)
        self._promised.append(wanted[requested])
        return call_result.TriggerMessage(status=statuses.accepted)

    def get_configuration(self, names: list[str] | None) -> Any:
        known, unknown = self._configuration.read(names)
        return call_result.GetConfiguration(
            configuration_key=[
                datatypes.KeyValue(key=name, readonly=key.is_read_only, value=key.value) for name, key in known.items()
            ],
            unknown_key=unknown,
        )

    def change_configuration(self, name: str, value: str) -> Any:
        status = self._configuration.change(name, value)
        if name == "HeartbeatInterval" and status == enums.ConfigurationStatus.accepted:
            self._messenger.heartbeat_interval_changed()
        return call_result.ChangeConfiguration(status=status)

    def change_availability(self, connector_id: int, wanted: str) -> Any:
        """Section 5.2: a connector in a transaction changes when that has ended; 0 is all of them."""
        statuses = enums.AvailabilityStatus
        connectors = self._station.connectors
        if connector_id and connector_id not in connectors:
            return call_result.ChangeAvailability(status=statuses.rejected)
        concerned = [connectors[connector_id]] if connector_id else list(connectors.values())
        is_operative = wanted == enums.AvailabilityType.operative
        waits = not is_operative and any(connector.transaction is not None for connector in concerned)
        self._promised.append(partial(self._set_availability, concerned, is_operative, not connector_id))
        return call_result.ChangeAvailability(status=statuses.scheduled if waits else statuses.accepted)

    def unlock(self, connector_id: int) -> Any:
        """Section 5.18: a transaction that runs is ended first."""
        connector = self._station.connectors.get(connector_id)
        if connector is None:
            return call_result.UnlockConnector(status=enums.UnlockStatus.not_supported)
        self._promised.append(partial(self._charging.stop, connector, enums.Reason.unlock_command))
        return call_result.UnlockConnector(status=enums.UnlockStatus.unlocked)

    def reset(self, kind: str) -> Any:
        """Section 5.14: the transactions end, and the charge point boots."""
        is_soft = kind == enums.ResetType.soft
        reason = enums.Reason.soft_reset if is_soft else enums.Reason.hard_reset
        self._promised.append(partial(self._restart, reason))
        return call_result.Reset(status=enums.ResetStatus.accepted)

    def _free_connector(self, connector_id: int | None) -> Connector | None:
        connectors = self._station.connectors
        candidates = list(connectors.values()) if connector_id is None else [connectors.get(connector_id)]
        for connector in candidates:
            if connector is not None and self._is_free(connector):
                return connector
        return None

    def _is_free(self, connector: Connector) -> bool:
        return (
            not connector.is_busy
            and connector.is_operative
            and connector.error_code is None
            and self._station.error_code is None
        )

    def _start(self, connector: Connector, id_tag: str, asks: bool) -> None:
        if self._is_free(connector):
            self._charging.authorise(connector, id_tag, ask=asks)

    def _report_status(self, connector_id: int | None) -> None:
        for report in self._station.reports():
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

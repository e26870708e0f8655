"""How transactions begin, are metered and end on the connectors of one charge point."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

from evgraph.simulator import messages
from evgraph.simulator.asking import CallRefused, ConnectionLost
from evgraph.simulator.car import Car
from evgraph.simulator.changes import Changes
from evgraph.simulator.configuration import Configuration
from evgraph.simulator.connector import EV_SIDE_DISCONNECTED, Connector, Station, StatusReport
from evgraph.simulator.dialects import Combined
from evgraph.simulator.id_tags import IdTags
from evgraph.simulator.library import call, enums
from evgraph.simulator.messenger import Messenger
from evgraph.simulator.moves import AfterPowerLoss
from evgraph.simulator.simulated_time import SimulatedTime
from evgraph.simulator.smart_charging import SmartCharging
from evgraph.simulator.spawning import Spawn
from evgraph.simulator.transaction import Transaction
from evgraph.simulator.transaction_queue import QueuedMessage, TransactionQueue

LOGGER = logging.getLogger("evgraph.simulator")

LONGEST_TICK = 1.0
"""Real seconds after which, at the latest, a charging connector is looked at again."""


class Charging:
    """Each connector has at most one task that begins a transaction, and one that meters it."""

    def __init__(
        self,
        station: Station,
        configuration: Configuration,
        time: SimulatedTime,
        changes: Changes,
        messenger: Messenger,
        queue: TransactionQueue,
        spawn: Spawn,
        dialect: Combined,
        id_tags: IdTags,
        smart_charging: SmartCharging,
    ) -> None:
        self.ended: list[Transaction] = []
        """Every transaction that is over, oldest first: what the meters really counted."""
        self.stop_delay = dialect.stop_delay
        """Simulated seconds by which a status overtakes the StopTransaction that explains it."""
        self._station = station
        self._connectors = station.connectors
        self._configuration = configuration
        self._time = time
        self._changes = changes
        self._messenger = messenger
        self._queue = queue
        self._spawn = spawn
        self._dialect = dialect
        self._id_tags = id_tags
        self._smart_charging = smart_charging
        self._reported: dict[int, StatusReport] = {}
        self._beginning: dict[int, asyncio.Task[None]] = {}
        self._metering: dict[int, asyncio.Task[None]] = {}
        self._withheld: set[int] = set()
        self._loses_next_stop = False

    @property
    def withholds_a_status(self) -> bool:
        """It waits for the StopTransaction that explains it."""
        return bool(self._withheld)

    def reports(self) -> list[StatusReport]:
        """What it says when it is asked: 0 first, then each connector; of one whose status waits, the one before."""
        return [
            self._reported[report.connector_id] if report.connector_id in self._withheld else report
            for report in self._station.reports()
        ]

    def advance(self, connector: Connector) -> None:
        """Let the energy flow that has flown since the last look."""
        connector.advance(self._time.elapsed())
        connector.offered_w = self._smart_charging.limit_w(connector)

    def apply_limits(self) -> None:
        """The charging profiles are others: what they leave to each connector is in force from now on."""
        for connector in self._connectors.values():
            self.advance(connector)
            self.refresh(connector)

    def refresh(self, place: Connector | Station, info: str | None = None) -> None:
        """Tell the central system the status of a connector or the station if it has changed."""
        report = place.report if info is None else replace(place.report, info=info)
        if report.connector_id in self._withheld:
            return
        if self._reported.get(report.connector_id) != report:
            self._reported[report.connector_id] = report
            self._messenger.report(report)
        self._changes.announce()

    def lose_next_stop(self) -> None:
        """The next transaction ends without a StopTransaction, as some firmwares do."""
        self._loses_next_stop = True

    # Beginning

    def authorise(self, connector: Connector, id_tag: str, *, ask: bool) -> None:
        """Hold the connector for somebody; the transaction starts once the cable is in.

        With `ask`, the central system is asked by Authorize first.
        """
        connector.authorised_id_tag = id_tag
        self.refresh(connector)
        self._beginning[connector.connector_id] = self._spawn(self._begin(connector, id_tag, ask))

    def withdraw(self, connector: Connector) -> None:
        """Nobody is waited for any longer."""
        beginning = self._beginning.pop(connector.connector_id, None)
        if beginning is not None:
            beginning.cancel()
        connector.authorised_id_tag = None

    async def accepts(self, id_tag: str) -> bool:
        """Ask by Authorize. Offline the local list and the cache decide, and for others AllowOfflineTxForUnknownId
        (section 9.1.1)."""
        known = self._id_tags.is_known_valid(id_tag)
        if known and self._configuration.is_true("LocalPreAuthorize"):
            return True
        try:
            answer = await self._messenger.ask(call.Authorize(id_tag=id_tag))
        except ConnectionLost:
            if known is not None and self._configuration.is_true("LocalAuthorizeOffline"):
                return known
            return self._configuration.is_true("AllowOfflineTxForUnknownId")
        except (CallRefused, TimeoutError) as failure:
            LOGGER.info("Authorize of %s failed: %s", id_tag, failure)
            return False
        self._id_tags.learn(id_tag, answer.id_tag_info)
        return bool(answer.id_tag_info["status"] == enums.AuthorizationStatus.accepted)

    async def _begin(self, connector: Connector, id_tag: str, ask: bool) -> None:
        if not ask or await self.accepts(id_tag):
            timeout = self._time.real(self._configuration.seconds("ConnectionTimeOut"))
            try:
                await self._changes.wait_until(lambda: connector.car is not None, timeout)
                self._start(connector, id_tag)
            except TimeoutError:
                # Section 9.1.6: no message says so, only the status goes back.
                LOGGER.info("Connector %s: no cable came.", connector.connector_id)
        connector.authorised_id_tag = None
        self._beginning.pop(connector.connector_id, None)
        self.refresh(connector)

    def _start(self, connector: Connector, id_tag: str) -> None:
        self.advance(connector)
        transaction = Transaction(
            connector_id=connector.connector_id,
            id_tag=id_tag,
            meter_start=connector.meter.register_wh,
            started_at=self._time.now(),
            began_offline=not self._messenger.is_connected,
        )
        if connector.reservation is not None:
            transaction.reservation_id, connector.reservation = connector.reservation.number, None
        connector.transaction = transaction
        connector.may_deliver = True
        connector.is_finishing = False
        self._note_reading(connector, transaction, enums.ReadingContext.transaction_begin)
        self._queue.put(QueuedMessage(messages.start_transaction(transaction), transaction))
        self.meter(connector)

    # Metering

    def meter(self, connector: Connector) -> None:
        """Sample the running transaction of a connector until it ends."""
        self.cease_metering(connector)
        transaction = connector.transaction
        if transaction is not None:
            task = self._spawn(self._sample(connector, transaction))
            self._metering[connector.connector_id] = task

    async def _sample(self, connector: Connector, transaction: Transaction) -> None:
        sampled_at = self._time.elapsed()
        while connector.transaction is transaction:
            interval = self._configuration.seconds("MeterValueSampleInterval")
            left = self._time.real(sampled_at + interval - self._time.elapsed()) if interval else LONGEST_TICK
            await asyncio.sleep(min(LONGEST_TICK, left))
            self.advance(connector)
            self.refresh(connector)
            if interval and self._time.elapsed() >= sampled_at + interval:
                sampled_at = self._time.elapsed()
                self._queue_sample(connector, transaction)

    def _queue_sample(self, connector: Connector, transaction: Transaction) -> None:
        measurands = self._configuration.measurands("MeterValuesSampledData")
        if measurands:
            periodic = enums.ReadingContext.sample_periodic
            reading = messages.reading(connector, self._time.now(), measurands, periodic)
            request = messages.meter_values(connector.connector_id, reading, None)
            self._queue.put(QueuedMessage(request, transaction))
            self._sampled(connector, transaction)

    def _sampled(self, connector: Connector, transaction: Transaction) -> None:
        transaction.samples += 1
        before = connector.meter.swapped_wh
        self._dialect.sampled(connector.meter, transaction.samples)
        transaction.swapped_wh += connector.meter.swapped_wh - before

    def _note_reading(self, connector: Connector, transaction: Transaction, context: str) -> None:
        measurands = self._configuration.measurands("StopTxnSampledData")
        if measurands:
            reading = messages.reading(connector, self._time.now(), measurands, context)
            transaction.readings.append(reading)

    # Ending

    def stop(self, connector: Connector, reason: str, *, info: str | None = None, is_told: bool = True) -> None:
        """End the running transaction. Unless `is_told`, the central system hears nothing of it."""
        transaction = connector.transaction
        if transaction is None:
            return
        self.advance(connector)
        self._note_reading(connector, transaction, enums.ReadingContext.transaction_end)
        self.cease_metering(connector)
        transaction.meter_stop = connector.meter.register_wh
        transaction.ended_at = self._time.now()
        transaction.reason = str(reason)
        connector.transaction = None
        self._smart_charging.ended(connector)
        connector.is_finishing = connector.car is not None
        self.ended.append(transaction)
        if is_told and not self._loses_next_stop and self._dialect.tells_stop(reason):
            self._tell_stop(QueuedMessage(messages.stop_transaction(transaction), transaction))
        self._loses_next_stop = False
        if connector.becomes_inoperative:
            connector.becomes_inoperative = False
            connector.is_operative = False
        self.refresh(connector, info)

    def _tell_stop(self, message: QueuedMessage) -> None:
        if self.stop_delay:
            self._spawn(self._queue_later(message))
            return
        self._queue.put(message)
        if self._dialect.stop_goes_first:
            self._withheld.add(message.transaction.connector_id)
            self._spawn(self._report_after(message.transaction))

    async def _report_after(self, ended: Transaction) -> None:
        await self._changes.wait_until(lambda: ended.stop_answered or ended.stop_given_up, None)
        self._withheld.discard(ended.connector_id)
        self.refresh(self._connectors[ended.connector_id])

    async def _queue_later(self, message: QueuedMessage) -> None:
        await asyncio.sleep(self._time.real(self.stop_delay))
        await self._changes.wait_until(lambda: self._messenger.is_silent, None)
        self._queue.put(message)

    def cease_metering(self, connector: Connector) -> None:
        task = self._metering.pop(connector.connector_id, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    def plugged_in(self, connector: Connector, car: Car) -> None:
        self.advance(connector)
        self._dialect.receives(car)
        connector.car = car
        self.refresh(connector)
        id_tag = self._dialect.id_tag_at_plug_in
        if id_tag is not None and connector.is_free:
            self.authorise(connector, id_tag, ask=False)

    def unplugged(self, connector: Connector) -> None:
        """Sections 4.9 and 9.1.23: the cable is out, which ends the transaction or suspends it."""
        self.advance(connector)
        if self._configuration.is_true("StopTransactionOnEVSideDisconnect"):
            self.stop(connector, enums.Reason.ev_disconnected, info=EV_SIDE_DISCONNECTED)
        connector.car = None
        connector.is_finishing = False
        self.refresh(connector)

    def power_lost(self, connector: Connector, reason: str, transactions: AfterPowerLoss) -> None:
        """Nothing flows and nobody is waited for; what becomes of the transaction is the firmware's habit."""
        self.advance(connector)
        self.withdraw(connector)
        if transactions is AfterPowerLoss.RESUME:
            self.cease_metering(connector)
        else:
            is_told = transactions is AfterPowerLoss.STOP
            if connector.transaction is not None and not is_told:
                self._queue.drop(connector.transaction)
            self.stop(connector, reason, is_told=is_told)
            connector.is_finishing = connector.is_finishing and is_told
        connector.is_powered = False

    def power_returned(self, connector: Connector) -> None:
        self.advance(connector)
        connector.is_powered = True
        self.meter(connector)

    # Answers to queued messages

    def answered(self, message: QueuedMessage, answer: Any) -> None:
        """The central system has taken a transaction message."""
        transaction = message.transaction
        if message.is_start:
            transaction.transaction_id = answer.transaction_id
            self._id_tags.learn(transaction.id_tag, answer.id_tag_info)
            if answer.id_tag_info["status"] != enums.AuthorizationStatus.accepted:
                self._deauthorise(transaction)
        elif not message.is_sample:
            transaction.stop_answered = True

    def _deauthorise(self, transaction: Transaction) -> None:
        """Section 4.8: the id tag is not valid; stop, or at least deliver no more."""
        connector = self._connectors[transaction.connector_id]
        if connector.transaction is not transaction or not self._dialect.heeds_refusals:
            return
        if self._configuration.is_true("StopTransactionOnInvalidId"):
            self.stop(connector, enums.Reason.de_authorized)
        else:
            self.advance(connector)
            connector.may_deliver = False
            self.refresh(connector)

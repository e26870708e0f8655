"""A simulated Phihong AX48: the charge point, and what people and power cuts do to it."""

# ruff: noqa: ASYNC109 - who waits for a charge point says how long, as with any client

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection

from evgraph.simulator import messages
from evgraph.simulator.car import MODELS, Car
from evgraph.simulator.certificates import Certificates
from evgraph.simulator.changes import Changes
from evgraph.simulator.charging import Charging
from evgraph.simulator.commands import Commands
from evgraph.simulator.configuration import Configuration
from evgraph.simulator.connector import Connector, Station
from evgraph.simulator.dialects import Dialect, spoken
from evgraph.simulator.frame_log import Direction, Frame, FrameLog
from evgraph.simulator.id_tags import IdTags
from evgraph.simulator.library import call, enums
from evgraph.simulator.link import BackOff, Link
from evgraph.simulator.messenger import Messenger
from evgraph.simulator.meter import EnergyMeter
from evgraph.simulator.moves import AfterPowerLoss, UnknownConnector, WrongMove
from evgraph.simulator.promises import Promises
from evgraph.simulator.reservations import Reservations
from evgraph.simulator.session import CentralSystemSession
from evgraph.simulator.simulated_time import SimulatedTime, utc_now
from evgraph.simulator.smart_charging import SmartCharging
from evgraph.simulator.tls import TlsCredentials
from evgraph.simulator.together import together
from evgraph.simulator.transaction import Transaction
from evgraph.simulator.transaction_queue import QueuedMessage, TransactionQueue
from evgraph.simulator.transfers import Transfers

SOFT_RESET_PATIENCE = 5.0
"""Real seconds that a boot by command waits for what there is to tell before it."""
PATIENCE = 60.0
"""Real seconds after which a wait for the charge point raises TimeoutError, unless told otherwise; a busy machine needs
more than a moment."""


class SimulatedChargePoint:
    """Connects to `{url}/{identity}` and behaves, until `stop`, as an AX48 does.

    Use it as `async with`, or call `run`, which goes on until it is cancelled. `speed` simulated seconds go
    by in a real one: they scale the energy, `sample_interval`, `retry_interval` (both in simulated seconds),
    ConnectionTimeOut and the heartbeat; stamps are `clock`'s, in UTC. `call_timeout` and `back_off` are real
    seconds. A `sample_interval` or `retry_interval` below 1 stays as it is, whatever the central system sets
    the key to. `dialect`: what it does in its own way, by name (`dialects.DIALECTS`) or as a Dialect; several combine.
    For wss: `ca` is whom it trusts, `certificate` and `private_key` are what it shows (PEM files).
    """

    def __init__(
        self,
        url: str,
        identity: str,
        key: str | None = None,
        *,
        connectors: int = 1,
        speed: float = 1.0,
        sample_interval: float = 15.0,
        retry_interval: float = 60.0,
        call_timeout: float = 30.0,
        back_off: BackOff | None = None,
        register_wh: int | None = None,
        seed: int | None = None,
        clock: Callable[[], datetime] = utc_now,
        dialect: str | Dialect | Iterable[str | Dialect] = (),
        ca: Path | str | None = None,
        certificate: Path | str | None = None,
        private_key: Path | str | None = None,
    ) -> None:
        if connectors < 1:
            raise ValueError("A charge point has at least one connector.")
        self.identity = identity
        self.log = FrameLog()
        self._call_timeout = call_timeout
        # Not for secrets: a seed makes a run repeatable.
        self._random = Random(seed)  # noqa: S311
        self.dialect = spoken(dialect)
        self._time = SimulatedTime(speed, self.dialect.clock(clock))
        self._changes = Changes()
        self._tls = TlsCredentials(ca, certificate, private_key)
        self._configuration = Configuration(
            connectors=connectors,
            sample_interval=sample_interval,
            retry_interval=retry_interval,
            key=key,
            security_profile=_security_profile(url, key, self._tls),
            set_keys=self.dialect.set_keys,
        )
        self._station = Station({number: self._make(number, register_wh) for number in range(1, connectors + 1)})
        self._queue = TransactionQueue(self._configuration, self._time, self._changes, self._answered, self.dialect)
        plate = messages.Plate(serial_number=f"P{self._random.randrange(10**9, 10**10)}")
        self._messenger = Messenger(
            plate, self._configuration, self._time, self._changes, self._queue, self._station.reports, self.dialect
        )
        self._promises = Promises()
        self._id_tags = IdTags(self._configuration, self._time)
        self._smart_charging = SmartCharging(
            self._station, self._configuration, self._time, self._promises, lambda: self._charging.apply_limits()
        )
        self._charging = Charging(
            self._station,
            self._configuration,
            self._time,
            self._changes,
            self._messenger,
            self._queue,
            self._spawn,
            self.dialect,
            self._id_tags,
            self._smart_charging,
        )
        self._reservations = Reservations(
            self._station, self._time, self._id_tags, self._promises, self._charging.refresh, self._spawn
        )
        self._transfers = Transfers(
            self._configuration,
            self._time,
            self._messenger,
            self._promises,
            self._spawn,
            self._install,
            lambda: any(connector.transaction is not None for connector in self._station.connectors.values()),
        )
        self._certificates = Certificates(
            identity, self._configuration, self._time, self._messenger, self._promises, self._show_certificate
        )
        self._commands = Commands(
            self._station,
            self._charging,
            self._configuration,
            self._time,
            self._messenger,
            self._promises,
            self._reservations,
            self._smart_charging,
            self._restart,
            {
                "DiagnosticsStatusNotification": self._transfers.report_diagnostics,
                "FirmwareStatusNotification": self._transfers.report_firmware,
                "LogStatusNotification": self._transfers.report_log,
                "SignChargePointCertificate": self._certificates.ask_for_a_signature,
            },
        )
        self._answers = {
            **self._commands.answers(),
            **self._id_tags.answers(),
            **self._reservations.answers(),
            **self._smart_charging.answers(),
            **self._transfers.answers(),
            **self._certificates.answers(),
        }
        self._link = Link(url, identity, back_off or BackOff(), self._random, lambda: self._tls.context(self._link.url))
        self._link_task: asyncio.Task[None] | None = None
        self._is_cut = False
        self._is_dark = False
        self._tasks: asyncio.TaskGroup | None = None
        self._life: asyncio.Task[None] | None = None
        self._last_start: Transaction | None = None

    def _make(self, number: int, register_wh: int | None) -> Connector:
        register = self._random.randrange(10_000, 5_000_000) if register_wh is None else register_wh
        return Connector(number, EnergyMeter(register), self._time.elapsed())

    # Life

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Switch on; the connection comes up in the background (see `connected`)."""
        if self._life is not None:
            raise WrongMove(f"{self.identity} is already running.")
        self._life = asyncio.create_task(self.run(), name=f"charge point {self.identity}")
        await self._changes.wait_until(lambda: self._tasks is not None, None)

    async def stop(self) -> None:
        """Close the connection and end every task. Raises what went wrong in them, if anything did."""
        life, self._life = self._life, None
        if life is None:
            return
        life.cancel()
        await asyncio.wait({life})
        if not life.cancelled():
            life.result()

    async def run(self) -> None:
        """Live until cancelled, then take leave of the central system."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            self._connect()
            self._changes.announce()
            try:
                await asyncio.Event().wait()
            finally:
                await self._link.close()
                self._tasks = None

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        if self._tasks is None:
            work.close()
            raise WrongMove(f"{self.identity} is not running.")
        return self._tasks.create_task(work)

    # The network

    @property
    def is_connected(self) -> bool:
        return self._messenger.is_connected

    @property
    def is_cut(self) -> bool:
        """Somebody has cut the network; it does not even try to connect."""
        return self._is_cut

    @property
    def problem(self) -> str | None:
        """Why the last attempt to connect failed."""
        return self._link.problem

    async def connected(self, timeout: float | None = PATIENCE) -> None:
        """Return once the central system has accepted the charge point; TimeoutError after real seconds."""
        await self._changes.wait_until(lambda: self._messenger.is_connected and self._messenger.is_registered, timeout)

    async def disconnected(self, timeout: float | None = PATIENCE) -> None:
        """Return once there is no connection; TimeoutError after real seconds."""
        await self._changes.wait_until(lambda: not self._messenger.is_connected, timeout)

    async def go_offline(self, *, silently: bool = False) -> None:
        """Cut the network: energy goes on flowing, messages queue.

        The socket is dropped hard, or, when `silently`, left open and dead as by a pulled cable.
        """
        self._is_cut = True
        if silently:
            self._link.fall_silent()
        await self._disconnect()

    async def come_back(self) -> None:
        """Mend the network; the first attempt to connect is made at once."""
        if not self._is_cut:
            return
        self._is_cut = False
        self._connect()

    def _connect(self) -> None:
        if self._link_task is None and not self._is_cut and not self._is_dark:
            self._link_task = self._spawn(
                self._link.run(
                    self._converse,
                    key=lambda: self._configuration.text("AuthorizationKey"),
                    ping_interval=lambda: self._configuration.number("WebSocketPingInterval") or None,
                )
            )

    async def _disconnect(self) -> None:
        task, self._link_task = self._link_task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _converse(self, socket: ClientConnection) -> None:
        self._promises.forget()
        session = CentralSystemSession(
            self.identity,
            socket,
            self._answers,
            self._promises,
            self._note,
            self._call_timeout,
            self.dialect,
            self._time,
        )
        await together(session.read(), self._messenger.serve(session))

    def _note(self, direction: Direction, text: str) -> None:
        self.log.add(Frame(self._time.now(), direction, text))

    # People

    def connector(self, connector_id: int) -> Connector:
        """A connector as it is now; raise UnknownConnector when there is none."""
        found = self._station.connectors.get(connector_id)
        if found is None:
            raise UnknownConnector(f"{self.identity} has no connector {connector_id}.")
        self._charging.advance(found)
        return found

    @property
    def connector_ids(self) -> list[int]:
        return list(self._station.connectors)

    async def plug_in(self, connector_id: int = 1, car: Car | None = None) -> Car:
        """Put the cable into a car, one picked at random unless given. Returns the car."""
        connector = self.connector(connector_id)
        if connector.car is not None:
            raise WrongMove(f"The cable of connector {connector_id} is already in a car.")
        car = car or Car.of(self._random.choice(MODELS), self._random.uniform(0.1, 0.6))
        self._charging.plugged_in(connector, car)
        return car

    async def unplug(self, connector_id: int = 1) -> Car:
        """Take the cable out, which ends a transaction with reason EVDisconnected. Returns the car."""
        connector = self.connector(connector_id)
        car = connector.car
        if car is None:
            raise WrongMove(f"The cable of connector {connector_id} is not in a car.")
        self._charging.unplugged(connector)
        return car

    async def start_locally(self, connector_id: int, id_tag: str, *, ask: bool = True) -> bool:
        """Hold a card to the reader. True: a transaction starts now, or as soon as the cable is in.

        Without `ask` the charge point knows the card and sends no Authorize. A connector that is reserved for
        another takes no card of theirs.
        """
        connector = self.connector(connector_id)
        if self._is_dark:
            raise WrongMove(f"{self.identity} has no power.")
        if connector.is_busy or connector.error_code is not None or not connector.is_operative:
            raise WrongMove(f"Connector {connector_id} is {connector.status}.")
        if not self._reservations.admits(connector, id_tag):
            return False
        if ask and (not await self._charging.accepts(id_tag) or connector.is_busy):
            return False
        self._charging.authorise(connector, id_tag, ask=False)
        return True

    async def stop_locally(self, connector_id: int = 1) -> None:
        """Hold the card to the reader again: the transaction ends with reason Local."""
        connector = self.connector(connector_id)
        if connector.transaction is None:
            raise WrongMove(f"No transaction runs on connector {connector_id}.")
        self._charging.stop(connector, enums.Reason.local)

    async def fault(self, connector_id: int = 1, error_code: str = "GroundFailure") -> None:
        """Fail: no energy flows here until `clear_fault`. 0 is the charge point itself: it takes no start."""
        if error_code not in set(enums.ChargePointErrorCode) or error_code == "NoError":
            raise WrongMove(f"{error_code} is not an error code of OCPP 1.6.")
        if connector_id == 0:
            self._station.error_code = error_code
            self._charging.refresh(self._station)
            return
        connector = self.connector(connector_id)
        self._charging.withdraw(connector)
        connector.error_code = error_code
        self._charging.refresh(connector)

    async def clear_fault(self, connector_id: int | None = None) -> None:
        """Work again, in the state of before the fault: one connector, or all and the charge point."""
        if not connector_id:
            self._station.error_code = None
            self._charging.refresh(self._station)
        for number in self.connector_ids if connector_id is None else [connector_id]:
            if number:
                connector = self.connector(number)
                connector.error_code = None
                self._charging.refresh(connector)

    # Bad habits

    def reject_next_start(self) -> None:
        """Answer the next RemoteStartTransaction with Rejected."""
        self._commands.rejects_next_start = True

    def ignore_next_start(self) -> None:
        """Answer the next RemoteStartTransaction with Accepted, and do nothing."""
        self._commands.ignores_next_start = True

    def lose_next_stop(self) -> None:
        """End the next transaction without ever sending its StopTransaction."""
        self._charging.lose_next_stop()

    def delay_stops(self, seconds: float) -> None:
        """Send each StopTransaction so many simulated seconds after the status that it explains."""
        self._charging.stop_delay = seconds

    async def resend_last_start(self) -> Any:
        """Send the last StartTransaction again, under a new message id. Returns the answer."""
        if self._last_start is None:
            raise WrongMove(f"{self.identity} has started nothing yet.")
        return await self._messenger.ask(messages.start_transaction(self._last_start))

    async def resend_last_stop(self) -> Any:
        """Send the last StopTransaction again, under a new message id. Returns the answer."""
        if not self._charging.ended:
            raise WrongMove(f"{self.identity} has stopped nothing yet.")
        return await self._messenger.ask(messages.stop_transaction(self._charging.ended[-1]))

    # Power

    async def power_cycle(self, dark_for: float = 0.0, transactions: AfterPowerLoss | None = None) -> None:
        """Cut the power for so many real seconds. What is queued, the meter and the keys survive.

        What becomes of a transaction is its dialect's habit, unless said; without one it is stopped.
        """
        await self._reboot(enums.Reason.power_loss, dark_for, transactions)

    async def _reboot(self, reason: str, dark_for: float, transactions: AfterPowerLoss | None = None) -> None:
        transactions = transactions or self.dialect.after_power_loss or AfterPowerLoss.STOP
        if self._is_dark:
            raise WrongMove(f"{self.identity} has no power already.")
        self._is_dark = True
        await self._disconnect()
        for connector in self._station.connectors.values():
            self._charging.power_lost(connector, reason, transactions)
        self._messenger.power_lost()
        await asyncio.sleep(dark_for)
        self._configuration.rebooted()
        self.dialect.powered_on()
        for connector in self._station.connectors.values():
            self._charging.power_returned(connector)
        self._is_dark = False
        self._connect()

    def _restart(self, reason: str) -> None:
        self._spawn(self._reset(reason))

    async def _reset(self, reason: str) -> None:
        """Section 5.14: a soft reset lets the StopTransaction out first, a hard one does not (errata 3.36)."""
        if reason == enums.Reason.soft_reset:
            for connector in self._station.connectors.values():
                self._charging.stop(connector, reason)
            with suppress(TimeoutError):
                await self.told_everything(SOFT_RESET_PATIENCE)
        # Somebody may have pulled the plug meanwhile: that boots it too.
        with suppress(WrongMove):
            await self._reboot(reason, 0.0)

    async def _install(self, version: str | None) -> None:
        """Boot with other firmware; return once the central system has accepted that boot."""
        with suppress(TimeoutError):
            await self.told_everything(SOFT_RESET_PATIENCE)
        if version is not None:
            self._messenger.plate = replace(self._messenger.plate, firmware=version)
        with suppress(WrongMove):
            await self._reboot(enums.Reason.reboot, 0.0)
        await self.connected(None)

    def _show_certificate(self, chain: bytes, private_key: bytes) -> None:
        """From now on, which by wss takes a new connection."""
        self._tls.use(chain, private_key)
        if self._link.url.startswith("wss:"):
            self._spawn(self._reconnect())

    async def _reconnect(self) -> None:
        await self._disconnect()
        self._connect()

    # What it says beyond the daily messages

    def sign_certificate(self) -> None:
        """Ask for a signature under a key pair of its own (SignCertificate)."""
        self._certificates.ask_for_a_signature()

    def security_event(self, kind: str, info: str | None = None) -> None:
        """Tell of something that concerns security, such as TamperDetectionActivated."""
        self._messenger.security_event(kind, info)

    async def transfer_data(self, vendor_id: str, message_id: str | None = None, data: str | None = None) -> Any:
        """Send a DataTransfer. Returns the answer; raises CallRefused, ConnectionLost or TimeoutError."""
        return await self._messenger.ask(call.DataTransfer(vendor_id=vendor_id, message_id=message_id, data=data))

    @property
    def firmware(self) -> str:
        """The version that it runs."""
        return self._messenger.plate.firmware

    # Proofs

    @property
    def delivered(self) -> list[Transaction]:
        """Every transaction that is over, oldest first, as the meter counted it."""
        return list(self._charging.ended)

    @property
    def queued(self) -> int:
        """How many transaction messages still wait for their answer."""
        return len(self._queue)

    async def wait_for_status(self, connector_id: int, status: str, timeout: float | None = PATIENCE) -> None:
        """Return once the connector is in this status; TimeoutError after real seconds."""
        await self._changes.wait_until(lambda: self.connector(connector_id).status == status, timeout)

    async def has_queued(self, messages: int, timeout: float | None = PATIENCE) -> None:
        """Return once so many transaction messages wait; TimeoutError after real seconds."""
        await self._changes.wait_until(lambda: len(self._queue) >= messages, timeout)

    async def told_everything(self, timeout: float | None = PATIENCE) -> None:
        """Return once the central system has answered all there was to tell; TimeoutError after real seconds."""
        await self._changes.wait_until(
            lambda: self._messenger.has_told_everything and not self._charging.withholds_a_status, timeout
        )

    def _answered(self, message: QueuedMessage, answer: Any) -> None:
        if message.is_start:
            self._last_start = message.transaction
        self._charging.answered(message, answer)


def _security_profile(url: str, key: str | None, tls: TlsCredentials) -> int:
    """Security extension, section 3: by what it connects with."""
    if url.startswith("wss:"):
        return 3 if tls.has_certificate else 2
    return 1 if key else 0

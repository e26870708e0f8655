"""What a charge point tells the central system: boot, status, heartbeat, transactions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from evgraph.simulator import messages
from evgraph.simulator.asking import CallRefused, ConnectionLost, Session
from evgraph.simulator.changes import Changes
from evgraph.simulator.configuration import Configuration
from evgraph.simulator.connector import StatusReport
from evgraph.simulator.dialects import Combined
from evgraph.simulator.library import call, enums
from evgraph.simulator.simulated_time import SimulatedTime, stamp
from evgraph.simulator.together import together
from evgraph.simulator.transaction_queue import TransactionQueue

LOGGER = logging.getLogger("evgraph.simulator")
LONGEST_TECH_INFO = 255


class Messenger:
    """Remembers from one connection to the next whether the charge point is registered, and which
    status the central system knows."""

    def __init__(
        self,
        plate: messages.Plate,
        configuration: Configuration,
        time: SimulatedTime,
        changes: Changes,
        queue: TransactionQueue,
        current_reports: Callable[[], list[StatusReport]],
        dialect: Combined,
    ) -> None:
        self.plate = plate
        self._configuration = configuration
        self._time = time
        self._changes = changes
        self._queue = queue
        self._current_reports = current_reports
        self._dialect = dialect
        self._session: Session | None = None
        self._accepted = asyncio.Event()
        self._is_in_step = False
        self._registration_interval = 0
        self._known: dict[int, StatusReport] = {}
        self._outbox: asyncio.Queue[Any] = asyncio.Queue()
        self._unanswered = 0
        self._beat = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        return self._session is not None

    @property
    def is_registered(self) -> bool:
        """The central system has accepted the BootNotification since the power came on."""
        return self._accepted.is_set()

    @property
    def is_silent(self) -> bool:
        """Nothing that it said waits for its answer, but for what is of a transaction."""
        return self._session is None or not self._unanswered

    @property
    def has_told_everything(self) -> bool:
        return self._is_in_step and not self._unanswered and not len(self._queue)

    def power_lost(self) -> None:
        """The next connection begins with a BootNotification."""
        self._accepted.clear()
        self._known.clear()

    def tell(self, request: Any) -> None:
        """Send as soon as those before it are answered; dropped when there is no connection."""
        if self._session is not None:
            self._unanswered += 1
            self._outbox.put_nowait(request)

    def report(self, report: StatusReport) -> None:
        """Tell a status once registered; offline, only the last one is told later (section 4.9)."""
        if self.is_registered:
            self.tell(messages.status_notification(report, self._time.now()))

    def boot(self) -> None:
        self.tell(messages.boot_notification(self.plate))

    def heartbeat(self) -> None:
        self.tell(call.Heartbeat())

    def security_event(self, kind: str, info: str | None = None) -> None:
        """Security extension, section 5.11."""
        at = stamp(self._time.now())
        self.tell(call.SecurityEventNotification(type=kind, timestamp=at, tech_info=info and info[:LONGEST_TECH_INFO]))

    def heartbeat_interval_changed(self) -> None:
        self._beat.set()

    async def ask(self, request: Any) -> Any:
        """Send now and return the answer; raise CallRefused, ConnectionLost or TimeoutError.

        Before the boot is accepted there is as good as no connection (section 4.2).
        """
        if self._session is None or not self.is_registered:
            raise ConnectionLost("There is no accepted connection.")
        return await self._session.ask(request)

    async def serve(self, session: Session) -> None:
        """Talk for as long as this connection holds; raise ConnectionLost when it ends."""
        self._outbox = asyncio.Queue()
        self._unanswered = 0
        self._session = session
        self._changes.announce()
        try:
            await together(self._empty_outbox(session), self._introduce_and_deliver(session))
        finally:
            self._session = None
            self._is_in_step = False
            self._changes.announce()

    async def _introduce_and_deliver(self, session: Session) -> None:
        await self._register(session)
        for report in self._current_reports():
            if self._known.get(report.connector_id) != report:
                self.report(report)
        if self._dialect.statuses_go_first:
            await self._changes.wait_until(lambda: not self._unanswered, None)
        self._is_in_step = True
        self._changes.announce()
        await together(self._queue.deliver(session.ask), self._keep_beating())

    async def _empty_outbox(self, session: Session) -> None:
        while True:
            request = await self._outbox.get()
            try:
                self._note_answer(request, await session.ask(request))
            except (CallRefused, TimeoutError) as failure:
                LOGGER.warning("%s was not taken: %s", request, failure)
            self._unanswered -= 1
            self._changes.announce()

    def _note_answer(self, request: Any, answer: Any) -> None:
        self._dialect.hears(type(request).__name__)
        if isinstance(request, call.StatusNotification):
            self._known[request.connector_id] = StatusReport(
                request.connector_id, request.status, request.error_code, request.info
            )
        elif isinstance(request, call.BootNotification):
            self._note_registration(answer)

    async def _register(self, session: Session) -> None:
        """Section 4.2: nothing else is sent of its own accord before the boot is accepted."""
        while not self.is_registered:
            try:
                request = messages.boot_notification(self.plate)
                self._note_answer(request, await session.ask(request))
            except (CallRefused, TimeoutError) as failure:
                LOGGER.warning("The BootNotification was not taken: %s", failure)
                self._registration_interval = 0
            seconds = self._registration_interval or self._configuration.seconds("TransactionMessageRetryInterval")
            # Pending: the central system may trigger the next BootNotification before its time.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._accepted.wait(), self._time.real(seconds))

    def _note_registration(self, answer: Any) -> None:
        self._registration_interval = answer.interval
        if answer.status == enums.RegistrationStatus.accepted:
            if answer.interval > 0:
                self._configuration.change("HeartbeatInterval", str(answer.interval))
                self.heartbeat_interval_changed()
            self._accepted.set()
            self._changes.announce()

    async def _keep_beating(self) -> None:
        """A Heartbeat every HeartbeatInterval (simulated seconds); none when it is 0."""
        while True:
            self._beat.clear()
            interval = self._configuration.seconds("HeartbeatInterval")
            try:
                async with asyncio.timeout(self._time.real(interval) if interval else None):
                    await self._beat.wait()
            except TimeoutError:
                # One that still waits to be answered is enough.
                if not self._unanswered:
                    self.heartbeat()

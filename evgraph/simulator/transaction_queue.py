"""Transaction messages: kept in order, sent until they are answered (OCPP 1.6 section 3.7)."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from evgraph.simulator.asking import CallRefused
from evgraph.simulator.changes import Changes
from evgraph.simulator.configuration import Configuration
from evgraph.simulator.dialects import Combined
from evgraph.simulator.library import call
from evgraph.simulator.simulated_time import SimulatedTime
from evgraph.simulator.transaction import Transaction

LOGGER = logging.getLogger("evgraph.simulator")

MOST_MESSAGES = 5000
"""About twenty hours of samples; beyond that the oldest samples go (errata 3.89)."""

NO_TRANSACTION_ID = -1
"""Stands in messages of a transaction whose StartTransaction was never accepted (errata 3.18)."""


@dataclass
class QueuedMessage:
    """The payload is as it was when queued; only the transaction id is filled in when it is sent."""

    payload: Any
    transaction: Transaction
    transmissions: int = 0
    refusals: int = 0
    answers: int = 0

    @property
    def is_start(self) -> bool:
        return isinstance(self.payload, call.StartTransaction)

    @property
    def is_stop(self) -> bool:
        return isinstance(self.payload, call.StopTransaction)

    @property
    def is_sample(self) -> bool:
        return isinstance(self.payload, call.MeterValues)

    def request(self, dialect: Combined) -> Any:
        if self.is_start:
            return self.payload
        transaction_id = self.transaction.transaction_id
        if dialect.forgets_offline_ids and self.transaction.began_offline:
            transaction_id = 0 if self.is_sample else NO_TRANSACTION_ID
        return dataclasses.replace(
            self.payload, transaction_id=NO_TRANSACTION_ID if transaction_id is None else transaction_id
        )


class TransactionQueue:
    """Outlives connections and power cycles."""

    def __init__(
        self,
        configuration: Configuration,
        time: SimulatedTime,
        changes: Changes,
        answered: Callable[[QueuedMessage, Any], None],
        dialect: Combined | None = None,
    ) -> None:
        self._configuration = configuration
        self._time = time
        self._changes = changes
        self._answered = answered
        self._dialect = dialect or Combined([])
        self._messages: deque[QueuedMessage] = deque()
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, message: QueuedMessage) -> None:
        if len(self._messages) >= MOST_MESSAGES:
            self._drop_oldest_sample()
        self._messages.append(message)
        self._filled.set()
        self._changes.announce()

    def drop(self, transaction: Transaction) -> None:
        """Nothing of this transaction is sent any more. Not while `deliver` runs."""
        self._messages = deque(message for message in self._messages if message.transaction is not transaction)
        if not self._messages:
            self._filled.clear()
        self._changes.announce()

    async def deliver(self, ask: Callable[[Any], Awaitable[Any]]) -> None:
        """Send one after the other for as long as the connection holds.

        A message that gets no answer is sent again without end. One that gets TransactionMessageAttempts
        CALLERRORs is thrown away.
        """
        while True:
            await self._filled.wait()
            message = self._messages[0]
            message.transmissions += 1
            try:
                answer = await ask(message.request(self._dialect))
            except TimeoutError:
                LOGGER.info("No answer to %s; it will be sent again.", message.payload)
            except CallRefused as refusal:
                message.refusals += 1
                LOGGER.warning("Refused: %s (%s)", message.payload, refusal)
                if message.refusals >= self._configuration.number("TransactionMessageAttempts"):
                    self._forget(message)
                    continue
            else:
                message.answers += 1
                if message.answers == 1 + self._dialect.loses_first_answer:
                    self._answered(message, answer)
                if message.answers >= self._dialect.times_sent:
                    self._forget(message)
                self._changes.announce()
                continue
            await asyncio.sleep(self._pause(message))

    def _pause(self, message: QueuedMessage) -> float:
        """Section 3.7.1: the interval times the transmissions so far; here no more than the attempts."""
        times = min(message.transmissions, self._configuration.number("TransactionMessageAttempts"))
        return self._time.real(self._configuration.seconds("TransactionMessageRetryInterval") * max(1, times))

    def _forget(self, message: QueuedMessage) -> None:
        self._messages.remove(message)
        if message.is_start and message.transaction.transaction_id is None:
            message.transaction.transaction_id = NO_TRANSACTION_ID
        elif message.is_stop and not message.transaction.stop_answered:
            message.transaction.stop_given_up = True
        if not self._messages:
            self._filled.clear()
        self._changes.announce()

    def _drop_oldest_sample(self) -> None:
        # Never the first message: it may be on its way.
        for message in list(self._messages)[1:]:
            if message.is_sample:
                self._messages.remove(message)
                return

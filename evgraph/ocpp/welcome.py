"""What a charge point is asked when it comes: its statuses (B5), its configuration (B3), to boot once it may (B1). And
its statuses again, where one that it told could not be kept."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import islice

import structlog

from evgraph.domain.asks import TriggerMessage
from evgraph.models.failures import DatabaseUnavailable
from evgraph.ocpp.calls.trigger_message import trigger_message, trigger_status_notification
from evgraph.ocpp.connection import Connection
from evgraph.ocpp.failures import log_failure
from evgraph.services.charge_points import ChargePoints
from evgraph.services.interfaces import CallFailed, ChargerRejected
from evgraph.services.onboarding import Onboarding

# Shorter than for people's commands, which wait in line behind these.
TRIGGER_DEADLINE = 10.0
# Also those that never answer have a place each, until their deadline.
AT_ONCE = 200
_TICK_S = 0.01
# After a status was lost, and after it could not be asked for: the database may be back by then.
AGAIN_S = 2.0

Work = Callable[[Connection], Awaitable[None]]

log = structlog.get_logger("evgraph.ocpp")


class Welcome:
    """`boot_wait`: seconds until one that does not boot is taken for one that is back (B5). No more than so many are
    asked at a time: after a restart all are back at once.

    A charge point costs a task while it is asked, and nothing before or after. The tasks are this object's; whoever
    says `expect` also says `part`, when the connection ends.
    """

    def __init__(
        self, charge_points: ChargePoints, onboarding: Onboarding, *, boot_wait: float, at_once: int = AT_ONCE
    ) -> None:
        self._charge_points = charge_points
        self._onboarding = onboarding
        self._boot_wait = boot_wait
        self._at_once = at_once
        # In the order of their coming, which is the order in which their time is up.
        self._expected: dict[Connection, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._missed: dict[Connection, asyncio.TimerHandle] = {}
        # What each is to be asked next; an order that lasts, so that each has its turn.
        self._waiting: dict[Connection, Work] = {}
        self._asked: dict[Connection, asyncio.Task[None]] = {}

    def expect(self, connection: Connection) -> None:
        """It has come, and may boot."""
        loop = asyncio.get_running_loop()
        connection.peer.tell = partial(self._has_news, connection)
        connection.peer.missed = partial(self._has_missed, connection)
        self._expected[connection] = loop.time() + self._boot_wait
        if self._timer is None:
            self._timer = loop.call_later(self._boot_wait, self._time_is_up)

    async def part(self, connection: Connection) -> None:
        """Its connection closed: it is asked no more."""
        connection.peer.tell = connection.peer.missed = _nothing
        self._expected.pop(connection, None)
        self._waiting.pop(connection, None)
        if not self._expected and self._timer is not None:
            self._timer.cancel()
            self._timer = None
        task = self._asked.get(connection)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            # One that was cancelled before it began does not say so itself.
            self._done(connection)
        # Last: what it was asked may have failed just now.
        if connection in self._missed:
            self._missed.pop(connection).cancel()

    def _has_news(self, connection: Connection) -> None:
        self._expected.pop(connection, None)
        work = self._bring_into_service if connection.peer.take_boot() else self._ask_to_boot
        self._waiting[connection] = work
        self._begin()

    def _has_missed(self, connection: Connection) -> None:
        if connection not in self._missed:
            loop = asyncio.get_running_loop()
            self._missed[connection] = loop.call_later(AGAIN_S, self._look_again, connection)

    def _look_again(self, connection: Connection) -> None:
        del self._missed[connection]
        self._waiting.setdefault(connection, self._ask_for_statuses)
        self._begin()

    def _time_is_up(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        for connection, at in list(islice(self._expected.items(), self._at_once)):
            if at > loop.time():
                break
            del self._expected[connection]
            log.info("no boot", charge_point=connection.peer.identity)
            self._waiting[connection] = self._take_up_again
        if self._expected:
            next_at = next(iter(self._expected.values()))
            self._timer = loop.call_at(max(next_at, loop.time() + _TICK_S), self._time_is_up)
        self._begin()

    def _begin(self) -> None:
        """With those who wait, as long as there is room; who is being asked goes on by itself."""
        room = self._at_once - len(self._asked)
        if room > 0:
            for connection in list(islice((one for one in self._waiting if one not in self._asked), room)):
                self._asked[connection] = asyncio.create_task(self._ask(connection))

    async def _ask(self, connection: Connection) -> None:
        try:
            while (work := self._waiting.pop(connection, None)) is not None:
                await self._quietly(connection, work)
        finally:
            self._done(connection)

    def _done(self, connection: Connection) -> None:
        if self._asked.pop(connection, None) is not None:
            self._begin()

    async def _bring_into_service(self, connection: Connection) -> None:
        """B3. It tells its statuses by itself after a boot, and once more when it was asked for something."""
        peer = connection.peer
        if await self._onboarding.configure(peer.id):
            await self._ask_for_statuses(connection)
        await self._onboarding.bring_local_list(peer.id, peer.identity)

    async def _take_up_again(self, connection: Connection) -> None:
        """B5: a charger that reconnects without a BootNotification says nothing of its connectors unasked. B3: nor is
        it configured, if it never booted with us."""
        peer = connection.peer
        await self._ask_for_statuses(connection)
        if await self._onboarding.is_due(peer.id):
            await self._onboarding.configure(peer.id)
        await self._onboarding.bring_local_list(peer.id, peer.identity)

    async def _ask_to_boot(self, connection: Connection) -> None:
        """B1: it was accepted by an operator just now, and would ask again in its own time. Allowed until it is told
        so (OCPP 1.6 errata 3.40)."""
        command = trigger_message(TriggerMessage("BootNotification"))
        if await connection.ask(command, TRIGGER_DEADLINE) != "Accepted":
            await self._take_up_again(connection)

    async def _ask_for_statuses(self, connection: Connection) -> None:
        peer = connection.peer
        connectors: list[int | None] = [*await self._charge_points.connectors(peer.id)]
        for connector_id in connectors or [None]:
            try:
                await connection.ask(trigger_status_notification(connector_id=connector_id), TRIGGER_DEADLINE)
            except ChargerRejected as refusal:
                log.info("status not triggered", charge_point=peer.identity, why=str(refusal))

    async def _quietly(self, connection: Connection, work: Work) -> None:
        peer = connection.peer
        if not peer.is_accepted:
            return
        try:
            await work(connection)
        except CallFailed as failure:
            log.info("not asked for all", charge_point=peer.identity, why=str(failure))
        except DatabaseUnavailable as failure:
            log.warning("not asked for want of a database", charge_point=peer.identity, error=repr(failure))
            self._has_missed(connection)
        except Exception as failure:
            log_failure("welcome failed", failure, charge_point=peer.identity)


def _nothing() -> None:
    """Nobody is told any more."""

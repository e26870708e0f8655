"""What a charge point is asked when it comes: its statuses (B5), its configuration (B3), to boot once it may (B1)."""

from collections.abc import Awaitable, Callable

import structlog

from evgraph.domain.asks import TriggerMessage
from evgraph.ocpp.calls.trigger_message import trigger_message, trigger_status_notification
from evgraph.ocpp.connection import Connection
from evgraph.ocpp.failures import log_failure
from evgraph.services.charge_points import ChargePoints
from evgraph.services.interfaces import ChargerOffline, ChargerRejected, ChargerTimeout
from evgraph.services.onboarding import Onboarding

# Shorter than for people's commands, which wait in line behind these.
TRIGGER_DEADLINE = 10.0

Work = Callable[[Connection], Awaitable[None]]

log = structlog.get_logger("evgraph.ocpp")


class Welcome:
    """`boot_wait`: seconds until one that does not boot is taken for one that is back (B5)."""

    def __init__(self, charge_points: ChargePoints, onboarding: Onboarding, *, boot_wait: float) -> None:
        self._charge_points = charge_points
        self._onboarding = onboarding
        self._boot_wait = boot_wait

    async def run(self, connection: Connection) -> None:
        """A task of the connection's, until cancelled."""
        peer = connection.peer
        if not await peer.has_news(within=self._boot_wait):
            log.info("no boot", charge_point=peer.identity)
            await self._quietly(connection, self._take_up_again)
        while True:
            await peer.has_news()
            if peer.take_boot():
                await self._quietly(connection, self._bring_into_service)
            else:
                await self._quietly(connection, self._ask_to_boot)

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

    @staticmethod
    async def _quietly(connection: Connection, work: Work) -> None:
        peer = connection.peer
        if not peer.is_accepted:
            return
        try:
            await work(connection)
        except (ChargerOffline, ChargerRejected, ChargerTimeout) as failure:
            log.info("not asked for all", charge_point=peer.identity, why=str(failure))
        except Exception as failure:
            log_failure("welcome failed", failure, charge_point=peer.identity)

"""How services ask charge points."""

from datetime import datetime

from evgraph.ocpp.calls.command import Command
from evgraph.ocpp.calls.remote_start_transaction import remote_start_transaction
from evgraph.ocpp.calls.remote_stop_transaction import remote_stop_transaction
from evgraph.ocpp.calls.trigger_message import trigger_status_notification
from evgraph.ocpp.connection import CALL_DEADLINE
from evgraph.ocpp.registry import Registry
from evgraph.services.interfaces import ChargerOffline


class Gateway:
    """Fulfils ChargePointGateway. `deadline`: seconds for a CALL, its waiting in line included (C5)."""

    def __init__(self, registry: Registry, *, deadline: float = CALL_DEADLINE) -> None:
        self._registry = registry
        self._deadline = deadline

    async def remote_start(self, identity: str, *, connector_id: int, id_tag: str) -> None:
        await self._ask(identity, remote_start_transaction(connector_id=connector_id, id_tag=id_tag))

    async def remote_stop(self, identity: str, *, transaction_id: int) -> None:
        await self._ask(identity, remote_stop_transaction(transaction_id=transaction_id))

    async def trigger_status(self, identity: str, *, connector_id: int | None) -> None:
        await self._ask(identity, trigger_status_notification(connector_id=connector_id))

    def last_seen(self, identity: str) -> datetime | None:
        connection = self._registry.current(identity)
        return connection.last_seen if connection is not None else None

    async def _ask(self, identity: str, command: Command[None]) -> None:
        connection = self._registry.current(identity)
        if connection is None:
            raise ChargerOffline(f"{identity} is not connected")
        await connection.ask(command, self._deadline)

"""How services ask charge points."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from evgraph.domain.asks import Ask
from evgraph.domain.charge_point import Acceptance
from evgraph.domain.transactions import TransactionStop
from evgraph.ocpp import calls, messages  # noqa: F401 - each registers itself
from evgraph.ocpp.calls.command import WRITERS, Command
from evgraph.ocpp.calls.remote_start_transaction import remote_start_transaction
from evgraph.ocpp.calls.remote_stop_transaction import remote_stop_transaction
from evgraph.ocpp.calls.trigger_message import trigger_status_notification
from evgraph.ocpp.connection import CALL_DEADLINE
from evgraph.ocpp.fields import CallRefused, Fields
from evgraph.ocpp.frames import Call, NotAFrame, decode
from evgraph.ocpp.registry import Registry
from evgraph.ocpp.translate import transaction_stop
from evgraph.services.interfaces import Answer, ChargerOffline


class Gateway:
    """Fulfils ChargePointGateway. `deadline`: seconds from the sending of a CALL to its answer, and as many
    until it must have been sent (C5)."""

    def __init__(self, registry: Registry, *, deadline: float = CALL_DEADLINE) -> None:
        self._registry = registry
        self._deadline = deadline

    async def remote_start(self, identity: str, *, connector_id: int, id_tag: str) -> None:
        await self._ask(identity, remote_start_transaction(connector_id=connector_id, id_tag=id_tag))

    async def remote_stop(self, identity: str, *, transaction_id: int) -> None:
        await self._ask(identity, remote_stop_transaction(transaction_id=transaction_id))

    async def trigger_status(self, identity: str, *, connector_id: int | None) -> None:
        await self._ask(identity, trigger_status_notification(connector_id=connector_id))

    async def ask(self, identity: str, ask: Ask[Answer]) -> Answer:
        return await self._ask(identity, WRITERS[type(ask)](ask))

    async def call(self, identity: str, action: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._ask(identity, Command(action, dict(payload), lambda answer: answer))

    def accept(self, identity: str, acceptance: Acceptance) -> None:
        connection = self._registry.current(identity)
        if connection is not None:
            connection.peer.accept(acceptance)

    def disconnect(self, identity: str, why: str) -> None:
        connection = self._registry.current(identity)
        if connection is not None:
            connection.close(why)

    def read_stop(self, frame: str, received_at: datetime) -> TransactionStop | None:
        try:
            call = decode(frame)
            if not isinstance(call, Call) or call.action != "StopTransaction":
                return None
            return transaction_stop(messages.stop_transaction(Fields(call.payload)), received_at, frame)
        except (CallRefused, NotAFrame):
            return None

    def last_seen(self, identity: str) -> datetime | None:
        connection = self._registry.current(identity)
        return connection.last_seen if connection is not None else None

    async def _ask(self, identity: str, command: Command[Answer]) -> Answer:
        connection = self._registry.current(identity)
        if connection is None:
            raise ChargerOffline(f"{identity} is not connected")
        return await connection.ask(command, self._deadline)

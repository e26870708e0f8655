"""For those who open the house without chargers: the command line, at work beside a running server."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

from evgraph.domain.asks import Ask
from evgraph.domain.charge_point import Acceptance
from evgraph.domain.transactions import TransactionStop
from evgraph.services.interfaces import Answer, ChargerOffline


class NoChargePoints:
    async def remote_start(self, identity: str, *, connector_id: int, id_tag: str) -> None:
        self._offline(identity)

    async def remote_stop(self, identity: str, *, transaction_id: int) -> None:
        self._offline(identity)

    async def trigger_status(self, identity: str, *, connector_id: int | None) -> None:
        self._offline(identity)

    async def ask(self, identity: str, ask: Ask[Answer]) -> Answer:
        self._offline(identity)

    async def call(self, identity: str, action: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        self._offline(identity)

    def accept(self, identity: str, acceptance: Acceptance) -> None:
        """Holds from its next connection."""

    def disconnect(self, identity: str, why: str) -> None:
        """There is none."""

    def read_stop(self, frame: str, received_at: datetime) -> TransactionStop | None:
        """What reads frames is not here either."""
        return None

    def last_seen(self, identity: str) -> datetime | None:
        return None

    @staticmethod
    def _offline(identity: str) -> NoReturn:
        raise ChargerOffline(f"{identity} is not connected to this process")

"""For those who open the house without chargers: the command line, at work beside a running server."""

from datetime import datetime
from typing import NoReturn

from evgraph.services.interfaces import ChargerOffline


class NoChargePoints:
    async def remote_start(self, identity: str, *, connector_id: int, id_tag: str) -> None:
        self._offline(identity)

    async def remote_stop(self, identity: str, *, transaction_id: int) -> None:
        self._offline(identity)

    async def trigger_status(self, identity: str, *, connector_id: int | None) -> None:
        self._offline(identity)

    def last_seen(self, identity: str) -> datetime | None:
        return None

    @staticmethod
    def _offline(identity: str) -> NoReturn:
        raise ChargerOffline(f"{identity} is not connected to this process")

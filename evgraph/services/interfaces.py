"""What services need of the world: a clock, and a way to ask a charge point."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class ChargerOffline(Exception):
    """No connection of that charge point is open, or it closed before the answer came."""


class ChargerTimeout(Exception):
    """The charge point did not answer within the call's deadline (C5)."""


class ChargerRejected(Exception):
    """The charge point answered, and not with a yes: another status than Accepted, a CALLERROR, or an answer in a form
    that cannot be read (C5)."""


class ChargePointGateway(Protocol):
    """Asks of connected charge points. Every method raises ChargerOffline, ChargerTimeout or ChargerRejected.

    Never called within a transaction: a charger that dawdles would freeze the garage.
    """

    async def remote_start(self, identity: str, *, connector_id: int, id_tag: str) -> None:
        """RemoteStartTransaction, always with the connector (S1). Returns when it was Accepted."""

    async def remote_stop(self, identity: str, *, transaction_id: int) -> None:
        """RemoteStopTransaction. Returns when it was Accepted."""

    async def trigger_status(self, identity: str, *, connector_id: int | None) -> None:
        """TriggerMessage StatusNotification, of one connector or of all (B5)."""

    def last_seen(self, identity: str) -> datetime | None:
        """When its last frame came on the open connection; null without one."""

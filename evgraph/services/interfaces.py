"""What services need of the world: a clock, and a way to ask a charge point."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from evgraph.domain.asks import Ask
from evgraph.domain.charge_point import Acceptance
from evgraph.domain.transactions import TransactionStop

Answer = TypeVar("Answer")


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class CallFailed(Exception):
    """A CALL to a charge point brought no answer that says yes. What to do next depends on which of these it is."""


class ChargerOffline(CallFailed):
    """No connection of that charge point is open, or it closed before the answer came."""


class ChargerBusy(CallFailed):
    """C5: the CALL was never sent, because the charge point did not answer earlier CALLs. It has no effect."""


class ChargerNotAccepted(ChargerBusy):
    """B1: the CALL was never sent, because the charge point is not accepted: it refused nothing. It has no effect."""


class ChargerTimeout(CallFailed):
    """The charge point did not answer within the deadline, which counts from the sending (C5). It may still act."""


class ChargerRejected(CallFailed):
    """The charge point answered, and not with a yes: another status than Accepted, a CALLERROR, or an answer in a form
    that cannot be read (C5)."""


class BadCall(Exception):
    """A CALL that OCPP 1.6 does not allow: no such action, or a payload that its JSON schema refuses. The message is a
    sentence; `part` is what is wrong: action or payload."""

    def __init__(self, message: str, part: str) -> None:
        super().__init__(message)
        self.part = part


class ChargePointGateway(Protocol):
    """Asks of connected charge points. Every method raises CallFailed: ChargerOffline, ChargerBusy, ChargerTimeout
    or ChargerRejected.

    Never called within a transaction: a charger that dawdles would freeze the garage.
    """

    async def remote_start(self, identity: str, *, connector_id: int, id_tag: str) -> None:
        """RemoteStartTransaction, always with the connector (S1). Returns when it was Accepted."""

    async def remote_stop(self, identity: str, *, transaction_id: int) -> None:
        """RemoteStopTransaction. Returns when it was Accepted."""

    async def trigger_status(self, identity: str, *, connector_id: int | None) -> None:
        """TriggerMessage StatusNotification, of one connector or of all (B5)."""

    async def ask(self, identity: str, ask: Ask[Answer]) -> Answer:
        """Anything else: the answer as its ask defines it. A status that says no is an answer, not ChargerRejected.
        Raises also BadCall: for what is longer than OCPP allows, for example."""

    async def call(self, identity: str, action: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Any CALL of OCPP 1.6 or its security extension: the CALLRESULT's payload as it came. Raises also BadCall."""

    def read_stop(self, frame: str, received_at: datetime) -> TransactionStop | None:
        """A StopTransaction that lay in quarantine, read again as it was at its receipt; null for any other frame."""

    def last_seen(self, identity: str) -> datetime | None:
        """When its last frame came on the open connection; null without one."""

    def accept(self, identity: str, acceptance: Acceptance) -> None:
        """B1: a new acceptance holds at once on the open connection, if there is one."""

    def disconnect(self, identity: str, why: str) -> None:
        """Closes the open connection, if there is one; the charge point connects again."""

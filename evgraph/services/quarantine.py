"""What could not be placed, and what an operator makes of it (C8, T3, M3)."""

from evgraph.domain import quarantine
from evgraph.domain.people import Right, Viewer
from evgraph.domain.quarantine import QuarantinedMessage
from evgraph.models import ChargePointRow, QuarantinedMessageRow
from evgraph.models.records import to_columns
from evgraph.services import finding
from evgraph.services.books import Books
from evgraph.services.interfaces import ChargePointGateway
from evgraph.services.permissions import missing, require
from evgraph.services.transactions import Transactions

_LONGEST_NAME = 100


class Quarantine:
    def __init__(self, books: Books, gateway: ChargePointGateway, transactions: Transactions) -> None:
        self._books = books
        self._gateway = gateway
        self._transactions = transactions

    async def resolve(
        self, viewer: Viewer, message_id: int, resolution: str, *, session_id: int | None = None
    ) -> QuarantinedMessage:
        """Dismissed with a reason; or, a StopTransaction, taken as the end of that session, as if it had named it: what
        runs ends and is billed (T1), what we had closed is corrected (T5). Who resolved it and when is kept. Raises
        Refusal NOT_FOUND, ALREADY_RESOLVED, INVALID or SESSION_NOT_ACTIVE."""
        found = await QuarantinedMessageRow.get_or_none(id=message_id)
        if found is None:
            raise missing("quarantined message", "input", "id")
        garage_id = (await ChargePointRow.get(id=found.charge_point_id)).garage_id
        require(viewer, Right.OPERATE, garage_id, "quarantined message", "input", "id")
        async with self._books.change(garage_id) as change:
            message = (await QuarantinedMessageRow.get(id=message_id)).value()
            resolved = quarantine.resolved(
                message, resolution=resolution, by=viewer.name[:_LONGEST_NAME], session_id=session_id, now=change.now
            )
            if session_id is not None:
                session = finding.fitting(
                    viewer,
                    await change.session(session_id),
                    lambda session: session.charge_point_id == message.charge_point_id,
                    "The session was at another charge point than the one that sent this message.",
                    what="session",
                    field="sessionId",
                )
                told = self._gateway.read_stop(message.frame, message.at)
                await self._transactions.end_by(change, session, quarantine.refuse_unless_it_ends(told, session))
            await QuarantinedMessageRow.filter(id=message_id).update(**to_columns(resolved))
        return resolved

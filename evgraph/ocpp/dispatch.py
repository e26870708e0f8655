"""From a CALL to its answer, and what becomes of one whose handler fails."""

import asyncio

import structlog
from ocpp.v16.enums import Action  # type: ignore[import-untyped]

from evgraph.models.failures import DatabaseUnavailable
from evgraph.ocpp import handlers  # noqa: F401 - each registers itself
from evgraph.ocpp.failures import log_failure
from evgraph.ocpp.fields import CallRefused
from evgraph.ocpp.frames import ErrorCode
from evgraph.ocpp.handling import HANDLERS, Handler
from evgraph.ocpp.inbound import Answer, InboundCall

log = structlog.get_logger("evgraph.ocpp")

# C8: read tolerantly, kept when they cannot be read, and sent again by the charger when they are not answered. A
# CALLERROR would be the end of them: a charger gives up after three, and the bill is lost (OCPP 1.6 section 3.7.1).
PRECIOUS = frozenset({"BootNotification", "StatusNotification", "StartTransaction", "StopTransaction", "MeterValues"})

_OF_A_TRANSACTION = frozenset({"StopTransaction", "MeterValues"})

KNOWN_ACTIONS = frozenset(action.value for action in Action)


class Unanswered(Exception):
    """Its handler failed; the charger gets no answer, so that it sends the message again."""


async def answer(call: InboundCall) -> Answer:
    """The payload of the CALLRESULT. Raises CallRefused for a CALLERROR, Unanswered for silence."""
    handler = HANDLERS.get(call.action)
    if not call.peer.is_accepted and call.action != "BootNotification" and not await _is_of_ours(call):
        # OCPP-J 1.6 errata 3.8.
        raise CallRefused(ErrorCode.SECURITY_ERROR, "BootNotification is not accepted yet.")
    if handler is None:
        raise _not_served(call.action)
    try:
        return await _handle(handler, call)
    except CallRefused:
        raise
    except asyncio.CancelledError as failure:
        # A service that is shutting down cancels what it still owed us; that is not our own cancellation.
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise
        raise _failed(call, failure) from failure
    except Exception as failure:
        raise _failed(call, failure) from failure


async def _is_of_ours(call: InboundCall) -> bool:
    """B1: what it says of a transaction that it was given is served whatever an operator thinks of it since: it is what
    a customer is billed by."""
    if call.action not in _OF_A_TRANSACTION:
        return False
    transaction_id = call.told.transaction_id if call.told is not None else call.fields.quietly().transaction_id()
    if transaction_id is None:
        return False
    return await call.services.transactions.is_known(call.peer.id, transaction_id)


async def _handle(handler: Handler, call: InboundCall) -> Answer:
    try:
        payload = await handler(call)
    except CallRefused as refusal:
        call.fields.note(refusal.description)
        await _quarantine(call)
        raise
    # After its service, which knows a message that is sent again: a failure in between keeps nothing twice.
    if call.fields.problems:
        await _quarantine(call)
    return payload


async def _quarantine(call: InboundCall) -> None:
    why = "; ".join(call.fields.problems)
    log.warning(
        "message not understood",
        charge_point=call.peer.identity,
        action=call.action,
        message_id=call.message_id,
        why=why,
    )
    if call.action in PRECIOUS:
        raw = call.raw.replace("\x00", "")
        await call.services.charge_points.quarantine(
            call.peer.id,
            action=call.action,
            raw=raw,
            why=why[:300],
            connector_id=call.fields.quietly().connector_id(),
        )


def _not_served(action: str) -> CallRefused:
    if action in KNOWN_ACTIONS:
        return CallRefused(ErrorCode.NOT_SUPPORTED, "This action is not served.")
    return CallRefused(ErrorCode.NOT_IMPLEMENTED, "There is no such action in OCPP 1.6.")


def _failed(call: InboundCall, failure: BaseException) -> Exception:
    error_id = log_failure(
        "handler failed",
        failure,
        charge_point=call.peer.identity,
        action=call.action,
        message_id=call.message_id,
    )
    # A database that is locked or gone is so for a moment: whatever the charger said, it may say again.
    if call.action in PRECIOUS or isinstance(failure, DatabaseUnavailable):
        return Unanswered(error_id)
    return CallRefused(ErrorCode.INTERNAL_ERROR, f"An internal error occurred ({error_id}).")

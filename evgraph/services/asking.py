"""An operator asks a charge point: between transactions, and a no comes back as a Refusal in an operator's words."""

from collections.abc import Mapping
from typing import Any

from evgraph.domain.asks import Ask
from evgraph.domain.charge_point import ChargePoint
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.services.interfaces import (
    Answer,
    BadCall,
    CallFailed,
    ChargePointGateway,
    ChargerBusy,
    ChargerNotAccepted,
    ChargerOffline,
    ChargerRejected,
    ChargerTimeout,
)

_ANYTHING: Mapping[str, str] = {}
_CHARGE_POINT = ("input", "chargePointId")
_LONGEST_REASON = 200


async def ask(
    gateway: ChargePointGateway,
    charge_point: ChargePoint,
    what: Ask[Answer],
    field: tuple[str, ...] = _CHARGE_POINT,
    *,
    part: tuple[str, ...] | None = None,
) -> Answer:
    """`field` names the charge point, `part` what may be wrong with the question. Raises Refusal CHARGER_OFFLINE,
    CHARGER_BUSY, CHARGER_TIMEOUT or CHARGER_REJECTED (a CALLERROR, an answer that cannot be read), and INVALID for what
    OCPP does not allow. A status that says no is an answer: see `refuse_unless`."""
    try:
        return await gateway.ask(charge_point.identity, what)
    except (BadCall, ChargerRejected) as failure:
        raise refusal(charge_point, failure, part or field) from failure
    except CallFailed as failure:
        raise refusal(charge_point, failure, field) from failure


async def call(
    gateway: ChargePointGateway, charge_point: ChargePoint, action: str, payload: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Any CALL, the CALLRESULT's payload as it came. Raises as `ask` does; INVALID names the action or the payload."""
    try:
        return await gateway.call(charge_point.identity, action, payload)
    except (BadCall, CallFailed) as failure:
        field = ("input", failure.part) if isinstance(failure, BadCall) else _CHARGE_POINT
        raise refusal(charge_point, failure, field) from failure


def refuse_unless(
    charge_point: ChargePoint,
    status: str,
    *wanted: str,
    meaning: Mapping[str, str] = _ANYTHING,
    field: tuple[str, ...] = _CHARGE_POINT,
) -> None:
    """Raises Refusal CHARGER_REJECTED for a status that is not `wanted`. `meaning`: what others mean, in sentences."""
    if status in wanted:
        return
    what_to_do = meaning.get(status, "")
    message = f"{charge_point.identity} answered {status}. {what_to_do}".rstrip()
    raise Refusal(ErrorCode.CHARGER_REJECTED, message, field)


def refusal(charge_point: ChargePoint, failure: Exception, field: tuple[str, ...] = _CHARGE_POINT) -> Refusal:
    """What a failed question means to an operator."""
    identity = charge_point.identity
    match failure:
        case BadCall():
            return Refusal(ErrorCode.INVALID, str(failure), field)
        case ChargerOffline():
            return Refusal(ErrorCode.CHARGER_OFFLINE, f"{identity} is offline. Ask again when it is connected.", field)
        case ChargerNotAccepted():
            return Refusal(
                ErrorCode.CHARGER_BUSY,
                f"{identity} is not accepted, so nothing was sent. Accept it first (setChargePointAcceptance).",
                field,
            )
        case ChargerBusy():
            return Refusal(
                ErrorCode.CHARGER_BUSY,
                f"{identity} did not answer earlier commands in time, so nothing was sent. Try again in a minute.",
                field,
            )
        case ChargerTimeout():
            return Refusal(
                ErrorCode.CHARGER_TIMEOUT,
                f"{identity} did not answer in time. It may still do what it was asked: look before you ask again.",
                field,
            )
    return Refusal(ErrorCode.CHARGER_REJECTED, f"{identity} refused: {_reason(failure)}.", field)


def _reason(failure: Exception) -> str:
    """A charge point's own words may be of any length, and hold what no text does."""
    words = "".join(sign for sign in str(failure)[:_LONGEST_REASON] if sign.isprintable())
    return words.strip().rstrip(":. ") or "it gave no reason"

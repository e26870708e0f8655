"""What an operator tells a charge point to do, here and now."""

from decimal import Decimal
from typing import Any

import strawberry
from strawberry.scalars import JSON

from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.enums import MessageTrigger, ResetKind
from evgraph.schema.errors import UserError
from evgraph.schema.port import Port

UNSET = strawberry.UNSET
_DEEPEST = 100
_WHOLE = 2**63


@strawberry.input
class ResetChargePointInput:
    charge_point_id: strawberry.ID
    kind: ResetKind


@strawberry.type
class ResetChargePointPayload:
    charge_point: ChargePoint | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class UnlockConnectorInput:
    port_id: strawberry.ID


@strawberry.type
class UnlockConnectorPayload:
    port: Port | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class TriggerMessageInput:
    charge_point_id: strawberry.ID
    message: MessageTrigger
    connector_id: int | None = strawberry.field(default=UNSET, description="Left out: all of them.")


@strawberry.type
class TriggerMessagePayload:
    charge_point: ChargePoint | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class ClearCacheInput:
    charge_point_id: strawberry.ID


@strawberry.type
class ClearCachePayload:
    charge_point: ChargePoint | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class DataTransferInput:
    charge_point_id: strawberry.ID
    vendor_id: str
    message_id: str | None = UNSET
    data: str | None = UNSET


@strawberry.type
class DataTransferPayload:
    status: str | None = strawberry.field(default=None, description="As the charge point answered: Accepted.")
    data: str | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class CallChargePointInput:
    charge_point_id: strawberry.ID
    action: str = strawberry.field(description="Of OCPP 1.6 or its security extension, for example GetConfiguration.")
    payload: JSON | None = strawberry.field(
        default=UNSET, description="An object, checked against the action's schema before it is sent; null is empty."
    )


@strawberry.type
class CallChargePointPayload:
    result: JSON | None = strawberry.field(default=None, description="The answer's payload, as it came.")
    errors: list[UserError] = strawberry.field(default_factory=list)


def plain_json(told: Any, depth: int = 0) -> Any:
    """As a response can hold it: a charge point's answer has exact decimals, and may have numbers of any length, halves
    of characters, and no end of nesting. Raises Refusal CHARGER_REJECTED for the last."""
    if depth > _DEEPEST:
        raise Refusal(
            ErrorCode.CHARGER_REJECTED, "The answer is nested too deeply to be shown.", ("input", "chargePointId")
        )
    match told:
        case dict():
            return {_text(name): plain_json(value, depth + 1) for name, value in told.items()}
        case list():
            return [plain_json(value, depth + 1) for value in told]
        case str():
            return _text(told)
        case bool() | None:
            return told
        case Decimal() if told != told.to_integral_value():
            return float(told)
        case _ if abs(told) < _WHOLE:
            return int(told)
    # Beyond 64 bits it stays exact as a text.
    return format(Decimal(told), "f")


def _text(told: str) -> str:
    return told.encode("utf-8", "replace").decode()

"""What an operator tells a charge point to do, here and now."""

from decimal import Decimal
from typing import Any

import strawberry
from strawberry.scalars import JSON

from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.enums import MessageTrigger, ResetKind
from evgraph.schema.errors import UserError
from evgraph.schema.port import Port

UNSET = strawberry.UNSET


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


def plain_json(told: Any) -> Any:
    """Numbers as JSON has them: a frame is read with exact decimals."""
    match told:
        case dict():
            return {name: plain_json(value) for name, value in told.items()}
        case list():
            return [plain_json(value) for value in told]
        case Decimal():
            return int(told) if told == told.to_integral_value() else float(told)
    return told

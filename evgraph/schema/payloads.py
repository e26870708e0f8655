"""What mutations answer with: what they changed, and `errors`, the typed reasons why they did not."""

from datetime import datetime

import strawberry

from evgraph.domain.stay import CheckOutWarning as CheckOutWarningValue
from evgraph.schema.charging_request import ChargingRequest
from evgraph.schema.charging_session import ChargingSession
from evgraph.schema.enums import CheckOutWarningCode
from evgraph.schema.errors import UserError
from evgraph.schema.port import Port
from evgraph.schema.rate import Rate
from evgraph.schema.stay import Stay
from evgraph.schema.viewer import Viewer


@strawberry.type
class SignInPayload:
    viewer: Viewer | None = None
    access_token: str | None = strawberry.field(
        default=None,
        description="For clients without cookies: send it as Authorization: Bearer, or as authToken in "
        "connection_init.",
    )
    expires_at: datetime | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class SignOutPayload:
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class CheckInPayload:
    stay: Stay | None = None
    request: ChargingRequest | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class UpdateStayPayload:
    stay: Stay | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type(description="What the attendant should know about a check-out that succeeded.")
class CheckOutWarning:
    code: CheckOutWarningCode = strawberry.field(description="What the warning is about, for a client to act on.")
    message: str = strawberry.field(description="A whole sentence to show to the attendant.")

    @classmethod
    def of(cls, warning: CheckOutWarningValue) -> "CheckOutWarning":
        return cls(code=warning.code, message=warning.message)


@strawberry.type
class CheckOutPayload:
    stay: Stay | None = strawberry.field(default=None, description="Closed, with its final line items.")
    warnings: list[CheckOutWarning] = strawberry.field(
        default_factory=list, description="The check-out succeeded, and the attendant should know this. Usually empty."
    )
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class MakeRequestPayload:
    request: ChargingRequest | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class CancelRequestPayload:
    request: ChargingRequest | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class StartChargingPayload:
    session: ChargingSession | None = strawberry.field(
        default=None,
        description="STARTING once the charger has accepted; it turns CHARGING when the charger opens its transaction.",
    )
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class StopChargingPayload:
    session: ChargingSession | None = strawberry.field(
        default=None,
        description="CHARGING until the charger reports the end. ENDED where this call ended it without the charger; "
        "FAILED where it gave up a start.",
    )
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class RenamePortPayload:
    port: Port | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class SetRatePayload:
    rate: Rate | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)

"""How an operator sets charge points up: registers them, lets them in, configures them, gives them a new key."""

from decimal import Decimal

import strawberry

from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.configuration import ConfigurationKey
from evgraph.schema.enums import Acceptance, KeyHandover
from evgraph.schema.errors import UserError

UNSET = strawberry.UNSET


@strawberry.input
class RegisterChargePointInput:
    garage_id: strawberry.ID
    identity: str = strawberry.field(
        description="The last part of the URL that it connects to, and its user name: 1 to 48 letters, digits or any "
        "of * - _ = + | @ . in exactly this case."
    )
    connectors: int = strawberry.field(default=1, description="How many vehicles can be plugged in at once: 1 to 10.")
    max_power_kw: Decimal | None = strawberry.field(
        default=UNSET, description="What one connector can deliver; 11.5 when left out."
    )
    key: str | None = strawberry.field(
        default=UNSET, description="One that it has already, of 16 to 40 characters; one is made when left out."
    )
    has_no_key: bool = strawberry.field(
        default=False, description="It connects without a key: only in a network that you trust."
    )
    acceptance: Acceptance = strawberry.field(default=Acceptance.ACCEPTED, description="What its boots are answered.")
    is_kept_configured: bool = strawberry.field(
        default=True, description="After a boot its configuration is brought to the wishes."
    )


@strawberry.type
class RegisterChargePointPayload:
    charge_point: ChargePoint | None = None
    url_path: str | None = strawberry.field(
        default=None, description="Behind ws://HOST:PORT or wss://HOST: where it connects to."
    )
    key: str | None = strawberry.field(
        default=None, description="The password to its user name (its identity). Told this once."
    )
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class UpdateChargePointInput:
    charge_point_id: strawberry.ID
    is_kept_configured: bool | None = strawberry.field(
        default=UNSET, description="After a boot its configuration is brought to the wishes."
    )


@strawberry.type
class UpdateChargePointPayload:
    charge_point: ChargePoint | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class SetChargePointAcceptanceInput:
    charge_point_id: strawberry.ID
    acceptance: Acceptance


@strawberry.type
class SetChargePointAcceptancePayload:
    charge_point: ChargePoint | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class RotateChargePointKeyInput:
    charge_point_id: strawberry.ID
    by_hand: bool = strawberry.field(
        default=False, description="It is not sent: a technician enters it in the charge point."
    )


@strawberry.type
class RotateChargePointKeyPayload:
    charge_point: ChargePoint | None = None
    key: str | None = strawberry.field(
        default=None, description="40 hex digits, told this once. The old key is good until it signs in with this one."
    )
    handover: KeyHandover | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class GetConfigurationInput:
    charge_point_id: strawberry.ID
    keys: list[str] | None = strawberry.field(default=UNSET, description="All that it tells, when left out.")


@strawberry.type
class GetConfigurationPayload:
    charge_point: ChargePoint | None = None
    configuration: list[ConfigurationKey] | None = strawberry.field(
        default=None, description="As it was told just now; without `keys` also what is wished and was not told."
    )
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class SetConfigurationInput:
    charge_point_id: strawberry.ID
    key: str
    value: str
    is_kept: bool = strawberry.field(
        default=True,
        description="After later boots it is brought back to this. False sets it once, and ends an earlier wish.",
    )


@strawberry.type
class SetConfigurationPayload:
    charge_point: ChargePoint | None = None
    status: str | None = strawberry.field(
        default=None, description="Accepted, or RebootRequired: it holds once the charge point has restarted."
    )
    configuration_key: ConfigurationKey | None = strawberry.field(
        default=None, description="What it holds now: read back."
    )
    errors: list[UserError] = strawberry.field(default_factory=list)

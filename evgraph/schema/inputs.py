"""What mutations take. UNSET is a field that was left out, which is not the same as null."""

from datetime import datetime
from decimal import Decimal

import strawberry

from evgraph.schema.enums import Channel, RateKind, StayKind

UNSET = strawberry.UNSET
_GARAGE_OF_TICKET = "The garage of the ticket number. With stayId too it must be that stay's, else INVALID."
_TICKET_NUMBER = "With garageId: the open stay of that number. With stayId it must be that stay's, else INVALID."


@strawberry.input
class VehicleInput:
    license_plate: str
    plate_state: str | None = UNSET
    make: str | None = UNSET
    color: str | None = UNSET


@strawberry.input
class SignInInput:
    email: str
    password: str


@strawberry.input
class CheckInInput:
    garage_id: strawberry.ID
    ticket_number: str | None = strawberry.field(
        default=UNSET, description="The garage's own ticket number; one is made when left out."
    )
    kind: StayKind
    vehicle: VehicleInput
    charging_note: str | None = UNSET
    estimated_checkout_at: datetime | None = UNSET
    ev_charge: bool | None = strawberry.field(
        default=False, description="The EV Charge switch: true also puts the vehicle on the queue."
    )
    channel: Channel | None = Channel.API
    idempotency_key: str | None = strawberry.field(
        default=UNSET, description="A retry with the same key answers as the first call did, and does nothing twice."
    )


@strawberry.input
class UpdateStayInput:
    stay_id: strawberry.ID
    vehicle: VehicleInput | None = UNSET
    charging_note: str | None = UNSET
    estimated_checkout_at: datetime | None = UNSET


@strawberry.input
class CheckOutInput:
    stay_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Either the stay's id, or the garage and the ticket number."
    )
    garage_id: strawberry.ID | None = strawberry.field(default=UNSET, description=_GARAGE_OF_TICKET)
    ticket_number: str | None = strawberry.field(default=UNSET, description=_TICKET_NUMBER)
    stop_charging: bool | None = strawberry.field(
        default=False,
        description="Stop a running session first, and bill what the charger reports; otherwise a running session "
        "refuses the checkout with STILL_CHARGING.",
    )
    idempotency_key: str | None = UNSET


@strawberry.input
class MakeRequestInput:
    stay_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Either the stay's id, or the garage and the ticket number."
    )
    garage_id: strawberry.ID | None = strawberry.field(default=UNSET, description=_GARAGE_OF_TICKET)
    ticket_number: str | None = strawberry.field(default=UNSET, description=_TICKET_NUMBER)
    estimated_checkout_at: datetime | None = UNSET
    channel: Channel | None = Channel.API
    idempotency_key: str | None = UNSET


@strawberry.input
class CancelRequestInput:
    request_id: strawberry.ID


@strawberry.input
class StartChargingInput:
    request_id: strawberry.ID
    port_id: strawberry.ID
    idempotency_key: str | None = UNSET


@strawberry.input
class StopChargingInput:
    session_id: strawberry.ID = strawberry.field(
        description="After CHARGER_REJECTED, CHARGER_TIMEOUT or CHARGER_BUSY, a further call asks the charger again "
        "and, when it refuses again, ends the session at its last reading, marked ESTIMATED."
    )


@strawberry.input
class RenamePortInput:
    port_id: strawberry.ID
    name: str | None = strawberry.field(default=UNSET, description="Null or empty takes the custom name away.")


@strawberry.input
class SetRateInput:
    garage_id: strawberry.ID
    kind: RateKind
    amount_cents: Decimal

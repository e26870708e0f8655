from datetime import datetime

import strawberry

from evgraph.domain.reservation import Reservation as ReservationValue
from evgraph.schema import port
from evgraph.schema.context import Info
from evgraph.schema.enums import ReservationState
from evgraph.schema.errors import UserError
from evgraph.schema.global_ids import encode
from evgraph.schema.node import from_value, resolved
from evgraph.schema.references import PortRef

UNSET = strawberry.UNSET


@strawberry.type(description="A connector that is held for an idTag.")
class Reservation:
    value: strawberry.Private[ReservationValue]

    connector_id: int = from_value("0: any connector of the charge point.")
    id_tag: str = from_value()
    parent_id_tag: str | None = from_value("Whoever shares it may charge as well.")
    state: ReservationState = from_value()
    expires_at: datetime = from_value()
    made_by: str | None = from_value()
    made_at: datetime = from_value()

    @resolved(name="id")
    def global_id(self) -> strawberry.ID:
        return encode("Reservation", self.value.id)

    @resolved("Null for any connector.")
    async def port(self, info: Info) -> PortRef | None:
        ports = await info.context.loaders.ports_of_charge_point.load(self.value.charge_point_id)
        return next((port.Port(value=found) for found in ports if found.connector_id == self.value.connector_id), None)


@strawberry.input
class ReserveNowInput:
    port_id: strawberry.ID | None = strawberry.field(default=UNSET, description="One port.")
    charge_point_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Or any connector of a charge point."
    )
    id_tag: str
    parent_id_tag: str | None = strawberry.field(
        default=UNSET, description="Left out: that of the registered card, if it has one."
    )
    expires_at: datetime


@strawberry.type
class ReserveNowPayload:
    reservation: Reservation | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class CancelReservationInput:
    reservation_id: strawberry.ID


@strawberry.type
class CancelReservationPayload:
    reservation: Reservation | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)

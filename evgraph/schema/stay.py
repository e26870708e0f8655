from datetime import datetime

import strawberry

from evgraph.domain.people import Right
from evgraph.domain.session_end import has_pending_charges, is_closed_without_stop, is_open_for_charges
from evgraph.domain.stay import Stay as StayValue
from evgraph.domain.stay import Vehicle as VehicleValue
from evgraph.schema import charging_request, charging_session, garage, line_item
from evgraph.schema.context import Info, existing
from evgraph.schema.enums import Channel, StayKind, StayStatus
from evgraph.schema.money import Money, money_of
from evgraph.schema.node import Node, from_value, resolved
from evgraph.schema.references import ChargingRequestRef, ChargingSessionRef, GarageRef, LineItemRef


@strawberry.type
class Vehicle:
    value: strawberry.Private[VehicleValue]

    license_plate: str = from_value()
    plate_state: str | None = from_value("State or region that issued the plate.")
    make: str | None = from_value()
    color: str | None = from_value()


@strawberry.type(description="One visit of one vehicle: the parking ticket.")
class Stay(Node):
    value: strawberry.Private[StayValue]

    ticket_number: str = from_value()
    kind: StayKind = from_value()
    status: StayStatus = from_value()
    channel: Channel = from_value()
    checked_in_at: datetime = from_value()
    estimated_checkout_at: datetime | None = from_value()
    checked_out_at: datetime | None = from_value()

    @strawberry.field
    async def garage(self, info: Info) -> GarageRef:
        return garage.Garage(value=existing(await info.context.loaders.garages.load(self.value.garage_id)))

    @strawberry.field
    def vehicle(self) -> Vehicle:
        return Vehicle(value=self.value.vehicle)

    @resolved(
        "What the owner said at check-in about starting and stopping a charge on this vehicle "
        "(every make unplugs differently)."
    )
    def charging_note(self, info: Info) -> str | None:
        self._require_stays(info)
        return self.value.charging_note

    @resolved("The request that is on the board now, if any.")
    async def active_request(self, info: Info) -> ChargingRequestRef | None:
        found = await info.context.loaders.active_request_of_stay.load(self.value.id)
        return charging_request.ChargingRequest(value=found) if found else None

    @strawberry.field
    async def requests(self, info: Info) -> list[ChargingRequestRef]:
        self._require_stays(info)
        found = await info.context.loaders.requests_of_stay.load(self.value.id)
        return [charging_request.ChargingRequest(value=value) for value in found]

    @strawberry.field
    async def sessions(self, info: Info) -> list[ChargingSessionRef]:
        self._require_stays(info)
        found = (await info.context.loaders.charges_of_stay.load(self.value.id)).sessions
        return [charging_session.ChargingSession(value=value) for value in found]

    @resolved("What charging has put on the ticket.")
    async def line_items(self, info: Info) -> list[LineItemRef]:
        self._require_stays(info)
        found = (await info.context.loaders.charges_of_stay.load(self.value.id)).line_items
        return [line_item.LineItem(value=value) for value in found]

    @strawberry.field
    async def line_item_total(self, info: Info) -> Money:
        self._require_stays(info)
        found = (await info.context.loaders.charges_of_stay.load(self.value.id)).line_items
        return await money_of(info, self.value.garage_id, sum(value.amount_cents for value in found))

    @resolved(
        "True while the bill of the stay may still change: EVGraph closed a session at its last reading, marked "
        "ESTIMATED, and the charger has not reported the end of the session. False again once it has, or seven days "
        "after EVGraph closed the session."
    )
    async def has_pending_charges(self, info: Info) -> bool:
        self._require_stays(info)
        found = (await info.context.loaders.charges_of_stay.load(self.value.id)).sessions
        if self.value.status is StayStatus.CLOSED and any(map(is_open_for_charges, found)):
            return True
        unconfirmed = [value for value in found if is_closed_without_stop(value)]
        # The result depends on the time only while there is such a session.
        return bool(unconfirmed) and has_pending_charges(unconfirmed, info.context.now())

    def _require_stays(self, info: Info) -> None:
        """A board shows a stay to a display too; what is written on the ticket is not for a wall."""
        info.context.require(Right.SEE_STAYS, self.value.garage_id)

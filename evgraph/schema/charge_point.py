from datetime import datetime

import strawberry

from evgraph.domain.charge_point import ChargePoint as ChargePointValue
from evgraph.domain.people import Right
from evgraph.schema import charging_profile, garage, port, reservation
from evgraph.schema.context import Info, existing
from evgraph.schema.node import Node, from_value, resolved
from evgraph.schema.references import ChargingProfileRef, GarageRef, PortRef, ReservationRef


@strawberry.type
class ChargePoint(Node):
    value: strawberry.Private[ChargePointValue]

    identity: str = from_value("OCPP charge point identity: the last segment of the URL that it connects to.")
    vendor: str | None = from_value()
    model: str | None = from_value()
    serial_number: str | None = from_value()
    firmware_version: str | None = from_value()
    is_online: bool = from_value()
    last_boot_at: datetime | None = from_value()

    @strawberry.field
    async def garage(self, info: Info) -> GarageRef:
        return garage.Garage(value=existing(await info.context.loaders.garages.load(self.value.garage_id)))

    @strawberry.field
    def last_seen_at(self, info: Info) -> datetime | None:
        return info.context.last_seen(self.value.identity) or self.value.last_seen_at

    @strawberry.field
    async def ports(self, info: Info) -> list[PortRef]:
        ports = await info.context.loaders.ports_of_charge_point.load(self.value.id)
        return [port.Port(value=value) for value in ports]

    @resolved("Newest first: those that are held, and those of the last thirty days.")
    async def reservations(self, info: Info) -> list[ReservationRef]:
        info.context.require(Right.OPERATE, self.value.garage_id)
        found = await info.context.loaders.reservations_of_charge_point.load(self.value.id)
        return [reservation.Reservation(value=value) for value in found]

    @resolved("What it accepted and was not cleared, by connector.")
    async def charging_profiles(self, info: Info) -> list[ChargingProfileRef]:
        info.context.require(Right.OPERATE, self.value.garage_id)
        held = await info.context.loaders.profiles_of_charge_point.load(self.value.id)
        return [charging_profile.ChargingProfile(value=value) for value in held]

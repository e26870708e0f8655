from datetime import datetime

import strawberry

from evgraph.domain.port import Port as PortValue
from evgraph.schema import charge_point, charging_session
from evgraph.schema.context import Info, existing
from evgraph.schema.enums import PortStatus
from evgraph.schema.node import Node, from_value, resolved
from evgraph.schema.references import ChargePointRef, ChargingSessionRef


@strawberry.type(description="One connector that a vehicle can be plugged into.")
class Port(Node):
    value: strawberry.Private[PortValue]

    name: str = from_value(
        "What the sticker says: the custom name, or the charge point's identity with the connector's number."
    )
    custom_name: str | None = from_value("Null until someone renames the port.")
    connector_id: int = from_value("OCPP connectorId, from 1.")
    status: PortStatus = from_value()
    status_changed_at: datetime = from_value()
    error_code: str | None = from_value("OCPP errorCode, null while there is NoError.")
    vendor_error_code: str | None = from_value("The manufacturer's own code, as its last status carried it.")
    info: str | None = from_value("Free text of its last status.")
    is_open: bool = from_value("Free to start a session: online, not faulted, nothing starting or running on it.")
    not_open_reason: str | None = from_value(
        "Why it is not open, in a sentence for an attendant. Null while it is open."
    )

    is_out_of_order: bool = from_value("An operator took it out of service; its charge point may not know yet.")

    @strawberry.field
    async def charge_point(self, info: Info) -> ChargePointRef:
        found = await info.context.loaders.charge_points.load(self.value.charge_point_id)
        return charge_point.ChargePoint(value=existing(found))

    @strawberry.field
    def last_reported_status(self) -> PortStatus:
        return self.value.reported_status

    @resolved("11.5 for a Phihong AX48.")
    def max_power_kw(self) -> float | None:
        return None if self.value.max_power_w is None else self.value.max_power_w / 1000

    @strawberry.field
    async def active_session(self, info: Info) -> ChargingSessionRef | None:
        if self.value.active_session_id is None:
            return None
        found = await info.context.loaders.sessions.load(self.value.active_session_id)
        return charging_session.ChargingSession(value=found) if found else None

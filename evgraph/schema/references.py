"""Types by name, for the rings of nouns that point at one another."""

from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

if TYPE_CHECKING:
    from evgraph.schema.board import Board
    from evgraph.schema.charge_point import ChargePoint
    from evgraph.schema.charge_point_job import ChargePointJob
    from evgraph.schema.charging_profile import ChargingProfile
    from evgraph.schema.charging_request import ChargingRequest
    from evgraph.schema.charging_session import ChargingSession
    from evgraph.schema.garage import Garage
    from evgraph.schema.line_item import LineItem
    from evgraph.schema.port import Port
    from evgraph.schema.quarantined_message import QuarantinedMessage
    from evgraph.schema.reservation import Reservation
    from evgraph.schema.session_move import SessionMove
    from evgraph.schema.stay import Stay

BoardRef: TypeAlias = Annotated["Board", strawberry.lazy("evgraph.schema.board")]
ChargePointJobRef: TypeAlias = Annotated["ChargePointJob", strawberry.lazy("evgraph.schema.charge_point_job")]
ChargePointRef: TypeAlias = Annotated["ChargePoint", strawberry.lazy("evgraph.schema.charge_point")]
ChargingProfileRef: TypeAlias = Annotated["ChargingProfile", strawberry.lazy("evgraph.schema.charging_profile")]
ChargingRequestRef: TypeAlias = Annotated["ChargingRequest", strawberry.lazy("evgraph.schema.charging_request")]
ChargingSessionRef: TypeAlias = Annotated["ChargingSession", strawberry.lazy("evgraph.schema.charging_session")]
GarageRef: TypeAlias = Annotated["Garage", strawberry.lazy("evgraph.schema.garage")]
LineItemRef: TypeAlias = Annotated["LineItem", strawberry.lazy("evgraph.schema.line_item")]
PortRef: TypeAlias = Annotated["Port", strawberry.lazy("evgraph.schema.port")]
SessionMoveRef: TypeAlias = Annotated["SessionMove", strawberry.lazy("evgraph.schema.session_move")]
QuarantinedMessageRef: TypeAlias = Annotated[
    "QuarantinedMessage", strawberry.lazy("evgraph.schema.quarantined_message")
]
ReservationRef: TypeAlias = Annotated["Reservation", strawberry.lazy("evgraph.schema.reservation")]
StayRef: TypeAlias = Annotated["Stay", strawberry.lazy("evgraph.schema.stay")]

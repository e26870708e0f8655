"""Anything by its global id, for those who may see it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from strawberry.dataloader import DataLoader

from evgraph.domain.people import Right
from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import may_see
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.charge_point_job import ChargePointJob
from evgraph.schema.charging_request import ChargingRequest
from evgraph.schema.charging_session import ChargingSession
from evgraph.schema.context import Loaders
from evgraph.schema.garage import Garage
from evgraph.schema.global_ids import decode
from evgraph.schema.line_item import LineItem
from evgraph.schema.node import Node
from evgraph.schema.port import Port
from evgraph.schema.rate import Rate
from evgraph.schema.security import ChargePointCertificate
from evgraph.schema.stay import Stay


@dataclass(frozen=True, slots=True)
class _Kind:
    wrap: Callable[..., Node]
    loader: Callable[[Loaders], DataLoader[int, Any]]
    right: Right


_KINDS = {
    "Garage": _Kind(Garage, lambda loaders: loaders.garages, Right.SEE_BOARD),
    "Port": _Kind(Port, lambda loaders: loaders.ports, Right.SEE_BOARD),
    "ChargePoint": _Kind(ChargePoint, lambda loaders: loaders.charge_points, Right.SEE_BOARD),
    "Rate": _Kind(Rate, lambda loaders: loaders.rates, Right.SEE_BOARD),
    "Stay": _Kind(Stay, lambda loaders: loaders.stays, Right.SEE_STAYS),
    "LineItem": _Kind(LineItem, lambda loaders: loaders.line_items, Right.SEE_STAYS),
    "ChargingRequest": _Kind(ChargingRequest, lambda loaders: loaders.requests, Right.SEE_STAYS),
    "ChargePointJob": _Kind(ChargePointJob, lambda loaders: loaders.jobs, Right.OPERATE),
    "ChargePointCertificate": _Kind(ChargePointCertificate, lambda loaders: loaders.certificates, Right.OPERATE),
    "ChargingSession": _Kind(ChargingSession, lambda loaders: loaders.sessions, Right.SEE_STAYS),
}


async def node(info: Info, global_id: str) -> Node | None:
    """Null for an id of nothing, and of what the viewer does not see. Raises Forbidden where the role is less."""
    decoded = decode(global_id)
    kind = _KINDS.get(decoded[0]) if decoded else None
    if decoded is None or kind is None:
        return None
    value = await kind.loader(info.context.loaders).load(decoded[1])
    if value is None:
        return None
    garage_id = value.id if decoded[0] == "Garage" else value.garage_id
    return kind.wrap(value=value) if may_see(info.context.viewer, kind.right, garage_id) else None

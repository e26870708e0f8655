"""The rows, and the database that they live in."""

from evgraph.models.charge_point import CardRow, ChargePointRow, PortRow, QuarantinedMessageRow, RefusedConnectionRow
from evgraph.models.charging import MeterSampleRow, RequestRow, SessionRow
from evgraph.models.garage import GarageRow, OrganizationRow
from evgraph.models.idempotency import IdempotencyRow
from evgraph.models.operating import (
    CertificateRow,
    ChargePointJobRow,
    ChargingProfileRow,
    ConfigurationKeyRow,
    ConnectionRow,
    FrameRow,
    ReservationRow,
    SecurityEventRow,
    SessionMoveRow,
)
from evgraph.models.people import AccessTokenRow, PersonRoleRow, PersonRow
from evgraph.models.progress import ProgressRow
from evgraph.models.rate import RateRow
from evgraph.models.stay import LineItemRow, StayRow

__all__ = [
    "AccessTokenRow",
    "CardRow",
    "CertificateRow",
    "ChargePointJobRow",
    "ChargePointRow",
    "ChargingProfileRow",
    "ConfigurationKeyRow",
    "ConnectionRow",
    "FrameRow",
    "GarageRow",
    "IdempotencyRow",
    "LineItemRow",
    "MeterSampleRow",
    "OrganizationRow",
    "PersonRoleRow",
    "PersonRow",
    "PortRow",
    "ProgressRow",
    "QuarantinedMessageRow",
    "RateRow",
    "RefusedConnectionRow",
    "RequestRow",
    "ReservationRow",
    "SecurityEventRow",
    "SessionMoveRow",
    "SessionRow",
    "StayRow",
]

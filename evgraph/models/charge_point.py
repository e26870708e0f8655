"""Chargers, their connectors, and what they said that could not be placed."""

from tortoise import fields
from tortoise.models import Model

from evgraph.domain.cards import RegisteredCard
from evgraph.domain.charge_point import Acceptance, ChargePoint
from evgraph.domain.port import Port, PortStatus
from evgraph.domain.quarantine import QuarantinedMessage
from evgraph.domain.refused_connection import RefusedConnection
from evgraph.models.records import to_value


class ChargePointRow(Model):
    """`key_hash` is null for a charge point that signs in without a key (security profile 0); `next_key_hash` holds a
    key that it was given and may have taken: either is good until one is proven. `security_profile`: the least that
    it must connect with. `configures`: its configuration is brought to the wishes after a boot (B3).
    `max_frame_bytes`: its own limit for a frame, null for the setting (C6). `reported_status` and what follows are of
    connector 0 (B4)."""

    id = fields.IntField(primary_key=True)
    garage: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "evgraph.GarageRow", related_name="charge_points", on_delete=fields.RESTRICT
    )
    garage_id: int
    identity = fields.CharField(max_length=100, unique=True)
    key_hash = fields.CharField(max_length=200, null=True)
    next_key_hash = fields.CharField(max_length=200, null=True)
    security_profile = fields.IntField(default=0)
    configures = fields.BooleanField(default=True)
    local_list_version = fields.IntField(default=0)
    acceptance = fields.CharEnumField(Acceptance, max_length=10, default=Acceptance.ACCEPTED)
    vendor = fields.CharField(max_length=100, null=True)
    model = fields.CharField(max_length=100, null=True)
    serial_number = fields.CharField(max_length=100, null=True)
    firmware_version = fields.CharField(max_length=100, null=True)
    is_online = fields.BooleanField(default=False)
    last_seen_at = fields.DatetimeField(null=True)
    last_boot_at = fields.DatetimeField(null=True)
    max_frame_bytes = fields.IntField(null=True)
    reported_status = fields.CharEnumField(PortStatus, max_length=20, null=True)
    reported_at = fields.DatetimeField(null=True)
    status_received_at = fields.DatetimeField(null=True)
    error_code = fields.CharField(max_length=50, null=True)
    info = fields.CharField(max_length=100, null=True)
    vendor_error_code = fields.CharField(max_length=50, null=True)
    closes_ports = fields.BooleanField(default=False)

    class Meta:
        table = "charge_point"
        indexes = (("garage_id", "local_list_version"), ("local_list_version",))

    def value(self) -> ChargePoint:
        return to_value(self, ChargePoint)


class PortRow(Model):
    """Which session holds a port is not written here: it is the one session of the port that is active. `is_reported`:
    false where no StatusNotification has named the connector; it is then shown with its sessions only (B4)."""

    id = fields.IntField(primary_key=True)
    garage: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "evgraph.GarageRow", related_name="ports", on_delete=fields.RESTRICT
    )
    garage_id: int
    charge_point: fields.ForeignKeyRelation[ChargePointRow] = fields.ForeignKeyField(
        "evgraph.ChargePointRow", related_name="ports", on_delete=fields.RESTRICT
    )
    charge_point_id: int
    connector_id = fields.IntField()
    custom_name = fields.CharField(max_length=60, null=True)
    reported_status = fields.CharEnumField(PortStatus, max_length=20, default=PortStatus.UNAVAILABLE)
    reported_at = fields.DatetimeField(null=True)
    status_changed_at = fields.DatetimeField()
    error_code = fields.CharField(max_length=50, null=True)
    info = fields.CharField(max_length=100, null=True)
    max_power_w = fields.IntField(null=True)
    is_out_of_order = fields.BooleanField(default=False)
    is_reported = fields.BooleanField(default=True)
    status_received_at = fields.DatetimeField(null=True)
    vendor_error_code = fields.CharField(max_length=50, null=True)

    class Meta:
        table = "port"
        unique_together = (("charge_point_id", "connector_id"),)
        indexes = (("garage_id",), ("is_out_of_order",))

    def value(self, charge_point: ChargePoint, *, active_session_id: int | None) -> Port:
        return to_value(
            self,
            Port,
            identity=charge_point.identity,
            is_online=charge_point.is_online,
            is_accepted=charge_point.acceptance is Acceptance.ACCEPTED,
            closed_by=charge_point.reported_status if charge_point.closes_ports else None,
            active_session_id=active_session_id,
        )


class RefusedConnectionRow(Model):
    """A handshake that was turned away (C1)."""

    id = fields.IntField(primary_key=True)
    identity = fields.CharField(max_length=200, db_index=True)
    remote = fields.CharField(max_length=100)
    reason = fields.CharField(max_length=40)
    at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "refused_connection"

    def value(self) -> RefusedConnection:
        return to_value(self, RefusedConnection)


class QuarantinedMessageRow(Model):
    """A message that was answered and could not be placed or read whole (C8, T3, M3). `garage_id` is its charge
    point's, which stays in its garage; here, for a garage's newest to be found by an index. `is_orphan`: a
    StopTransaction whose session is not known, and may still begin (T3, X2).

    Repeats that merge (C8) are one row: `count` of them, the first came `at`, the latest `last_at`, and `frame` is the
    latest. `last_at` is null for messages that never merge. `connector_id`: the one that it names, null where it names
    none."""

    id = fields.IntField(primary_key=True)
    charge_point: fields.ForeignKeyRelation[ChargePointRow] = fields.ForeignKeyField(
        "evgraph.ChargePointRow", related_name="quarantined", on_delete=fields.RESTRICT
    )
    charge_point_id: int
    garage_id = fields.IntField(null=True)
    action = fields.CharField(max_length=60)
    frame = fields.TextField()
    why = fields.CharField(max_length=300)
    energy_wh = fields.IntField(null=True)
    at = fields.DatetimeField()
    resolved_at = fields.DatetimeField(null=True)
    resolved_by = fields.CharField(max_length=100, null=True)
    resolution = fields.CharField(max_length=300, null=True)
    session_id = fields.IntField(null=True)
    is_orphan = fields.BooleanField(default=False)
    connector_id = fields.IntField(null=True)
    count = fields.IntField(default=1)
    last_at = fields.DatetimeField(null=True)

    class Meta:
        table = "quarantined_message"
        indexes = (("charge_point_id", "at"), ("garage_id", "id"), ("charge_point_id", "last_at"))

    def value(self) -> QuarantinedMessage:
        return to_value(self, QuarantinedMessage)


class CardRow(Model):
    """An idTag that may start a charger of the garage without a ticket: a staff card (S6). Kept in capitals."""

    # Not any more: as it was entered. The docstring is the table's comment, which only a migration changes.
    id = fields.IntField(primary_key=True)
    garage: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "evgraph.GarageRow", related_name="cards", on_delete=fields.RESTRICT
    )
    garage_id: int
    id_tag = fields.CharField(max_length=20)
    parent_id_tag = fields.CharField(max_length=20, null=True)
    name = fields.CharField(max_length=100, null=True)
    is_blocked = fields.BooleanField(default=False)
    expires_at = fields.DatetimeField(null=True)

    class Meta:
        table = "card"
        indexes = (("garage_id", "id"),)
        unique_together = (("garage_id", "id_tag"),)

    def value(self) -> RegisteredCard:
        return to_value(self, RegisteredCard)

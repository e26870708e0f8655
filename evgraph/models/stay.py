"""Tickets, and what charging put on them."""

from tortoise import fields
from tortoise.models import Model

from evgraph.domain.billing import LineItem, LineItemUnit
from evgraph.domain.stay import Channel, Stay, StayKind, StayStatus
from evgraph.models.records import to_value


class StayRow(Model):
    id = fields.IntField(primary_key=True)
    garage: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "evgraph.GarageRow", related_name="stays", on_delete=fields.RESTRICT
    )
    garage_id: int
    ticket_number = fields.CharField(max_length=40)
    kind = fields.CharEnumField(StayKind, max_length=10)
    status = fields.CharEnumField(StayStatus, max_length=10)
    channel = fields.CharEnumField(Channel, max_length=10)
    license_plate = fields.CharField(max_length=20)
    plate_state = fields.CharField(max_length=40, null=True)
    make = fields.CharField(max_length=40, null=True)
    color = fields.CharField(max_length=40, null=True)
    charging_note = fields.TextField(null=True)
    checked_in_at = fields.DatetimeField()
    estimated_checkout_at = fields.DatetimeField(null=True)
    checked_out_at = fields.DatetimeField(null=True)

    class Meta:
        table = "stay"
        indexes = (("garage_id", "id"), ("garage_id", "status", "id"), ("garage_id", "ticket_number"))

    def value(self) -> Stay:
        return to_value(self, Stay)


class LineItemRow(Model):
    """`sequence` with the session is unique: nothing is billed twice (T2)."""

    id = fields.IntField(primary_key=True)
    garage: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "evgraph.GarageRow", related_name="line_items", on_delete=fields.RESTRICT
    )
    garage_id: int
    stay: fields.ForeignKeyRelation[StayRow] = fields.ForeignKeyField(
        "evgraph.StayRow", related_name="line_items", on_delete=fields.RESTRICT
    )
    stay_id: int
    session: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "evgraph.SessionRow", related_name="line_items", on_delete=fields.RESTRICT
    )
    session_id: int
    sequence = fields.IntField()
    description = fields.CharField(max_length=200)
    quantity = fields.DecimalField(max_digits=14, decimal_places=3)
    unit = fields.CharEnumField(LineItemUnit, max_length=10)
    unit_cents = fields.DecimalField(max_digits=12, decimal_places=4)
    amount_cents = fields.BigIntField()
    is_correction = fields.BooleanField()
    after_checkout = fields.BooleanField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "line_item"
        unique_together = (("session_id", "sequence"),)
        indexes = (("garage_id", "id"), ("stay_id", "id"))

    def value(self) -> LineItem:
        return to_value(self, LineItem)

"""What charging costs, and what it cost before."""

from tortoise import fields
from tortoise.models import Model

from evgraph.domain.rate import Rate, RateKind
from evgraph.models.records import to_value


class RateRow(Model):
    id = fields.IntField(primary_key=True)
    garage: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "evgraph.GarageRow", related_name="rates", on_delete=fields.RESTRICT
    )
    garage_id: int
    kind = fields.CharEnumField(RateKind, max_length=10)
    amount_cents = fields.DecimalField(max_digits=12, decimal_places=4)
    currency = fields.CharField(max_length=3)
    effective_from = fields.DatetimeField()
    set_by = fields.CharField(max_length=100, null=True)

    class Meta:
        table = "rate"
        indexes = (("garage_id", "id"),)

    def value(self) -> Rate:
        return to_value(self, Rate)

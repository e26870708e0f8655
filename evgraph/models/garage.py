"""Who owns what: organisations and their garages."""

from tortoise import fields
from tortoise.models import Model

from evgraph.domain.garage import Garage, Organization
from evgraph.models.records import to_value


class OrganizationRow(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=100, unique=True)

    class Meta:
        table = "organization"

    def value(self) -> Organization:
        return to_value(self, Organization)


class GarageRow(Model):
    """`tickets_made` counts the ticket numbers that we gave, `locked` is written first by every change (one writer)."""

    id = fields.IntField(primary_key=True)
    organization: fields.ForeignKeyRelation[OrganizationRow] = fields.ForeignKeyField(
        "evgraph.OrganizationRow", related_name="garages", on_delete=fields.RESTRICT
    )
    organization_id: int
    location_id = fields.CharField(max_length=40)
    name = fields.CharField(max_length=100)
    time_zone = fields.CharField(max_length=60)
    currency = fields.CharField(max_length=3)
    locale = fields.CharField(max_length=20, default="en_US")
    free_starts = fields.BooleanField(default=False)
    # Counts the changes of the garage's board.
    revision = fields.IntField(default=0)
    tickets_made = fields.IntField(default=0)
    # Counted up: the version of all that belongs to the garage.
    locked = fields.IntField(default=0)

    class Meta:
        table = "garage"
        unique_together = (("organization_id", "location_id"),)

    def value(self) -> Garage:
        return to_value(self, Garage)

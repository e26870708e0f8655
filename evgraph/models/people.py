"""Who signs in, and what for."""

from tortoise import fields
from tortoise.models import Model

from evgraph.domain.people import Role


class PersonRow(Model):
    id = fields.IntField(primary_key=True)
    organization: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "evgraph.OrganizationRow", related_name="people", on_delete=fields.RESTRICT
    )
    organization_id: int
    name = fields.CharField(max_length=100)
    email = fields.CharField(max_length=200, unique=True)
    password_hash = fields.CharField(max_length=200)

    class Meta:
        table = "person"


class PersonRoleRow(Model):
    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[PersonRow] = fields.ForeignKeyField(
        "evgraph.PersonRow", related_name="roles", on_delete=fields.CASCADE
    )
    person_id: int
    garage: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "evgraph.GarageRow", related_name="roles", on_delete=fields.CASCADE
    )
    garage_id: int
    role = fields.CharEnumField(Role, max_length=10)

    class Meta:
        table = "person_role"
        unique_together = (("person_id", "garage_id"),)


class AccessTokenRow(Model):
    """`token_hash`: SHA-256 of 256 random bits, which no dictionary holds."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[PersonRow] = fields.ForeignKeyField(
        "evgraph.PersonRow", related_name="tokens", on_delete=fields.CASCADE
    )
    person_id: int
    token_hash = fields.CharField(max_length=64, unique=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "access_token"

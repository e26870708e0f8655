"""A model that no migration knows."""

from tortoise import fields
from tortoise.models import Model


class ForgottenRow(Model):
    id = fields.IntField(primary_key=True)

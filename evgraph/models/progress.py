"""How far work has come that goes over a table once, a little at a time."""

from tortoise import fields
from tortoise.models import Model


class ProgressRow(Model):
    """`reached`: the id of the last row that was looked at."""

    name = fields.CharField(max_length=40, primary_key=True)
    reached = fields.BigIntField()

    class Meta:
        table = "progress"

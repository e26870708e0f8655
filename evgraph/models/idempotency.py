"""What a call with an idempotencyKey was answered."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class IdempotencyRow(Model):
    """`answer` holds the ids that the first call answered with, or its refusal."""

    id = fields.IntField(primary_key=True)
    person_id = fields.IntField()
    operation = fields.CharField(max_length=40)
    key = fields.CharField(max_length=200)
    input_hash = fields.CharField(max_length=64)
    answer: dict[str, Any] = fields.JSONField()
    at = fields.DatetimeField()

    class Meta:
        table = "idempotency_key"
        unique_together = (("person_id", "operation", "key"),)
        indexes = (("at",),)

"""The queue, the sessions and what their meters counted."""

from typing import Final

from tortoise import fields
from tortoise.models import Model

from evgraph.domain.charging_request import ChargingRequest, RequestStatus
from evgraph.domain.charging_session import AuthorizationStatus, ChargingSession, SessionStatus, StopReason
from evgraph.domain.refusals import ErrorCode
from evgraph.domain.stay import Channel
from evgraph.models.records import FlagsField, to_value

# Of the sessions that hold a port. As it stands in the index that promises one a port: with parameters in it, a
# database would not see that the index will do, and read all that the port ever charged.
IS_ACTIVE: Final = "status IN ('STARTING', 'CHARGING')"


class RequestRow(Model):
    id = fields.IntField(primary_key=True)
    garage: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "evgraph.GarageRow", related_name="requests", on_delete=fields.RESTRICT
    )
    garage_id: int
    stay: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "evgraph.StayRow", related_name="requests", on_delete=fields.RESTRICT
    )
    stay_id: int
    status = fields.CharEnumField(RequestStatus, max_length=20)
    channel = fields.CharEnumField(Channel, max_length=10)
    requested_at = fields.DatetimeField()
    estimated_checkout_at = fields.DatetimeField(null=True)
    session_id = fields.IntField(null=True)
    last_start_failure = fields.CharField(max_length=300, null=True)

    class Meta:
        table = "charging_request"
        indexes = (("garage_id", "status"), ("stay_id", "id"))

    def value(self) -> ChargingRequest:
        return to_value(self, ChargingRequest)


class SessionRow(Model):
    """Its id is the OCPP transactionId. An index of migration 0002 holds that a port has one active session (S1)."""

    id = fields.IntField(primary_key=True)
    garage: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "evgraph.GarageRow", related_name="sessions", on_delete=fields.RESTRICT
    )
    garage_id: int
    charge_point: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "evgraph.ChargePointRow", related_name="sessions", on_delete=fields.RESTRICT
    )
    charge_point_id: int
    port: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "evgraph.PortRow", related_name="sessions", on_delete=fields.RESTRICT
    )
    port_id: int
    connector_id = fields.IntField()
    request: fields.ForeignKeyNullableRelation[RequestRow] = fields.ForeignKeyField(
        "evgraph.RequestRow", related_name="sessions", on_delete=fields.RESTRICT, null=True
    )
    request_id: int | None
    stay: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "evgraph.StayRow", related_name="sessions", on_delete=fields.RESTRICT, null=True
    )
    stay_id: int | None
    rate: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "evgraph.RateRow", related_name="sessions", on_delete=fields.RESTRICT, null=True
    )
    rate_id: int | None
    status = fields.CharEnumField(SessionStatus, max_length=10)
    flags = FlagsField(default="")
    id_tag = fields.CharField(max_length=20, db_index=True)
    authorization = fields.CharEnumField(AuthorizationStatus, max_length=20, null=True)
    asked_at = fields.DatetimeField()
    accepted_at = fields.DatetimeField(null=True)
    start_deadline = fields.DatetimeField(null=True)
    failure_code = fields.CharEnumField(ErrorCode, max_length=30, null=True)
    failure = fields.CharField(max_length=300, null=True)
    reported_start = fields.CharField(max_length=64, null=True)
    started_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    stop_reason = fields.CharEnumField(StopReason, max_length=20, null=True)
    meter_start_wh = fields.BigIntField(default=0)
    carried_wh = fields.BigIntField(default=0)
    base_register_wh = fields.BigIntField(default=0)
    register_at = fields.DatetimeField(null=True)
    energy_wh = fields.BigIntField(default=0)
    power_w = fields.IntField(null=True)
    last_meter_at = fields.DatetimeField(null=True)
    full_since = fields.DatetimeField(null=True)
    available_since = fields.DatetimeField(null=True)
    free_at = fields.DatetimeField(null=True)
    low_power_since = fields.DatetimeField(null=True)
    leapt_to_wh = fields.BigIntField(null=True)
    leapt_at = fields.DatetimeField(null=True)
    flat_fee_paid = fields.BooleanField(default=False)
    reported_id_tag = fields.CharField(max_length=20, null=True)
    clock_error_us = fields.BigIntField(null=True)
    register_source = fields.IntField(null=True)
    register_step_wh = fields.IntField(null=True)
    charging_seen_at = fields.DatetimeField(null=True)
    ev_gone_at = fields.DatetimeField(null=True)
    charging_again_at = fields.DatetimeField(null=True)
    ev_gone_register_wh = fields.BigIntField(null=True)
    held_back_from_wh = fields.BigIntField(null=True)
    held_back_since = fields.DatetimeField(null=True)
    held_back_to_wh = fields.BigIntField(null=True)
    stop_asked_at = fields.DatetimeField(null=True)
    stop_rejected_at = fields.DatetimeField(null=True)
    stop_failed_at = fields.DatetimeField(null=True)
    stop_refused_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)
    must_stop = fields.BooleanField(default=False)
    stop_register_wh = fields.BigIntField(null=True)
    stop_was_named = fields.BooleanField(default=True)
    stop_was_stamped = fields.BooleanField(default=True)
    stop_stamp = fields.DatetimeField(null=True)
    stop_id_tag = fields.CharField(max_length=20, null=True)
    stop_has_stamp = fields.BooleanField(default=True)

    class Meta:
        table = "charging_session"
        indexes = (
            ("garage_id", "id"),
            ("garage_id", "status", "id"),
            ("charge_point_id", "status"),
            ("charge_point_id", "connector_id", "started_at", "id"),
            ("charge_point_id", "id_tag", "meter_start_wh"),
            ("charge_point_id", "reported_id_tag"),
            ("port_id", "id"),
            ("port_id", "started_at", "id"),
            ("request_id",),
            ("stay_id",),
            ("status", "start_deadline"),
        )

    def value(self) -> ChargingSession:
        return to_value(self, ChargingSession)


class MeterSampleRow(Model):
    """One reading as it came: `energy_wh` is what the session had delivered by then. Without a session it is a charge
    point's own meter (connector 0), or one of a connector where nothing ran (M3). `detail`: as JSON, what the other
    columns cannot say of it (phases, locations, contexts, steps); null where they say it all."""

    id = fields.BigIntField(primary_key=True)
    charge_point_id = fields.IntField()
    connector_id = fields.IntField()
    session_id = fields.IntField(null=True)
    at = fields.DatetimeField()
    received_at = fields.DatetimeField()
    register_wh = fields.BigIntField(null=True)
    power_w = fields.IntField(null=True)
    energy_wh = fields.BigIntField(null=True)
    detail = fields.TextField(null=True)

    class Meta:
        table = "meter_sample"
        unique_together = (("session_id", "at"),)

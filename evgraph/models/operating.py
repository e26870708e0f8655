"""What operators see and steer of a charge point: what it said, its connections, its settings, what it was asked."""

from tortoise import fields
from tortoise.models import Model

from evgraph.domain.assigning import SessionMove
from evgraph.domain.charge_point import CertificateState, FrameDirection, FrameKind, JobKind, ReservationState
from evgraph.domain.frames import ChargePointConnection, LoggedFrame
from evgraph.domain.jobs import ChargePointJob
from evgraph.domain.security import IssuedCertificate, SecurityEvent
from evgraph.models.charge_point import ChargePointRow
from evgraph.models.records import to_value


class FrameRow(Model):
    """One OCPP-J frame as it went over the wire, secrets redacted (C10). `at` of a frame received is the instant that
    its handler went by. `action` is that of the CALL, also on its answer, and null where it cannot be read."""

    id = fields.BigIntField(primary_key=True)
    charge_point_id = fields.IntField()
    at = fields.DatetimeField()
    direction = fields.CharEnumField(FrameDirection, max_length=10)
    kind = fields.CharEnumField(FrameKind, max_length=12)
    message_id = fields.CharField(max_length=100, null=True)
    action = fields.CharField(max_length=60, null=True)
    frame = fields.TextField()

    class Meta:
        table = "frame"
        # Ids are made out of the time: an index on the time itself would be three times as long, and as dear to write.
        indexes = (("charge_point_id", "id"),)

    def value(self) -> LoggedFrame:
        return to_value(self, LoggedFrame)


class ConnectionRow(Model):
    """One connection of a charge point. `disconnected_at` is null while it is open, `security_profile` 0 to 3."""

    id = fields.IntField(primary_key=True)
    charge_point: fields.ForeignKeyRelation[ChargePointRow] = fields.ForeignKeyField(
        "evgraph.ChargePointRow", related_name="connections", on_delete=fields.RESTRICT
    )
    charge_point_id: int
    remote = fields.CharField(max_length=100)
    subprotocol = fields.CharField(max_length=40, null=True)
    security_profile = fields.IntField()
    connected_at = fields.DatetimeField()
    disconnected_at = fields.DatetimeField(null=True)
    close_code = fields.IntField(null=True)
    close_reason = fields.CharField(max_length=200, null=True)

    class Meta:
        table = "charge_point_connection"
        indexes = (("charge_point_id", "id"), ("disconnected_at",))

    def value(self) -> ChargePointConnection:
        return to_value(self, ChargePointConnection)


class ConfigurationKeyRow(Model):
    """One key of a charge point's configuration (B3). `value` is what it said that it holds, and when. `wish` is the
    operator's own, where it differs from the house's, `answer` what ChangeConfiguration was answered last."""

    id = fields.IntField(primary_key=True)
    charge_point: fields.ForeignKeyRelation[ChargePointRow] = fields.ForeignKeyField(
        "evgraph.ChargePointRow", related_name="configuration", on_delete=fields.RESTRICT
    )
    charge_point_id: int
    key = fields.CharField(max_length=100)
    value = fields.TextField(null=True)
    is_readonly = fields.BooleanField(default=False)
    is_known = fields.BooleanField(default=True)
    read_at = fields.DatetimeField(null=True)
    wish = fields.TextField(null=True)
    answer = fields.CharField(max_length=40, null=True)
    asked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "configuration_key"
        unique_together = (("charge_point_id", "key"),)


class ChargePointJobRow(Model):
    """Something that a charge point does for a while and tells of: firmware, diagnostics, logs. `status` is the charge
    point's own word for it, `request_id` what its notifications name it by."""

    id = fields.IntField(primary_key=True)
    charge_point: fields.ForeignKeyRelation[ChargePointRow] = fields.ForeignKeyField(
        "evgraph.ChargePointRow", related_name="jobs", on_delete=fields.RESTRICT
    )
    charge_point_id: int
    kind = fields.CharEnumField(JobKind, max_length=20)
    status = fields.CharField(max_length=50)
    location = fields.CharField(max_length=500)
    file_name = fields.CharField(max_length=255, null=True)
    request_id = fields.IntField(null=True)
    asked_by = fields.CharField(max_length=100, null=True)
    asked_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "charge_point_job"
        indexes = (("charge_point_id", "id"),)

    def value(self, garage_id: int) -> ChargePointJob:
        return to_value(self, ChargePointJob, garage_id=garage_id)


class ReservationRow(Model):
    """A connector held for an idTag (OCPP 1.6 section 5.13). Its id is the reservationId."""

    id = fields.IntField(primary_key=True)
    charge_point: fields.ForeignKeyRelation[ChargePointRow] = fields.ForeignKeyField(
        "evgraph.ChargePointRow", related_name="reservations", on_delete=fields.RESTRICT
    )
    charge_point_id: int
    connector_id = fields.IntField()
    id_tag = fields.CharField(max_length=20)
    parent_id_tag = fields.CharField(max_length=20, null=True)
    state = fields.CharEnumField(ReservationState, max_length=10)
    expires_at = fields.DatetimeField()
    made_by = fields.CharField(max_length=100, null=True)
    made_at = fields.DatetimeField()

    class Meta:
        table = "reservation"
        indexes = (("charge_point_id", "id"), ("state",))


class ChargingProfileRow(Model):
    """A charging profile that a charge point accepted, as it was sent (OCPP 1.6 section 7.8)."""

    id = fields.IntField(primary_key=True)
    charge_point: fields.ForeignKeyRelation[ChargePointRow] = fields.ForeignKeyField(
        "evgraph.ChargePointRow", related_name="charging_profiles", on_delete=fields.RESTRICT
    )
    charge_point_id: int
    connector_id = fields.IntField()
    profile_id = fields.IntField()
    stack_level = fields.IntField()
    purpose = fields.CharField(max_length=40)
    profile = fields.JSONField[dict]()  # type: ignore[type-arg]
    set_by = fields.CharField(max_length=100, null=True)
    set_at = fields.DatetimeField()

    class Meta:
        table = "charging_profile"
        unique_together = (("charge_point_id", "profile_id"),)


class SecurityEventRow(Model):
    """What a charge point told of its own safety (security extension, SecurityEventNotification)."""

    id = fields.IntField(primary_key=True)
    charge_point: fields.ForeignKeyRelation[ChargePointRow] = fields.ForeignKeyField(
        "evgraph.ChargePointRow", related_name="security_events", on_delete=fields.RESTRICT
    )
    charge_point_id: int
    kind = fields.CharField(max_length=50)
    tech_info = fields.CharField(max_length=255, null=True)
    at = fields.DatetimeField()
    received_at = fields.DatetimeField()

    class Meta:
        table = "security_event"
        indexes = (("charge_point_id", "id"), ("received_at",))

    def value(self) -> SecurityEvent:
        return to_value(self, SecurityEvent)


class CertificateRow(Model):
    """A certificate that the operator's CA signed for a charge point (SignCertificate). `serial`: as hex digits."""

    id = fields.IntField(primary_key=True)
    charge_point: fields.ForeignKeyRelation[ChargePointRow] = fields.ForeignKeyField(
        "evgraph.ChargePointRow", related_name="certificates", on_delete=fields.RESTRICT
    )
    charge_point_id: int
    serial = fields.CharField(max_length=64, unique=True)
    state = fields.CharEnumField(CertificateState, max_length=10)
    pem = fields.TextField()
    not_before = fields.DatetimeField()
    not_after = fields.DatetimeField()
    signed_at = fields.DatetimeField()

    class Meta:
        table = "certificate"
        indexes = (("charge_point_id", "id"),)

    def value(self, garage_id: int) -> IssuedCertificate:
        return to_value(self, IssuedCertificate, garage_id=garage_id)


class SessionMoveRow(Model):
    """Who gave a session to a stay, and took it from which (assignSession, reassignSession)."""

    id = fields.IntField(primary_key=True)
    session: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "evgraph.SessionRow", related_name="moves", on_delete=fields.RESTRICT
    )
    session_id: int
    from_stay_id = fields.IntField(null=True)
    to_stay_id = fields.IntField(null=True)
    moved_by = fields.CharField(max_length=100, null=True)
    moved_at = fields.DatetimeField()

    class Meta:
        table = "session_move"
        indexes = (("session_id", "id"),)

    def value(self) -> SessionMove:
        return to_value(self, SessionMove)

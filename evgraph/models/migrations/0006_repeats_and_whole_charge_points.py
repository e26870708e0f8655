"""What a charge point reports of itself (B4), and repeats of a quarantined message as one row (C8)."""

from enum import StrEnum

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index
from evgraph.models.columns import AddColumn, AlterMeaning


class PortStatus(StrEnum):
    """As it was when this migration was written."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"
    OFFLINE = "Offline"


class ErrorCode(StrEnum):
    """As it was when this migration was written."""

    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"
    STAY_CLOSED = "STAY_CLOSED"
    REQUEST_EXISTS = "REQUEST_EXISTS"
    REQUEST_NOT_WAITING = "REQUEST_NOT_WAITING"
    PORT_NOT_OPEN = "PORT_NOT_OPEN"
    PORT_IN_USE = "PORT_IN_USE"
    CHARGER_REJECTED = "CHARGER_REJECTED"
    CHARGER_TIMEOUT = "CHARGER_TIMEOUT"
    CHARGER_OFFLINE = "CHARGER_OFFLINE"
    CHARGER_BUSY = "CHARGER_BUSY"
    STILL_CHARGING = "STILL_CHARGING"
    SESSION_NOT_ACTIVE = "SESSION_NOT_ACTIVE"
    SESSION_ASSIGNED = "SESSION_ASSIGNED"
    ALREADY_RESOLVED = "ALREADY_RESOLVED"
    DUPLICATE_TICKET = "DUPLICATE_TICKET"
    NAME_TAKEN = "NAME_TAKEN"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"


class Migration(migrations.Migration):
    dependencies = [('evgraph', '0005_bills_under_every_habit')]

    initial = False

    operations = [
        AddColumn(
            model_name='ChargePointRow',
            name='closes_ports',
            field=fields.BooleanField(default=False),
        ),
        AddColumn(
            model_name='ChargePointRow',
            name='error_code',
            field=fields.CharField(null=True, max_length=50),
        ),
        AddColumn(
            model_name='ChargePointRow',
            name='info',
            field=fields.CharField(null=True, max_length=100),
        ),
        AddColumn(
            model_name='ChargePointRow',
            name='reported_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name='ChargePointRow',
            name='reported_status',
            field=fields.CharEnumField(null=True, description='AVAILABLE: Available\nPREPARING: Preparing\nCHARGING: Charging\nSUSPENDED_EV: SuspendedEV\nSUSPENDED_EVSE: SuspendedEVSE\nFINISHING: Finishing\nRESERVED: Reserved\nUNAVAILABLE: Unavailable\nFAULTED: Faulted\nOFFLINE: Offline', enum_type=PortStatus, max_length=20),
        ),
        AddColumn(
            model_name='ChargePointRow',
            name='status_received_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name='ChargePointRow',
            name='vendor_error_code',
            field=fields.CharField(null=True, max_length=50),
        ),
        AddColumn(
            model_name='PortRow',
            name='vendor_error_code',
            field=fields.CharField(null=True, max_length=50),
        ),
        AddColumn(
            model_name='QuarantinedMessageRow',
            name='connector_id',
            field=fields.IntField(null=True),
        ),
        AddColumn(
            model_name='QuarantinedMessageRow',
            name='count',
            field=fields.IntField(default=1),
        ),
        AddColumn(
            model_name='QuarantinedMessageRow',
            name='last_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name='QuarantinedMessageRow',
            index=Index(fields=['charge_point_id', 'last_at']),
        ),
        AlterMeaning(
            model_name='SessionRow',
            name='failure_code',
            field=fields.CharEnumField(null=True, description='NOT_FOUND: NOT_FOUND\nINVALID: INVALID\nSTAY_CLOSED: STAY_CLOSED\nREQUEST_EXISTS: REQUEST_EXISTS\nREQUEST_NOT_WAITING: REQUEST_NOT_WAITING\nPORT_NOT_OPEN: PORT_NOT_OPEN\nPORT_IN_USE: PORT_IN_USE\nCHARGER_REJECTED: CHARGER_REJECTED\nCHARGER_TIMEOUT: CHARGER_TIMEOUT\nCHARGER_OFFLINE: CHARGER_OFFLINE\nCHARGER_BUSY: CHARGER_BUSY\nSTILL_CHARGING: STILL_CHARGING\nSESSION_NOT_ACTIVE: SESSION_NOT_ACTIVE\nSESSION_ASSIGNED: SESSION_ASSIGNED\nALREADY_RESOLVED: ALREADY_RESOLVED\nDUPLICATE_TICKET: DUPLICATE_TICKET\nNAME_TAKEN: NAME_TAKEN\nIDEMPOTENCY_CONFLICT: IDEMPOTENCY_CONFLICT\nINVALID_CREDENTIALS: INVALID_CREDENTIALS', enum_type=ErrorCode, max_length=30),
        ),
        # The program before this migration knows no CHARGER_BUSY: nothing was sent, as to one that is offline.
        ops.RunSQL(
            ops.RunSQL.noop,
            reverse_sql="UPDATE charging_session SET failure_code = 'CHARGER_OFFLINE' WHERE failure_code = 'CHARGER_BUSY'",
        ),
        ops.RunSQL(
            ops.RunSQL.noop,
            reverse_sql="DELETE FROM idempotency_key WHERE CAST(answer AS TEXT) LIKE '%\"CHARGER_BUSY\"%'",
        ),
    ]

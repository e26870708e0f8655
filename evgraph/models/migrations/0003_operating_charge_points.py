"""Frames, connections, configuration, jobs and all else that operators see and steer (C1, C10, B3, M5, M6, T3)."""

from enum import StrEnum

from tortoise import migrations
from tortoise.migrations import operations as ops
from evgraph.models.columns import AddColumn
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

# What the rows' types were when this was written, spelled out: the program's own change, and this must not.
CertificateState = StrEnum('CertificateState', {'SENT': 'SENT', 'ACCEPTED': 'ACCEPTED', 'REJECTED': 'REJECTED', 'REVOKED': 'REVOKED'})
FrameDirection = StrEnum('FrameDirection', {'RECEIVED': 'RECEIVED', 'SENT': 'SENT'})
FrameKind = StrEnum('FrameKind', {'CALL': 'CALL', 'CALL_RESULT': 'CALL_RESULT', 'CALL_ERROR': 'CALL_ERROR', 'UNREADABLE': 'UNREADABLE'})
JobKind = StrEnum('JobKind', {'FIRMWARE': 'FIRMWARE', 'SIGNED_FIRMWARE': 'SIGNED_FIRMWARE', 'DIAGNOSTICS': 'DIAGNOSTICS', 'LOG': 'LOG'})
ReservationState = StrEnum('ReservationState', {'ACTIVE': 'ACTIVE', 'CANCELED': 'CANCELED', 'USED': 'USED', 'EXPIRED': 'EXPIRED'})


class Migration(migrations.Migration):
    dependencies = [('evgraph', '0002_one_of_each')]

    initial = False

    operations = [
        ops.CreateModel(
            name='CertificateRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charge_point', fields.ForeignKeyField('evgraph.ChargePointRow', source_field='charge_point_id', db_constraint=True, to_field='id', related_name='certificates', on_delete=OnDelete.RESTRICT)),
                ('serial', fields.CharField(unique=True, max_length=64)),
                ('state', fields.CharEnumField(description='SENT: SENT\nACCEPTED: ACCEPTED\nREJECTED: REJECTED\nREVOKED: REVOKED', enum_type=CertificateState, max_length=10)),
                ('pem', fields.TextField(unique=False)),
                ('not_before', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('not_after', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('signed_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'certificate', 'app': 'evgraph', 'indexes': [Index(fields=['charge_point_id', 'id'])], 'pk_attr': 'id', 'table_description': "A certificate that the operator's CA signed for a charge point (SignCertificate). `serial`: as hex digits."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ChargePointJobRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charge_point', fields.ForeignKeyField('evgraph.ChargePointRow', source_field='charge_point_id', db_constraint=True, to_field='id', related_name='jobs', on_delete=OnDelete.RESTRICT)),
                ('kind', fields.CharEnumField(description='FIRMWARE: FIRMWARE\nSIGNED_FIRMWARE: SIGNED_FIRMWARE\nDIAGNOSTICS: DIAGNOSTICS\nLOG: LOG', enum_type=JobKind, max_length=20)),
                ('status', fields.CharField(max_length=50)),
                ('location', fields.CharField(max_length=500)),
                ('file_name', fields.CharField(null=True, max_length=255)),
                ('request_id', fields.IntField(null=True)),
                ('asked_by', fields.CharField(null=True, max_length=100)),
                ('asked_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('updated_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'charge_point_job', 'app': 'evgraph', 'indexes': [Index(fields=['charge_point_id', 'id'])], 'pk_attr': 'id', 'table_description': 'Something that a charge point does for a while and tells of: firmware, diagnostics, logs. `status` is the charge'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ChargingProfileRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charge_point', fields.ForeignKeyField('evgraph.ChargePointRow', source_field='charge_point_id', db_constraint=True, to_field='id', related_name='charging_profiles', on_delete=OnDelete.RESTRICT)),
                ('connector_id', fields.IntField()),
                ('profile_id', fields.IntField()),
                ('stack_level', fields.IntField()),
                ('purpose', fields.CharField(max_length=40)),
                ('profile', fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ('set_by', fields.CharField(null=True, max_length=100)),
                ('set_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'charging_profile', 'app': 'evgraph', 'unique_together': (('charge_point_id', 'profile_id'),), 'pk_attr': 'id', 'table_description': 'A charging profile that a charge point accepted, as it was sent (OCPP 1.6 section 7.8).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ConfigurationKeyRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charge_point', fields.ForeignKeyField('evgraph.ChargePointRow', source_field='charge_point_id', db_constraint=True, to_field='id', related_name='configuration', on_delete=OnDelete.RESTRICT)),
                ('key', fields.CharField(max_length=100)),
                ('value', fields.TextField(null=True, unique=False)),
                ('is_readonly', fields.BooleanField(default=False)),
                ('is_known', fields.BooleanField(default=True)),
                ('read_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('wish', fields.TextField(null=True, unique=False)),
                ('answer', fields.CharField(null=True, max_length=40)),
                ('asked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'configuration_key', 'app': 'evgraph', 'unique_together': (('charge_point_id', 'key'),), 'pk_attr': 'id', 'table_description': "One key of a charge point's configuration (B3). `value` is what it said that it holds, and when. `wish` is the"},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ConnectionRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charge_point', fields.ForeignKeyField('evgraph.ChargePointRow', source_field='charge_point_id', db_constraint=True, to_field='id', related_name='connections', on_delete=OnDelete.RESTRICT)),
                ('remote', fields.CharField(max_length=100)),
                ('subprotocol', fields.CharField(null=True, max_length=40)),
                ('security_profile', fields.IntField()),
                ('connected_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('disconnected_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('close_code', fields.IntField(null=True)),
                ('close_reason', fields.CharField(null=True, max_length=200)),
            ],
            options={'table': 'charge_point_connection', 'app': 'evgraph', 'indexes': [Index(fields=['charge_point_id', 'id']), Index(fields=['disconnected_at'])], 'pk_attr': 'id', 'table_description': 'One connection of a charge point. `disconnected_at` is null while it is open, `security_profile` 0 to 3.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='FrameRow',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charge_point_id', fields.IntField()),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('direction', fields.CharEnumField(description='RECEIVED: RECEIVED\nSENT: SENT', enum_type=FrameDirection, max_length=10)),
                ('kind', fields.CharEnumField(description='CALL: CALL\nCALL_RESULT: CALL_RESULT\nCALL_ERROR: CALL_ERROR\nUNREADABLE: UNREADABLE', enum_type=FrameKind, max_length=12)),
                ('message_id', fields.CharField(null=True, max_length=100)),
                ('action', fields.CharField(null=True, max_length=60)),
                ('frame', fields.TextField(unique=False)),
            ],
            options={'table': 'frame', 'app': 'evgraph', 'indexes': [Index(fields=['charge_point_id', 'id'])], 'pk_attr': 'id', 'table_description': 'One OCPP-J frame as it went over the wire, secrets redacted (C10). `at` of a frame received is the instant that'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ReservationRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charge_point', fields.ForeignKeyField('evgraph.ChargePointRow', source_field='charge_point_id', db_constraint=True, to_field='id', related_name='reservations', on_delete=OnDelete.RESTRICT)),
                ('connector_id', fields.IntField()),
                ('id_tag', fields.CharField(max_length=20)),
                ('parent_id_tag', fields.CharField(null=True, max_length=20)),
                ('state', fields.CharEnumField(description='ACTIVE: ACTIVE\nCANCELED: CANCELED\nUSED: USED\nEXPIRED: EXPIRED', enum_type=ReservationState, max_length=10)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('made_by', fields.CharField(null=True, max_length=100)),
                ('made_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'reservation', 'app': 'evgraph', 'indexes': [Index(fields=['charge_point_id', 'id'])], 'pk_attr': 'id', 'table_description': 'A connector held for an idTag (OCPP 1.6 section 5.13). Its id is the reservationId.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SecurityEventRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charge_point', fields.ForeignKeyField('evgraph.ChargePointRow', source_field='charge_point_id', db_constraint=True, to_field='id', related_name='security_events', on_delete=OnDelete.RESTRICT)),
                ('kind', fields.CharField(max_length=50)),
                ('tech_info', fields.CharField(null=True, max_length=255)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('received_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'security_event', 'app': 'evgraph', 'indexes': [Index(fields=['charge_point_id', 'id'])], 'pk_attr': 'id', 'table_description': 'What a charge point told of its own safety (security extension, SecurityEventNotification).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SessionMoveRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('session', fields.ForeignKeyField('evgraph.SessionRow', source_field='session_id', db_constraint=True, to_field='id', related_name='moves', on_delete=OnDelete.RESTRICT)),
                ('from_stay_id', fields.IntField(null=True)),
                ('to_stay_id', fields.IntField(null=True)),
                ('moved_by', fields.CharField(null=True, max_length=100)),
                ('moved_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'session_move', 'app': 'evgraph', 'indexes': [Index(fields=['session_id', 'id'])], 'pk_attr': 'id', 'table_description': 'Who gave a session to a stay, and took it from which (assignSession, reassignSession).'},
            bases=['Model'],
        ),
        AddColumn(
            model_name='CardRow',
            name='parent_id_tag',
            field=fields.CharField(null=True, max_length=20),
        ),
        ops.AlterModelOptions(
            name='ChargePointRow',
            options={'table': 'charge_point', 'app': 'evgraph', 'pk_attr': 'id', 'table_description': '`key_hash` is null for a charge point that signs in without a key (security profile 0); `next_key_hash` holds a'},
        ),
        AddColumn(
            model_name='ChargePointRow',
            name='configures',
            field=fields.BooleanField(default=True),
        ),
        AddColumn(
            model_name='ChargePointRow',
            name='local_list_version',
            field=fields.IntField(default=0),
        ),
        AddColumn(
            model_name='ChargePointRow',
            name='next_key_hash',
            field=fields.CharField(null=True, max_length=200),
        ),
        AddColumn(
            model_name='ChargePointRow',
            name='security_profile',
            field=fields.IntField(default=0),
        ),
        AddColumn(
            model_name='PortRow',
            name='is_out_of_order',
            field=fields.BooleanField(default=False),
        ),
        AddColumn(
            model_name='QuarantinedMessageRow',
            name='resolution',
            field=fields.CharField(null=True, max_length=300),
        ),
        AddColumn(
            model_name='QuarantinedMessageRow',
            name='resolved_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name='QuarantinedMessageRow',
            name='resolved_by',
            field=fields.CharField(null=True, max_length=100),
        ),
        AddColumn(
            model_name='QuarantinedMessageRow',
            name='session_id',
            field=fields.IntField(null=True),
        ),
        AddColumn(
            model_name='SessionRow',
            name='leapt_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name='SessionRow',
            name='leapt_to_wh',
            field=fields.BigIntField(null=True),
        ),
        AddColumn(
            model_name='SessionRow',
            name='low_power_since',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name='SessionRow',
            name='register_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        # An operator looks for the few sessions that bear a flag, or that nobody asked for, among all that ever were.
        ops.RunSQL(
            "CREATE INDEX flagged_session ON charging_session (garage_id, id) WHERE flags <> ''",
            reverse_sql="DROP INDEX flagged_session",
        ),
        ops.RunSQL(
            "CREATE INDEX unassigned_session ON charging_session (garage_id, id) WHERE stay_id IS NULL",
            reverse_sql="DROP INDEX unassigned_session",
        ),
    ]

from enum import StrEnum

from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

# What the rows' types were when this was written, spelled out: the program's own change, and this must not.
Acceptance = StrEnum('Acceptance', {'ACCEPTED': 'Accepted', 'PENDING': 'Pending', 'REJECTED': 'Rejected'})
AuthorizationStatus = StrEnum('AuthorizationStatus', {'ACCEPTED': 'Accepted', 'BLOCKED': 'Blocked', 'EXPIRED': 'Expired', 'INVALID': 'Invalid', 'CONCURRENT_TX': 'ConcurrentTx'})
Channel = StrEnum('Channel', {'POS': 'POS', 'HANDHELD': 'HANDHELD', 'PORTAL': 'PORTAL', 'API': 'API'})
ErrorCode = StrEnum('ErrorCode', {'NOT_FOUND': 'NOT_FOUND', 'INVALID': 'INVALID', 'STAY_CLOSED': 'STAY_CLOSED', 'REQUEST_EXISTS': 'REQUEST_EXISTS', 'REQUEST_NOT_WAITING': 'REQUEST_NOT_WAITING', 'PORT_NOT_OPEN': 'PORT_NOT_OPEN', 'PORT_IN_USE': 'PORT_IN_USE', 'CHARGER_REJECTED': 'CHARGER_REJECTED', 'CHARGER_TIMEOUT': 'CHARGER_TIMEOUT', 'CHARGER_OFFLINE': 'CHARGER_OFFLINE', 'STILL_CHARGING': 'STILL_CHARGING', 'SESSION_NOT_ACTIVE': 'SESSION_NOT_ACTIVE', 'SESSION_ASSIGNED': 'SESSION_ASSIGNED', 'ALREADY_RESOLVED': 'ALREADY_RESOLVED', 'DUPLICATE_TICKET': 'DUPLICATE_TICKET', 'NAME_TAKEN': 'NAME_TAKEN', 'IDEMPOTENCY_CONFLICT': 'IDEMPOTENCY_CONFLICT', 'INVALID_CREDENTIALS': 'INVALID_CREDENTIALS'})
LineItemUnit = StrEnum('LineItemUnit', {'SESSION': 'SESSION', 'KWH': 'KWH', 'MINUTE': 'MINUTE'})
PortStatus = StrEnum('PortStatus', {'AVAILABLE': 'Available', 'PREPARING': 'Preparing', 'CHARGING': 'Charging', 'SUSPENDED_EV': 'SuspendedEV', 'SUSPENDED_EVSE': 'SuspendedEVSE', 'FINISHING': 'Finishing', 'RESERVED': 'Reserved', 'UNAVAILABLE': 'Unavailable', 'FAULTED': 'Faulted', 'OFFLINE': 'Offline'})
RateKind = StrEnum('RateKind', {'FLAT_FEE': 'FLAT_FEE', 'PER_KWH': 'PER_KWH', 'PER_MINUTE': 'PER_MINUTE'})
RequestStatus = StrEnum('RequestStatus', {'NEEDS_CHARGING': 'NEEDS_CHARGING', 'STARTING': 'STARTING', 'CHARGING': 'CHARGING', 'CHARGED': 'CHARGED', 'CANCELED': 'CANCELED'})
Role = StrEnum('Role', {'DISPLAY': 'DISPLAY', 'ATTENDANT': 'ATTENDANT', 'POS': 'POS', 'OPERATOR': 'OPERATOR', 'ADMIN': 'ADMIN'})
SessionStatus = StrEnum('SessionStatus', {'STARTING': 'STARTING', 'CHARGING': 'CHARGING', 'ENDED': 'ENDED', 'FAILED': 'FAILED'})
StayKind = StrEnum('StayKind', {'TRANSIENT': 'TRANSIENT', 'MONTHLY': 'MONTHLY'})
StayStatus = StrEnum('StayStatus', {'OPEN': 'OPEN', 'CLOSED': 'CLOSED'})
StopReason = StrEnum('StopReason', {'DE_AUTHORIZED': 'DeAuthorized', 'EMERGENCY_STOP': 'EmergencyStop', 'EV_DISCONNECTED': 'EVDisconnected', 'HARD_RESET': 'HardReset', 'LOCAL': 'Local', 'OTHER': 'Other', 'POWER_LOSS': 'PowerLoss', 'REBOOT': 'Reboot', 'REMOTE': 'Remote', 'SOFT_RESET': 'SoftReset', 'UNLOCK_COMMAND': 'UnlockCommand'})


class FlagsField(fields.Field, frozenset):
    SQL_TYPE = "VARCHAR(200)"


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='IdempotencyRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person_id', fields.IntField()),
                ('operation', fields.CharField(max_length=40)),
                ('key', fields.CharField(max_length=200)),
                ('input_hash', fields.CharField(max_length=64)),
                ('answer', fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'idempotency_key', 'app': 'evgraph', 'unique_together': (('person_id', 'operation', 'key'),), 'pk_attr': 'id', 'table_description': '`answer` holds the ids that the first call answered with, or its refusal.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='MeterSampleRow',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charge_point_id', fields.IntField()),
                ('connector_id', fields.IntField()),
                ('session_id', fields.IntField(null=True)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('received_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('register_wh', fields.BigIntField(null=True)),
                ('power_w', fields.IntField(null=True)),
                ('energy_wh', fields.BigIntField(null=True)),
            ],
            options={'table': 'meter_sample', 'app': 'evgraph', 'unique_together': (('session_id', 'at'),), 'pk_attr': 'id', 'table_description': 'One reading as it came: `energy_wh` is what the session had delivered by then. Without a session it is a charge'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='OrganizationRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(unique=True, max_length=100)),
            ],
            options={'table': 'organization', 'app': 'evgraph', 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='GarageRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('evgraph.OrganizationRow', source_field='organization_id', db_constraint=True, to_field='id', related_name='garages', on_delete=OnDelete.RESTRICT)),
                ('location_id', fields.CharField(max_length=40)),
                ('name', fields.CharField(max_length=100)),
                ('time_zone', fields.CharField(max_length=60)),
                ('currency', fields.CharField(max_length=3)),
                ('locale', fields.CharField(default='en_US', max_length=20)),
                ('free_starts', fields.BooleanField(default=False)),
                ('revision', fields.IntField(default=0)),
                ('tickets_made', fields.IntField(default=0)),
                ('locked', fields.IntField(default=0)),
            ],
            options={'table': 'garage', 'app': 'evgraph', 'unique_together': (('organization_id', 'location_id'),), 'pk_attr': 'id', 'table_description': '`tickets_made` counts the ticket numbers that we gave, `locked` is written first by every change (one writer).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='CardRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('garage', fields.ForeignKeyField('evgraph.GarageRow', source_field='garage_id', db_constraint=True, to_field='id', related_name='cards', on_delete=OnDelete.RESTRICT)),
                ('id_tag', fields.CharField(max_length=20)),
                ('name', fields.CharField(null=True, max_length=100)),
                ('is_blocked', fields.BooleanField(default=False)),
                ('expires_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'card', 'app': 'evgraph', 'unique_together': (('garage_id', 'id_tag'),), 'pk_attr': 'id', 'table_description': 'An idTag that may start a charger of the garage without a ticket: a staff card (S6). Kept in capitals.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ChargePointRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('garage', fields.ForeignKeyField('evgraph.GarageRow', source_field='garage_id', db_constraint=True, to_field='id', related_name='charge_points', on_delete=OnDelete.RESTRICT)),
                ('identity', fields.CharField(unique=True, max_length=100)),
                ('key_hash', fields.CharField(null=True, max_length=200)),
                ('acceptance', fields.CharEnumField(default=Acceptance.ACCEPTED, description='ACCEPTED: Accepted\nPENDING: Pending\nREJECTED: Rejected', enum_type=Acceptance, max_length=10)),
                ('vendor', fields.CharField(null=True, max_length=100)),
                ('model', fields.CharField(null=True, max_length=100)),
                ('serial_number', fields.CharField(null=True, max_length=100)),
                ('firmware_version', fields.CharField(null=True, max_length=100)),
                ('is_online', fields.BooleanField(default=False)),
                ('last_seen_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('last_boot_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'charge_point', 'app': 'evgraph', 'pk_attr': 'id', 'table_description': '`key_hash` is null for a charge point that signs in without a key (security profile 0).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='PersonRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organization', fields.ForeignKeyField('evgraph.OrganizationRow', source_field='organization_id', db_constraint=True, to_field='id', related_name='people', on_delete=OnDelete.RESTRICT)),
                ('name', fields.CharField(max_length=100)),
                ('email', fields.CharField(unique=True, max_length=200)),
                ('password_hash', fields.CharField(max_length=200)),
            ],
            options={'table': 'person', 'app': 'evgraph', 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='AccessTokenRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('evgraph.PersonRow', source_field='person_id', db_constraint=True, to_field='id', related_name='tokens', on_delete=OnDelete.CASCADE)),
                ('token_hash', fields.CharField(unique=True, max_length=64)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'access_token', 'app': 'evgraph', 'pk_attr': 'id', 'table_description': '`token_hash`: SHA-256 of 256 random bits, which no dictionary holds.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='PersonRoleRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('evgraph.PersonRow', source_field='person_id', db_constraint=True, to_field='id', related_name='roles', on_delete=OnDelete.CASCADE)),
                ('garage', fields.ForeignKeyField('evgraph.GarageRow', source_field='garage_id', db_constraint=True, to_field='id', related_name='roles', on_delete=OnDelete.CASCADE)),
                ('role', fields.CharEnumField(description='DISPLAY: DISPLAY\nATTENDANT: ATTENDANT\nPOS: POS\nOPERATOR: OPERATOR\nADMIN: ADMIN', enum_type=Role, max_length=10)),
            ],
            options={'table': 'person_role', 'app': 'evgraph', 'unique_together': (('person_id', 'garage_id'),), 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='PortRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('garage', fields.ForeignKeyField('evgraph.GarageRow', source_field='garage_id', db_constraint=True, to_field='id', related_name='ports', on_delete=OnDelete.RESTRICT)),
                ('charge_point', fields.ForeignKeyField('evgraph.ChargePointRow', source_field='charge_point_id', db_constraint=True, to_field='id', related_name='ports', on_delete=OnDelete.RESTRICT)),
                ('connector_id', fields.IntField()),
                ('custom_name', fields.CharField(null=True, max_length=60)),
                ('reported_status', fields.CharEnumField(default=PortStatus.UNAVAILABLE, description='AVAILABLE: Available\nPREPARING: Preparing\nCHARGING: Charging\nSUSPENDED_EV: SuspendedEV\nSUSPENDED_EVSE: SuspendedEVSE\nFINISHING: Finishing\nRESERVED: Reserved\nUNAVAILABLE: Unavailable\nFAULTED: Faulted\nOFFLINE: Offline', enum_type=PortStatus, max_length=20)),
                ('reported_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('status_changed_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('error_code', fields.CharField(null=True, max_length=50)),
                ('info', fields.CharField(null=True, max_length=100)),
                ('max_power_w', fields.IntField(null=True)),
            ],
            options={'table': 'port', 'app': 'evgraph', 'unique_together': (('charge_point_id', 'connector_id'),), 'pk_attr': 'id', 'table_description': 'Which session holds a port is not written here: it is the one session of the port that is active.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='QuarantinedMessageRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('charge_point', fields.ForeignKeyField('evgraph.ChargePointRow', source_field='charge_point_id', db_constraint=True, to_field='id', related_name='quarantined', on_delete=OnDelete.RESTRICT)),
                ('action', fields.CharField(max_length=60)),
                ('frame', fields.TextField(unique=False)),
                ('why', fields.CharField(max_length=300)),
                ('energy_wh', fields.IntField(null=True)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'quarantined_message', 'app': 'evgraph', 'indexes': [Index(fields=['charge_point_id', 'at'])], 'pk_attr': 'id', 'table_description': 'A message that was answered and could not be placed or read whole (C8, T3, M3).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='RateRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('garage', fields.ForeignKeyField('evgraph.GarageRow', source_field='garage_id', db_constraint=True, to_field='id', related_name='rates', on_delete=OnDelete.RESTRICT)),
                ('kind', fields.CharEnumField(description='FLAT_FEE: FLAT_FEE\nPER_KWH: PER_KWH\nPER_MINUTE: PER_MINUTE', enum_type=RateKind, max_length=10)),
                ('amount_cents', fields.DecimalField(max_digits=12, decimal_places=4)),
                ('currency', fields.CharField(max_length=3)),
                ('effective_from', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('set_by', fields.CharField(null=True, max_length=100)),
            ],
            options={'table': 'rate', 'app': 'evgraph', 'indexes': [Index(fields=['garage_id', 'id'])], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='RefusedConnectionRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('identity', fields.CharField(db_index=True, max_length=200)),
                ('remote', fields.CharField(max_length=100)),
                ('reason', fields.CharField(max_length=40)),
                ('at', fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'refused_connection', 'app': 'evgraph', 'pk_attr': 'id', 'table_description': 'A handshake that was turned away (C1).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='StayRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('garage', fields.ForeignKeyField('evgraph.GarageRow', source_field='garage_id', db_constraint=True, to_field='id', related_name='stays', on_delete=OnDelete.RESTRICT)),
                ('ticket_number', fields.CharField(max_length=40)),
                ('kind', fields.CharEnumField(description='TRANSIENT: TRANSIENT\nMONTHLY: MONTHLY', enum_type=StayKind, max_length=10)),
                ('status', fields.CharEnumField(description='OPEN: OPEN\nCLOSED: CLOSED', enum_type=StayStatus, max_length=10)),
                ('channel', fields.CharEnumField(description='POS: POS\nHANDHELD: HANDHELD\nPORTAL: PORTAL\nAPI: API', enum_type=Channel, max_length=10)),
                ('license_plate', fields.CharField(max_length=20)),
                ('plate_state', fields.CharField(null=True, max_length=40)),
                ('make', fields.CharField(null=True, max_length=40)),
                ('color', fields.CharField(null=True, max_length=40)),
                ('charging_note', fields.TextField(null=True, unique=False)),
                ('checked_in_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('estimated_checkout_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('checked_out_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'stay', 'app': 'evgraph', 'indexes': [Index(fields=['garage_id', 'status', 'id']), Index(fields=['garage_id', 'ticket_number'])], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='RequestRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('garage', fields.ForeignKeyField('evgraph.GarageRow', source_field='garage_id', db_constraint=True, to_field='id', related_name='requests', on_delete=OnDelete.RESTRICT)),
                ('stay', fields.ForeignKeyField('evgraph.StayRow', source_field='stay_id', db_constraint=True, to_field='id', related_name='requests', on_delete=OnDelete.RESTRICT)),
                ('status', fields.CharEnumField(description='NEEDS_CHARGING: NEEDS_CHARGING\nSTARTING: STARTING\nCHARGING: CHARGING\nCHARGED: CHARGED\nCANCELED: CANCELED', enum_type=RequestStatus, max_length=20)),
                ('channel', fields.CharEnumField(description='POS: POS\nHANDHELD: HANDHELD\nPORTAL: PORTAL\nAPI: API', enum_type=Channel, max_length=10)),
                ('requested_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('estimated_checkout_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('session_id', fields.IntField(null=True)),
                ('last_start_failure', fields.CharField(null=True, max_length=300)),
            ],
            options={'table': 'charging_request', 'app': 'evgraph', 'indexes': [Index(fields=['garage_id', 'status'])], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SessionRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('garage', fields.ForeignKeyField('evgraph.GarageRow', source_field='garage_id', db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.RESTRICT)),
                ('charge_point', fields.ForeignKeyField('evgraph.ChargePointRow', source_field='charge_point_id', db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.RESTRICT)),
                ('port', fields.ForeignKeyField('evgraph.PortRow', source_field='port_id', db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.RESTRICT)),
                ('connector_id', fields.IntField()),
                ('request', fields.ForeignKeyField('evgraph.RequestRow', source_field='request_id', null=True, db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.RESTRICT)),
                ('stay', fields.ForeignKeyField('evgraph.StayRow', source_field='stay_id', null=True, db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.RESTRICT)),
                ('rate', fields.ForeignKeyField('evgraph.RateRow', source_field='rate_id', null=True, db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.RESTRICT)),
                ('status', fields.CharEnumField(description='STARTING: STARTING\nCHARGING: CHARGING\nENDED: ENDED\nFAILED: FAILED', enum_type=SessionStatus, max_length=10)),
                ('flags', FlagsField(default='', generated=False, null=False, unique=False)),
                ('id_tag', fields.CharField(db_index=True, max_length=20)),
                ('authorization', fields.CharEnumField(null=True, description='ACCEPTED: Accepted\nBLOCKED: Blocked\nEXPIRED: Expired\nINVALID: Invalid\nCONCURRENT_TX: ConcurrentTx', enum_type=AuthorizationStatus, max_length=20)),
                ('asked_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('accepted_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('start_deadline', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('failure_code', fields.CharEnumField(null=True, description='NOT_FOUND: NOT_FOUND\nINVALID: INVALID\nSTAY_CLOSED: STAY_CLOSED\nREQUEST_EXISTS: REQUEST_EXISTS\nREQUEST_NOT_WAITING: REQUEST_NOT_WAITING\nPORT_NOT_OPEN: PORT_NOT_OPEN\nPORT_IN_USE: PORT_IN_USE\nCHARGER_REJECTED: CHARGER_REJECTED\nCHARGER_TIMEOUT: CHARGER_TIMEOUT\nCHARGER_OFFLINE: CHARGER_OFFLINE\nSTILL_CHARGING: STILL_CHARGING\nSESSION_NOT_ACTIVE: SESSION_NOT_ACTIVE\nSESSION_ASSIGNED: SESSION_ASSIGNED\nALREADY_RESOLVED: ALREADY_RESOLVED\nDUPLICATE_TICKET: DUPLICATE_TICKET\nNAME_TAKEN: NAME_TAKEN\nIDEMPOTENCY_CONFLICT: IDEMPOTENCY_CONFLICT\nINVALID_CREDENTIALS: INVALID_CREDENTIALS', enum_type=ErrorCode, max_length=30)),
                ('failure', fields.CharField(null=True, max_length=300)),
                ('reported_start', fields.CharField(null=True, max_length=64)),
                ('started_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('stop_reason', fields.CharEnumField(null=True, description='DE_AUTHORIZED: DeAuthorized\nEMERGENCY_STOP: EmergencyStop\nEV_DISCONNECTED: EVDisconnected\nHARD_RESET: HardReset\nLOCAL: Local\nOTHER: Other\nPOWER_LOSS: PowerLoss\nREBOOT: Reboot\nREMOTE: Remote\nSOFT_RESET: SoftReset\nUNLOCK_COMMAND: UnlockCommand', enum_type=StopReason, max_length=20)),
                ('meter_start_wh', fields.BigIntField(default=0)),
                ('carried_wh', fields.BigIntField(default=0)),
                ('base_register_wh', fields.BigIntField(default=0)),
                ('energy_wh', fields.BigIntField(default=0)),
                ('power_w', fields.IntField(null=True)),
                ('last_meter_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('full_since', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('available_since', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('flat_fee_paid', fields.BooleanField(default=False)),
            ],
            options={'table': 'charging_session', 'app': 'evgraph', 'indexes': [Index(fields=['garage_id', 'status', 'id']), Index(fields=['charge_point_id', 'status']), Index(fields=['port_id', 'id']), Index(fields=['status', 'start_deadline'])], 'pk_attr': 'id', 'table_description': 'Its id is the OCPP transactionId. An index of migration 0002 holds that a port has one active session (S1).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='LineItemRow',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('garage', fields.ForeignKeyField('evgraph.GarageRow', source_field='garage_id', db_constraint=True, to_field='id', related_name='line_items', on_delete=OnDelete.RESTRICT)),
                ('stay', fields.ForeignKeyField('evgraph.StayRow', source_field='stay_id', db_constraint=True, to_field='id', related_name='line_items', on_delete=OnDelete.RESTRICT)),
                ('session', fields.ForeignKeyField('evgraph.SessionRow', source_field='session_id', db_constraint=True, to_field='id', related_name='line_items', on_delete=OnDelete.RESTRICT)),
                ('sequence', fields.IntField()),
                ('description', fields.CharField(max_length=200)),
                ('quantity', fields.DecimalField(max_digits=14, decimal_places=3)),
                ('unit', fields.CharEnumField(description='SESSION: SESSION\nKWH: KWH\nMINUTE: MINUTE', enum_type=LineItemUnit, max_length=10)),
                ('unit_cents', fields.DecimalField(max_digits=12, decimal_places=4)),
                ('amount_cents', fields.BigIntField()),
                ('is_correction', fields.BooleanField()),
                ('after_checkout', fields.BooleanField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'line_item', 'app': 'evgraph', 'unique_together': (('session_id', 'sequence'),), 'pk_attr': 'id', 'table_description': '`sequence` with the session is unique: nothing is billed twice (T2).'},
            bases=['Model'],
        ),
    ]

"""What a session must remember to be billed right under every charger's habit (docs/rules.md)."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index
from evgraph.models.columns import AddColumn, AddColumns


def _flagged(flag: str) -> str:
    """`flags` holds names, parted by commas; some names are part of others."""
    return f"',' || flags || ',' LIKE '%,{flag},%'"


_WITHOUT_NEW_FLAGS = "',' || flags || ','"
for _flag in ("METER_START_ESTIMATED", "OTHER_ID_TAG", "AFTER_UNPLUG"):
    _WITHOUT_NEW_FLAGS = f"REPLACE({_WITHOUT_NEW_FLAGS}, ',{_flag},', ',')"


class Migration(migrations.Migration):
    dependencies = [('evgraph', '0004_growing')]

    initial = False

    operations = [
        AddColumn(
            model_name='ChargePointRow',
            name='max_frame_bytes',
            field=fields.IntField(null=True),
        ),
        AddColumn(
            model_name='MeterSampleRow',
            name='detail',
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AlterModelOptions(
            name='PortRow',
            options={'table': 'port', 'app': 'evgraph', 'unique_together': (('charge_point_id', 'connector_id'),), 'indexes': [Index(fields=['garage_id']), Index(fields=['is_out_of_order'])], 'pk_attr': 'id', 'table_description': 'Which session holds a port is not written here: it is the one session of the port that is active. `is_reported`:'},
        ),
        AddColumn(
            model_name='PortRow',
            name='is_reported',
            field=fields.BooleanField(default=True),
        ),
        # The connectors of a charge point are numbered from 1; no status of another one is a port's (B4).
        ops.RunSQL("UPDATE port SET is_reported = FALSE WHERE connector_id < 1", reverse_sql=ops.RunSQL.noop),
        AddColumn(
            model_name='PortRow',
            name='status_received_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddColumn(
            model_name='QuarantinedMessageRow',
            name='is_orphan',
            field=fields.BooleanField(default=False),
        ),
        # Until now a stop that could not be placed, and only such a one, was kept with its register.
        ops.RunSQL(
            "UPDATE quarantined_message SET is_orphan = TRUE"
            " WHERE action = 'StopTransaction' AND resolved_at IS NULL AND energy_wh IS NOT NULL",
            reverse_sql=ops.RunSQL.noop,
        ),
        AddColumns(
            'SessionRow',
            charging_again_at=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
            charging_seen_at=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
            clock_error_us=fields.BigIntField(null=True),
            closed_at=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
            ev_gone_at=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
            ev_gone_register_wh=fields.BigIntField(null=True),
            free_at=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
            held_back_from_wh=fields.BigIntField(null=True),
            held_back_since=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
            held_back_to_wh=fields.BigIntField(null=True),
            must_stop=fields.BooleanField(default=False),
            stop_register_wh=fields.BigIntField(null=True),
            stop_has_stamp=fields.BooleanField(default=True),
            stop_id_tag=fields.CharField(null=True, max_length=20),
            stop_was_named=fields.BooleanField(default=True),
            stop_was_stamped=fields.BooleanField(default=True),
            stop_stamp=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
            register_source=fields.IntField(null=True),
            register_step_wh=fields.IntField(null=True),
            reported_id_tag=fields.CharField(null=True, max_length=20),
            stop_asked_at=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
            stop_failed_at=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
            stop_refused_at=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
            stop_rejected_at=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name='SessionRow',
            index=Index(fields=['charge_point_id', 'reported_id_tag']),
        ),
        # What a session that has ended already would have remembered.
        ops.RunSQL(
            "UPDATE charging_session SET stop_register_wh = base_register_wh WHERE status = 'ENDED'"
            f" AND NOT ({_flagged('ESTIMATED')}) AND NOT ({_flagged('SUPERSEDED')})",
            reverse_sql=ops.RunSQL.noop,
        ),
        ops.RunSQL(
            f"UPDATE charging_session SET closed_at = ended_at WHERE status = 'ENDED' AND {_flagged('ESTIMATED')}",
            reverse_sql=ops.RunSQL.noop,
        ),
        # The program before this migration cannot read a session with a flag that it does not know.
        ops.RunSQL(
            ops.RunSQL.noop,
            reverse_sql=f"UPDATE charging_session SET flags = TRIM({_WITHOUT_NEW_FLAGS}, ',') WHERE flags <> ''",
        ),
    ]

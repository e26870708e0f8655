"""What grows is found by an index: lists of a garage, of a stay, of a connector, and what upkeep looks for."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index
from evgraph.models.columns import AddColumn

class Migration(migrations.Migration):
    dependencies = [('evgraph', '0003_operating_charge_points')]

    initial = False

    operations = [
        ops.CreateModel(
            name='ProgressRow',
            fields=[
                ('name', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40)),
                ('reached', fields.BigIntField()),
            ],
            options={'table': 'progress', 'app': 'evgraph', 'pk_attr': 'name', 'table_description': '`reached`: the id of the last row that was looked at.'},
            bases=['Model'],
        ),
        ops.AddIndex(
            model_name='CardRow',
            index=Index(fields=['garage_id', 'id']),
        ),
        ops.AddIndex(
            model_name='ChargePointRow',
            index=Index(fields=['garage_id', 'local_list_version']),
        ),
        ops.AddIndex(
            model_name='ChargePointRow',
            index=Index(fields=['local_list_version']),
        ),
        ops.AddIndex(
            model_name='IdempotencyRow',
            index=Index(fields=['at']),
        ),
        ops.AddIndex(
            model_name='LineItemRow',
            index=Index(fields=['garage_id', 'id']),
        ),
        ops.AddIndex(
            model_name='LineItemRow',
            index=Index(fields=['stay_id', 'id']),
        ),
        ops.AddIndex(
            model_name='PortRow',
            index=Index(fields=['garage_id']),
        ),
        ops.AddIndex(
            model_name='PortRow',
            index=Index(fields=['is_out_of_order']),
        ),
        ops.AlterModelOptions(
            name='QuarantinedMessageRow',
            options={'table': 'quarantined_message', 'app': 'evgraph', 'indexes': [Index(fields=['charge_point_id', 'at']), Index(fields=['garage_id', 'id'])], 'pk_attr': 'id', 'table_description': 'A message that was answered and could not be placed or read whole (C8, T3, M3). `garage_id` is its charge'},
        ),
        AddColumn(
            model_name='QuarantinedMessageRow',
            name='garage_id',
            field=fields.IntField(null=True),
        ),
        ops.RunSQL(
            "UPDATE quarantined_message SET garage_id ="
            " (SELECT garage_id FROM charge_point WHERE charge_point.id = quarantined_message.charge_point_id)",
            reverse_sql=ops.RunSQL.noop,
        ),
        ops.AddIndex(
            model_name='QuarantinedMessageRow',
            index=Index(fields=['garage_id', 'id']),
        ),
        ops.AddIndex(
            model_name='RequestRow',
            index=Index(fields=['stay_id', 'id']),
        ),
        ops.AddIndex(
            model_name='ReservationRow',
            index=Index(fields=['state']),
        ),
        ops.AddIndex(
            model_name='SecurityEventRow',
            index=Index(fields=['received_at']),
        ),
        ops.AddIndex(
            model_name='SessionRow',
            index=Index(fields=['garage_id', 'id']),
        ),
        ops.AddIndex(
            model_name='SessionRow',
            index=Index(fields=['charge_point_id', 'connector_id', 'started_at', 'id']),
        ),
        ops.AddIndex(
            model_name='SessionRow',
            index=Index(fields=['charge_point_id', 'id_tag', 'meter_start_wh']),
        ),
        ops.AddIndex(
            model_name='SessionRow',
            index=Index(fields=['port_id', 'started_at', 'id']),
        ),
        ops.AddIndex(
            model_name='SessionRow',
            index=Index(fields=['request_id']),
        ),
        ops.AddIndex(
            model_name='SessionRow',
            index=Index(fields=['stay_id']),
        ),
        ops.AddIndex(
            model_name='StayRow',
            index=Index(fields=['garage_id', 'id']),
        ),
        # Of two indexes that serve as well SQLite takes the one that was made last: the small ones.
        *(
            ops.RunSQL(
                [f"DROP INDEX {name}", f"CREATE INDEX {name} ON charging_session (garage_id, id) WHERE {where}"],
                reverse_sql=ops.RunSQL.noop,
            )
            for name, where in (("flagged_session", "flags <> ''"), ("unassigned_session", "stay_id IS NULL"))
        ),
    ]

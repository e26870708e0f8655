"""What the database itself promises: one active session a port (S1), one open stay a ticket number."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("evgraph", "0001_initial")]

    operations = [
        ops.RunSQL(
            "CREATE UNIQUE INDEX one_active_session_per_port ON charging_session (port_id)"
            " WHERE status IN ('STARTING', 'CHARGING')",
            reverse_sql="DROP INDEX one_active_session_per_port",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX one_open_stay_per_ticket ON stay (garage_id, ticket_number) WHERE status = 'OPEN'",
            reverse_sql="DROP INDEX one_open_stay_per_ticket",
        ),
    ]

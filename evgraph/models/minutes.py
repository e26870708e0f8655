"""What the ORM cannot say: which samples of a minute are one too many."""

from tortoise.connection import get_connection

from evgraph.models.database import WRITER, is_sqlite


async def thin_to_minutes(*, after: int, last: int) -> None:
    """Of the samples with these ids goes each that has another in its session's minute that tells more: a later one
    with energy, or, where it tells no energy itself, any with energy. So the last of each minute stays, and with it a
    session's last; and its first. Samples without a session are left alone. Within the transaction that is open; looks
    up by the index over session and time, and reads no more than some minutes of some sessions."""
    # SQLite keeps an instant as text: "2026-11-22 08:48:17.250000+00:00".
    minute = "substr(s.at, 1, 16)" if is_sqlite() else "date_trunc('minute', s.at)"
    following = f"{minute} || ':60'" if is_sqlite() else f"{minute} + interval '1 minute'"
    marks = ("?", "?") if is_sqlite() else ("$1", "$2")
    statement = f"""
        DELETE FROM meter_sample WHERE id IN (
            SELECT s.id FROM meter_sample s
            WHERE s.id > {marks[0]} AND s.id <= {marks[1]} AND s.session_id IS NOT NULL
              AND EXISTS (SELECT 1 FROM meter_sample other
                          WHERE other.session_id = s.session_id
                            AND other.at >= {minute} AND other.at < {following} AND other.energy_wh IS NOT NULL
                            AND (other.at > s.at OR s.energy_wh IS NULL))
              AND EXISTS (SELECT 1 FROM meter_sample earlier
                          WHERE earlier.session_id = s.session_id AND earlier.at < s.at
                            AND (earlier.energy_wh IS NOT NULL OR s.energy_wh IS NULL)))
    """  # noqa: S608
    await get_connection(WRITER).execute_query(statement, [after, last])

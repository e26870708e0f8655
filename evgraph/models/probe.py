"""The least that a database must be able to do: one row is read, and the same row is written, committed, and as before.

It is a row that nothing else writes, of the table of migrations, so that nobody waits for it.
"""

from tortoise.connection import get_connection

from evgraph.models.database import WRITER, reader

_READ = "SELECT id FROM tortoise_migrations ORDER BY id LIMIT 1"
_WRITE = f"UPDATE tortoise_migrations SET name = name WHERE id = ({_READ})"  # noqa: S608


async def read() -> None:
    """Raises what the database fails with."""
    await reader().execute_query(_READ)


async def write() -> None:
    """Raises what the database fails with."""
    await get_connection(WRITER).execute_query(_WRITE)

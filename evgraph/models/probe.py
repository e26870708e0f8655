"""The least that a database must be able to do: one row is read, and the same row is written, committed, and as before.

It is a row that nothing else writes, of the table of migrations, so that nobody waits for it. And whether it is still
the database that was opened: its files, and its migrations.
"""

import os
from functools import cache

from tortoise.connection import get_connection

from evgraph.models.database import APP, WRITER, migration_names, reader
from evgraph.models.sqlite import EVGraphSqliteClient

_READ = f"SELECT name FROM tortoise_migrations WHERE app = '{APP}'"  # noqa: S608
_FIRST = "SELECT id FROM tortoise_migrations ORDER BY id LIMIT 1"
_WRITE = f"UPDATE tortoise_migrations SET name = name WHERE id = ({_FIRST})"  # noqa: S608


async def read() -> set[str]:
    """The migrations that the database has. Raises what the database fails with."""
    _, rows = await reader().execute_query(_READ)
    return {row["name"] for row in rows}


async def write() -> None:
    """Raises what the database fails with."""
    await get_connection(WRITER).execute_query(_WRITE)


@cache
def _known() -> frozenset[str]:
    return frozenset(migration_names())


async def why_another(migrations: set[str]) -> str | None:
    """Why the database is not the one that was opened, or not as this program needs it: a sentence, without folders.
    Null where it is."""
    lost: list[str] = []
    for client in {get_connection(WRITER), reader()}:
        if isinstance(client, EVGraphSqliteClient):
            lost += [os.path.basename(path) for path in await client.lost_files()]
    if lost:
        return (
            f"The file {sorted(lost)[0]} was moved, deleted, or replaced: what is saved now goes where nobody finds it."
        )
    known = _known()
    if migrations - known:
        return f"The database is newer than this program: it has {', '.join(sorted(migrations - known))}."
    if known - migrations:
        return f"The database lacks {', '.join(sorted(known - migrations))}: it is older than this program."
    return None

"""A transaction that is handed over whole, for what was worked out from values that are remembered.

It takes the rows of its garages, looks whether each still is at the version that the values are of, saves, and commits.
On SQLite that is one call on the connection's own thread, instead of one there and back for each statement; on
PostgreSQL one statement, instead of a trip to the database for each.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

from tortoise.connection import get_connection

from evgraph.models.asyncpg_client import EVGraphAsyncpgClient
from evgraph.models.bulk import Bulk, Save
from evgraph.models.database import WRITER, is_sqlite
from evgraph.models.plain import flat, marked, select
from evgraph.models.sqlite import EVGraphSqliteClient

# Of all that belongs to a garage: its row's `locked`, which every change counts up.
Version = int

_MOST = 2**31 - 1
# A column of 32 bits would else end, in a year of ten thousand chargers.
_COUNT_UP = f"UPDATE garage SET locked = locked % {_MOST} + 1 WHERE id IN"  # noqa: S608
_TELL = "RETURNING id, locked"
# In one order everywhere, so that two changes over the same garages cannot wait for each other.
_TAKE = "SELECT id, locked FROM garage WHERE id IN (?) ORDER BY id FOR NO KEY UPDATE"
# The statement sees all rows as they were when it began, and in `taken` as they are once nobody else has them. Both
# must be at the version: what was committed meanwhile shows in the one, and that the saves see it in the other.
_AT_ONCE = f"""
WITH given AS MATERIALIZED (SELECT * FROM unnest($1::INT[], $2::INT[]) AS given (id, version)),
taken AS MATERIALIZED (SELECT id, locked FROM garage WHERE id = ANY($1::INT[]) ORDER BY id FOR NO KEY UPDATE),
are_taken AS MATERIALIZED (
    SELECT count(*) = cardinality($1::INT[]) AS all_at_version
    FROM taken JOIN given ON taken.id = given.id AND taken.locked = given.version
),
counted AS (
    UPDATE garage g SET locked = g.locked % {_MOST} + 1 FROM given
    WHERE g.id = given.id AND g.locked = given.version AND (SELECT all_at_version FROM are_taken)
    RETURNING g.id
),
change AS MATERIALIZED (SELECT count(*) = cardinality($1::INT[]) AS is_good FROM counted)
"""  # noqa: S608
_IS_GOOD = "(SELECT is_good FROM change)"


def following(version: Version) -> Version:
    """After one change more."""
    return version % _MOST + 1


async def taken(garage_ids: Sequence[int]) -> dict[int, Version]:
    """Their versions with the change that begins; within its transaction, which no other change of these garages can
    overtake until it ends."""
    ids = sorted(set(garage_ids))
    if not is_sqlite() and len(ids) > 1:
        await select(_TAKE, ids)
    return dict(await select(f"{_COUNT_UP} (?) {_TELL}", ids))


async def save_at_once(versions: Mapping[int, Version], saves: Sequence[Save]) -> bool:
    """A change of each of these garages, committed; false, and nothing is saved, where one of them is not at this
    version any longer. No two of the saves may be of one row, and none of a garage's own: PostgreSQL does one of the
    two."""
    saves = [save for save in saves if save.rows]
    if is_sqlite():
        return await _on_sqlite(versions, saves)
    return await _on_postgres(versions, saves)


async def _on_sqlite(versions: Mapping[int, Version], saves: Sequence[Save]) -> bool:
    expected = sorted((id_, following(version)) for id_, version in versions.items())
    ids = (list(versions),)
    count_up, parameters = marked(f"{_COUNT_UP} (?) {_TELL}", ids), flat(ids)
    work = [(save.bulk.sqlite, save.as_rows()) for save in saves]

    def transaction(connection: sqlite3.Connection) -> bool:
        connection.execute("BEGIN IMMEDIATE")
        try:
            if sorted(map(tuple, connection.execute(count_up, parameters))) != expected:
                connection.execute("ROLLBACK")
                return False
            for statement, rows in work:
                connection.executemany(statement, rows)
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise
        return True

    return await cast(EVGraphSqliteClient, get_connection(WRITER)).run(transaction)


async def _on_postgres(versions: Mapping[int, Version], saves: Sequence[Save]) -> bool:
    parameters: list[Sequence[Any]] = [list(versions), list(versions.values())]
    for save in saves:
        parameters += save.as_columns()
    client = cast(EVGraphAsyncpgClient, get_connection(WRITER))
    ((is_good,),) = await client.run(_at_once(tuple(save.bulk for save in saves)), parameters)
    return bool(is_good)


@cache
def _at_once(bulks: tuple[Bulk, ...]) -> str:
    """The same text for the same kinds of saves, so that it is prepared once."""
    statement, first = _AT_ONCE.strip(), 3
    for number, bulk in enumerate(bulks, 1):
        statement += f",\nsave_{number} AS ({bulk.postgres(first, _IS_GOOD)})"
        first += len(bulk.types)
    return f"{statement}\nSELECT is_good FROM change"

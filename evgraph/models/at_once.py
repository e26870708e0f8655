"""A transaction that is handed over whole, for what was worked out from values that are remembered.

It takes the rows of its garages, looks whether each still is at the version that the values are of, saves, and commits.
On SQLite that is one call on the connection's own thread, instead of one there and back for each statement.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import cast

from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

from evgraph.models.bulk import Save
from evgraph.models.database import WRITER, is_sqlite
from evgraph.models.plain import select
from evgraph.models.sqlite import EVGraphSqliteClient

# Of all that belongs to a garage: its row's `locked`, which every change counts up.
Version = int

_MOST = 2**31 - 1
# A column of 32 bits would else end, in a year of ten thousand chargers.
_COUNT_UP = f"UPDATE garage SET locked = locked % {_MOST} + 1 WHERE id IN"  # noqa: S608
_TELL = "RETURNING id, locked"
# In one order everywhere, so that two changes over the same garages cannot wait for each other.
_TAKE = "SELECT id, locked FROM garage WHERE id IN (?) ORDER BY id FOR NO KEY UPDATE"


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
    version any longer."""
    if is_sqlite():
        return await _on_sqlite(versions, saves)
    return await _on_postgres(versions, saves)


async def _on_sqlite(versions: Mapping[int, Version], saves: Sequence[Save]) -> bool:
    expected = sorted((id_, following(version)) for id_, version in versions.items())
    count_up = f"{_COUNT_UP} ({', '.join('?' * len(versions))}) {_TELL}"
    work = [(save.bulk.sqlite, save.as_rows()) for save in saves if save.rows]

    def transaction(connection: sqlite3.Connection) -> bool:
        connection.execute("BEGIN IMMEDIATE")
        try:
            if sorted(map(tuple, connection.execute(count_up, tuple(versions)))) != expected:
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
    async with in_transaction(WRITER) as client:
        if await taken(list(versions)) != {id_: following(version) for id_, version in versions.items()}:
            await client.rollback()
            return False
        for save in saves:
            if save.rows:
                await client._connection.fetch(save.bulk.postgres, *save.as_columns())
    return True

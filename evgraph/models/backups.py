"""Backup and restore of the whole database, also while a server writes to it.

A backup of SQLite is a SQLite file, made with the online backup API from one snapshot. A backup of PostgreSQL is a zip
file (zip64): `tables/NAME.copy` holds each table in PostgreSQL's COPY text format, all read in one REPEATABLE READ
transaction, in an order in which foreign keys hold; `manifest.json`, written last, names the format, the migrations and
for each table its columns and its count of rows. No PostgreSQL programs are needed. Both are streamed.

After a restore, ids go on beyond all that can have been given out: beyond the newest in the backup and in the database
that it replaces, by a million, and by one more for each second since the backup, so that even a second restore of the
same backup begins elsewhere. So what was given out between the backup and the restore (a transactionId in a charger's
memory, a ticket in a point of sale) is never given out to anything else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

# More than a day's work of ten thousand chargers; an int32 bears two thousand restores.
ID_GAP = 1_000_000
MOST_INT32 = 2**31 - 1
# In the table of progress: the newest session id that may have been given out before the restore.
RESTORED = "restored_after_session"

# In the copy that a backup is: when it was made, in seconds since 1970.
BACKED_UP = "backed_up_at"
# Their ids have 64 bits.
_WIDE = frozenset({"frame", "meter_sample"})

# What is being done, how far it is, and how much there is.
Progress = Callable[[str, int, int], None]


class BackupFailed(RuntimeError):
    """No backup was made, or nothing was restored; the message says why, and what to do."""


class InUse(BackupFailed):
    """Others are connected to the database; the message says what to do."""


@dataclass(frozen=True)
class Present:
    """The database that a restore replaces: how many rows it holds, None where it is damaged, and the newest id of each
    table."""

    rows: int | None = 0
    newest: Mapping[str, int] = field(default_factory=dict)


def is_sqlite_url(url: str) -> bool:
    return urlsplit(url).scheme == "sqlite"


def beyond(table: str, newest: int, present: Present, age_s: float) -> int:
    """No greater id can have been given out, where `newest` is the newest in a backup made `age_s` seconds ago. Raises
    BackupFailed."""
    skipped = max(newest, present.newest.get(table, 0)) + ID_GAP + max(int(age_s), 0)
    if skipped + ID_GAP > MOST_INT32 and table not in _WIDE:
        raise BackupFailed(f"The ids of {table} would go beyond 2,147,483,647.")
    return skipped

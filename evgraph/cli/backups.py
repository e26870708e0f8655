"""Backup and restore: the whole database in one file."""

import asyncio
import os
import time
from pathlib import Path
from typing import Annotated

import typer

from evgraph.cli.common import DatabaseUrl, fail, out, run_plain, settings_of
from evgraph.cli.failures import err
from evgraph.models import database, postgres_backup, sqlite_backup
from evgraph.models.backups import is_sqlite_url

cli = typer.Typer()
_TOLD_EVERY_S = 5.0


@cli.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to make. It must not exist.")],
    database_url: DatabaseUrl = None,
) -> None:
    """Save the whole database in one file, while the server runs.

    The file holds one moment: all that was answered to a charger or a client before it. On SQLite it is a SQLite
    database, checked before it gets its name; on PostgreSQL a zip file of COPY data, for which no other program is
    needed. Only its owner may read it: it holds the hashes of keys and passwords. The certificate authority (var/ca) is
    not in it. Put it back with `evgraph restore`.
    """
    url = settings_of(database_url=database_url).database_url
    _refuse_folder(file.absolute().parent)
    telling = _Telling()

    async def run() -> None:
        if is_sqlite_url(url):
            await asyncio.to_thread(sqlite_backup.backup, _path(url), file, telling)
        else:
            database.config(url)
            await postgres_backup.backup(url, file, telling)

    run_plain(run)
    out.print(f"Saved in {file} ({file.stat().st_size:,} bytes).", soft_wrap=True, markup=False)


@cli.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `evgraph backup` made, on the same kind of database.")],
    force: Annotated[
        bool, typer.Option("--force", help="Also where the database is not empty: all that it holds is lost.")
    ] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Put a backup in the place of the database. Stop the server first.

    The file is checked before anything is changed. A database that holds anything is refused without --force. Ids go on
    at least one million beyond the newest, so that no transactionId of the lost hours is given out again. Then run
    `evgraph migrate` if the backup is of an older program, and start the server. docs/operating.md says what happens to
    the sessions of the lost hours.
    """
    url = settings_of(database_url=database_url).database_url
    telling = _Telling()
    newest: list[int] = []
    older: list[str] = []

    async def run() -> None:
        on_sqlite = is_sqlite_url(url)
        if not on_sqlite:
            database.config(url)
        known = set(database.migration_names())
        has = (sqlite_backup if on_sqlite else postgres_backup).migrations_of(file)
        if not has or has - known:
            fail(f"{file} is of a newer program ({', '.join(sorted(has - known))}). Use that program.")
        if "0004_growing" not in has:
            fail(f"{file} is of a program that is too old. Restore it with that program, then upgrade.")
        older.extend(sorted(known - has))
        there = sqlite_backup.present(_path(url)) if on_sqlite else await postgres_backup.present(url)
        if there.rows != 0:
            what = "is damaged" if there.rows is None else f"is not empty: it holds {there.rows:,} rows"
            if not force:
                fail(f"The database {what}. Nothing was changed. --force overwrites it.")
            err.print(f"The database {what}. It is overwritten (--force).", soft_wrap=True)
        if on_sqlite:
            newest.append(await asyncio.to_thread(sqlite_backup.restore, file, _path(url), there, telling))
        else:
            newest.append(await postgres_backup.restore(url, file, there, telling))

    run_plain(run)
    out.print(f"Restored from {file}.", soft_wrap=True, markup=False)
    out.print(f"Ids skip all that may have been given out: the next transactionId is {newest[0] + 1}.", soft_wrap=True)
    if older:
        out.print("The backup is of an older program. Run: evgraph migrate", soft_wrap=True)


def _refuse_folder(folder: Path) -> None:
    """Where no backup can be written; what is wrong with the file itself, the backup says."""
    if not folder.is_dir():
        fail(f"There is no folder {folder}. Make it first.")
    if not os.access(folder, os.W_OK | os.X_OK):
        fail(f"The folder {folder} cannot be written to by this user.")


class _Telling:
    """How far long work is: a line every few seconds."""

    def __init__(self) -> None:
        self._told_at = time.monotonic()

    def __call__(self, what: str, done: int, all_: int) -> None:
        now = time.monotonic()
        if now - self._told_at >= _TOLD_EVERY_S:
            self._told_at = now
            err.print(f"{what}: {done:,} of {all_:,}", soft_wrap=True, markup=False)


def _path(url: str) -> Path:
    return Path(database.config(url)["connections"][database.WRITER]["credentials"]["file_path"])

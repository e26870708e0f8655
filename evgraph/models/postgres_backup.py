"""Backup and restore of a PostgreSQL database, by COPY over a connection of its own: pg_dump need not be there."""

import asyncio
import json
import os
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from evgraph.models import database
from evgraph.models.backups import RESTORED, BackupFailed, InUse, Present, Progress, beyond

_FORMAT = "evgraph-postgresql-backup"
_FORMAT_VERSION = 1
_MANIFEST = "manifest.json"
_MIGRATIONS = "tortoise_migrations"
_CONNECTED_WITHIN_S = 10.0
_GONE_WITHIN_S = 2.0
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
_REFERENCES = (
    "SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent FROM pg_constraint"
    " WHERE contype = 'f' AND connamespace = current_schema()::regnamespace AND conrelid <> confrelid"
)
_COLUMNS = (
    "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1"
    " ORDER BY ordinal_position"
)
_SEQUENCES = (
    "SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name) AS sequence"
    " FROM information_schema.columns WHERE table_schema = current_schema()"
    " AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL"
)
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)


async def backup(url: str, file: Path, progress: Progress) -> None:
    """All tables as they are at one moment; writers go on meanwhile. Raises BackupFailed, OSError, asyncpg's errors."""
    # A command of its own: nobody waits for its disk.
    if file.exists():  # noqa: ASYNC240
        raise BackupFailed(f"{file} exists. A backup overwrites nothing: use another name.")
    partial = file.with_name(f"{file.name}.partial")
    partial.unlink(missing_ok=True)
    async with _connected(url) as connection:
        descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as raw:
                with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
                    async with connection.transaction(isolation="repeatable_read", readonly=True):
                        await _write_tables(connection, archive, progress)
                raw.flush()
                os.fsync(raw.fileno())
            partial.replace(file)
        except BaseException:
            with suppress(OSError):
                partial.unlink()
            raise


def migrations_of(file: Path) -> set[str]:
    """Those of a backup, which is read from end to end. Raises BackupFailed where it is none, or is damaged."""
    return set(_manifest(file)["migrations"])


async def refuse_in_use(url: str) -> None:
    """Raises InUse where somebody else is connected, and asyncpg's errors."""
    async with _connected(url) as connection:
        await _refuse_others(connection)


async def _refuse_others(connection: Any) -> None:
    gone_by = time.monotonic() + _GONE_WITHIN_S
    while others := await connection.fetchval(_OTHERS):
        # One that was just closed shows for a moment.
        if time.monotonic() < gone_by:
            await asyncio.sleep(0.05)
            continue
        raise InUse(f"{others} other connections use this database. Stop the server first.")


async def present(url: str) -> Present:
    """What a restore would replace. Raises InUse where somebody else is connected."""
    async with _connected(url) as connection:
        await _refuse_others(connection)
        tables = [table for table in await _tables(connection) if table != _MIGRATIONS]
        rows = sum([await connection.fetchval(f'SELECT count(*) FROM "{table}"') for table in tables])  # noqa: S608
        newest = {
            table: await connection.fetchval(f"SELECT last_value FROM {sequence}")  # noqa: S608
            for table, _, sequence in await connection.fetch(_SEQUENCES)
        }
    return Present(rows, newest)


async def restore(url: str, file: Path, replaced: Present, progress: Progress) -> int:
    """Drops EVGraph's tables, makes those of the backup's migrations, and fills them in one transaction. Returns the
    newest session id that may have been given out before. Raises BackupFailed, OSError, asyncpg's errors."""
    manifest = _manifest(file)
    async with _connected(url) as connection:
        present = set(await _tables(connection))
        ours = sorted(present & {*manifest["tables"], *database.table_names(), _MIGRATIONS})
        if ours:
            await connection.execute(f"DROP TABLE {', '.join(map(_quoted, ours))} CASCADE")
    await database.migrate(url, target=max(manifest["migrations"]))
    async with _connected(url) as connection:
        async with connection.transaction():
            # What the migrations themselves put in.
            await connection.execute(f"TRUNCATE {', '.join(map(_quoted, manifest['tables']))}")
            with zipfile.ZipFile(file) as archive:
                for number, (table, what) in enumerate(manifest["tables"].items()):
                    progress(f"restoring {table}", number, len(manifest["tables"]))
                    with archive.open(_member(table)) as rows:
                        done = await connection.copy_to_table(table, source=rows, columns=what["columns"])
                    if done != f"COPY {what['rows']}":
                        raise BackupFailed(f"{table}: {done} of {what['rows']} rows. The database is empty now.")
            session_id = await _skip_ids(connection, replaced, time.time() - manifest["made_at"])
        await connection.execute("ANALYZE")
    return session_id


async def _write_tables(connection: Any, archive: zipfile.ZipFile, progress: Progress) -> None:
    tables = await _tables(connection)
    if _MIGRATIONS not in tables:
        raise BackupFailed("This database holds nothing of EVGraph.")
    manifest: dict[str, Any] = {
        "format": _FORMAT,
        "version": _FORMAT_VERSION,
        "made_at": int(time.time()),
        "tables": {},
    }
    names = await connection.fetch(f"SELECT name FROM {_MIGRATIONS} WHERE app = $1 ORDER BY name", database.APP)  # noqa: S608
    manifest["migrations"] = [row["name"] for row in names]
    for number, table in enumerate(tables):
        progress(f"saving {table}", number, len(tables))
        columns = [row["column_name"] for row in await connection.fetch(_COLUMNS, table)]
        with archive.open(_member(table), "w", force_zip64=True) as rows:

            async def write(data: bytes, rows: Any = rows) -> None:
                rows.write(data)

            done = await connection.copy_from_table(table, output=write, columns=columns)
        manifest["tables"][table] = {"columns": columns, "rows": int(done.split()[-1])}
    archive.writestr(_MANIFEST, json.dumps(manifest, indent=1))


async def _tables(connection: Any) -> list[str]:
    """Parents before children."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for row in await connection.fetch(_TABLES):
        sorter.add(row["tablename"])
    for row in await connection.fetch(_REFERENCES):
        sorter.add(row["child"].strip('"'), row["parent"].strip('"'))
    return list(sorter.static_order())


async def _skip_ids(connection: Any, replaced: Present, age_s: float) -> int:
    session_id = 0
    for table, column, sequence in await connection.fetch(_SEQUENCES):
        newest = await connection.fetchval(
            f'SELECT greatest((SELECT max("{column}") FROM "{table}"), 0)'  # noqa: S608
        )
        if table == _MIGRATIONS:
            await connection.execute("SELECT setval($1::text::regclass, $2)", sequence, max(newest, 1))
            continue
        skipped = beyond(table, newest, replaced, age_s)
        await connection.execute("SELECT setval($1::text::regclass, $2)", sequence, skipped)
        if table == "charging_session":
            session_id = skipped
    await connection.execute("DELETE FROM progress WHERE name = $1", RESTORED)
    await connection.execute("INSERT INTO progress (name, reached) VALUES ($1, $2)", RESTORED, session_id)
    return session_id


def _manifest(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise BackupFailed(f"There is no file {file}.")
    try:
        with zipfile.ZipFile(file) as archive:
            manifest: dict[str, Any] = json.loads(archive.read(_MANIFEST))
            damaged = archive.testzip()
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as failure:
        raise BackupFailed(f"{file} is not a backup of an EVGraph database on PostgreSQL, or is cut off.") from failure
    if damaged is not None:
        raise BackupFailed(f"{file} is damaged: {damaged}.")
    if manifest.get("format") != _FORMAT or manifest.get("version") != _FORMAT_VERSION:
        raise BackupFailed(f"{file} is not a backup that this program can read. Use the program that made it.")
    return manifest


def _member(table: str) -> str:
    return f"tables/{table}.copy"


def _quoted(table: str) -> str:
    return f'"{table}"'


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Any]:
    credentials = database.config(url)["connections"][database.WRITER]["credentials"]
    connection = await asyncpg.connect(
        **{name: credentials[name] for name in ("host", "port", "user", "password", "database")},
        timeout=_CONNECTED_WITHIN_S,
    )
    try:
        yield connection
    finally:
        await connection.close()

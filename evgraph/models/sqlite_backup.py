"""Backup and restore of a SQLite database. Plain sqlite3: no server's connection is involved."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from evgraph.models.backups import BACKED_UP, RESTORED, BackupFailed, InUse, Present, Progress, beyond

_PAGES_AT_ONCE = 4096
_BUSY_S = 5.0


def backup(database: Path, file: Path, progress: Progress) -> None:
    """Copies one snapshot of the database; writers go on meanwhile, and its WAL grows until this ends. The copy is
    checked before it gets its name. Raises BackupFailed, OSError, sqlite3.Error."""
    if not database.is_file():
        raise BackupFailed(f"There is no database {database}.")
    if file.exists():
        raise BackupFailed(f"{file} exists. A backup overwrites nothing: use another name.")
    with _partial(file) as partial, closing(_opened(database)) as source, closing(_opened(partial)) as copy:
        # One snapshot: else the copy begins anew with each commit of the server.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        _copy(source, copy, progress, "pages copied")
        source.execute("COMMIT")
        # One file, and no WAL beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
        _note(copy, BACKED_UP, int(time.time()))
        progress("checking the backup", 0, 1)
        _check(copy, partial)


def migrations_of(file: Path) -> set[str]:
    """Those of a backup. Raises BackupFailed where it is none, or is damaged."""
    if not file.is_file():
        raise BackupFailed(f"There is no file {file}.")
    try:
        with closing(sqlite3.connect(f"file:{_uri(file)}?mode=ro", uri=True)) as source:
            _check(source, file)
            return {name for (name,) in source.execute("SELECT name FROM tortoise_migrations WHERE app = 'evgraph'")}
    except sqlite3.Error as failure:
        raise BackupFailed(f"{file} is not a backup of an EVGraph database on SQLite: {failure}.") from failure


def present(database: Path) -> Present:
    """What a restore would replace. Raises InUse where a server uses it."""
    if not database.exists() or database.stat().st_size == 0:
        return Present()
    try:
        return _present(database)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return Present(rows=None)


def refuse_in_use(database: Path) -> None:
    """Raises InUse where a server has it open, and sqlite3.Error."""
    if not database.exists() or database.stat().st_size == 0:
        return
    with closing(_opened(database)) as connection:
        _own(connection, database)
        connection.execute("ROLLBACK")


def _own(connection: sqlite3.Connection, database: Path) -> None:
    """Nobody else may have it open: a server would go on with what it remembers of the old one. Raises InUse."""
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as failure:
        if failure.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise
        raise InUse(f"{database} is in use ({failure}). Stop the server first.") from failure


def _present(database: Path) -> Present:
    with closing(_opened(database)) as connection:
        _own(connection, database)
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            " AND name NOT LIKE 'sqlite_%' AND name <> 'tortoise_migrations'"
        ).fetchall()
        count = sum(int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]) for (table,) in tables)  # noqa: S608
        newest = _newest(connection)
        connection.execute("COMMIT")
    return Present(count, newest)


def restore(file: Path, database: Path, replaced: Present, progress: Progress) -> int:
    """Puts a copy of the backup in the place of the database, all at once. Returns the newest session id that may have
    been given out before. Raises BackupFailed, OSError, sqlite3.Error."""
    database.parent.mkdir(parents=True, exist_ok=True)
    with _partial(database, replaces=True) as partial:
        with (
            closing(sqlite3.connect(f"file:{_uri(file)}?mode=ro", uri=True)) as source,
            closing(_opened(partial)) as copy,
        ):
            _copy(source, copy, progress, "pages restored")
            session_id = _skip_ids(copy, replaced)
        for beside in ("-wal", "-shm"):
            # Of the old one: the new one must not be read with them.
            Path(f"{database}{beside}").unlink(missing_ok=True)
    return session_id


def _skip_ids(copy: sqlite3.Connection, replaced: Present) -> int:
    copy.execute("BEGIN IMMEDIATE")
    newest = _newest(copy)
    made = copy.execute("SELECT reached FROM progress WHERE name = ?", (BACKED_UP,)).fetchone()
    age_s = time.time() - made[0] if made else 0
    numbered = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"
    for (table,) in copy.execute(numbered).fetchall():
        if table == "tortoise_migrations":
            continue
        skipped = beyond(table, newest.get(table, 0), replaced, age_s)
        if table in newest:
            copy.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (skipped, table))
        else:
            copy.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, skipped))
        newest[table] = skipped
    session_id = newest["charging_session"]
    _note(copy, RESTORED, session_id)
    copy.execute("COMMIT")
    return session_id


def _newest(connection: sqlite3.Connection) -> dict[str, int]:
    """The newest id that was ever given out, by table."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone()
    return dict(connection.execute("SELECT name, seq FROM sqlite_sequence")) if known else {}


def _note(copy: sqlite3.Connection, name: str, reached: int) -> None:
    if copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'progress'").fetchone():
        copy.execute("INSERT OR REPLACE INTO progress (name, reached) VALUES (?, ?)", (name, reached))


def _copy(source: sqlite3.Connection, copy: sqlite3.Connection, progress: Progress, what: str) -> None:
    source.backup(
        copy, pages=_PAGES_AT_ONCE, progress=lambda _, left, all_: progress(what, all_ - left, all_), sleep=0.01
    )


def _check(connection: sqlite3.Connection, file: Path) -> None:
    problems = [problem for (problem,) in connection.execute("PRAGMA integrity_check(3)")]
    if problems != ["ok"]:
        raise BackupFailed(f"{file} is damaged: {' '.join(str(problems[0]).split())}.")


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=_BUSY_S)


def _uri(path: Path) -> str:
    return str(path.resolve()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


@contextmanager
def _partial(file: Path, *, replaces: bool = False) -> Iterator[Path]:
    """A file beside it, for its owner only, which gets its name once it is whole and on the disk."""
    partial = file.with_name(f"{file.name}.partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield partial
        if replaces and file.exists():
            partial.chmod(file.stat().st_mode & 0o777)
        _sync(partial)
        partial.replace(file)
        _sync(file.parent)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Where the rows live: one SQLite file, or PostgreSQL; opened, migrated and closed here."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection, get_connections
from tortoise.migrations.api import migrate as run_migrations
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.models import Model
from tortoise.transactions import in_transaction

from evgraph.models import migrations
from evgraph.models.asyncpg_client import limits

APP = "evgraph"
WRITER = "default"
READER = "reader"
# Chargers wait 30 s for an answer as a rule.
TIMEOUT_S = 10.0
_BUSY_TIMEOUT_MS = 5000
# A server that is cut off answers nothing at all, not even no.
_OPENED_WITHIN_S = 10.0
_APPS = {
    APP: {
        "models": ["evgraph.models"],
        "default_connection": WRITER,
        "migrations": "evgraph.models.migrations",
    }
}


class BadDatabaseUrl(ValueError):
    """The address is neither sqlite://PATH nor postgresql://USER:PASSWORD@HOST:PORT/NAME."""


class NoSuchMigration(ValueError):
    """The message names those that there are."""


class OtherVersion(RuntimeError):
    """The database is older or newer than this program; the message says what to do."""


class NoDatabase(RuntimeError):
    """There is no such SQLite file; the message says what to do."""


class ReadOnlyDatabase(RuntimeError):
    """Nothing can be saved in this database."""


def config(url: str, *, pool_size: int = 10, timeout_s: float | None = TIMEOUT_S) -> dict[str, Any]:
    """Tortoise's configuration. On SQLite the reader is a connection of its own, so that reads do not wait for the
    one writer; on PostgreSQL both are the pool, and nothing waits there for longer than `timeout_s` (null: no limit).
    Raises BadDatabaseUrl."""
    writer, reader = _connections(url, pool_size, timeout_s)
    return {
        "connections": {WRITER: writer, READER: reader} if reader else {WRITER: writer},
        "apps": _APPS,
        "use_tz": True,
        "timezone": "UTC",
    }


async def open_database(url: str, *, pool_size: int = 10, timeout_s: float | None = TIMEOUT_S) -> None:
    """Connects. The file's folder is made when it is missing. `timeout_s`: of each thing that PostgreSQL is asked; null
    for work that takes as long as it takes. Where connecting fails nothing stays open: the thread of a SQLite
    connection would keep the process from ending. Raises what the driver raises, and TimeoutError after 10 s."""
    settings = config(url, pool_size=pool_size, timeout_s=timeout_s)
    path = settings["connections"][WRITER]["credentials"].get("file_path")
    if path:
        _make_file(Path(path))
    try:
        async with asyncio.timeout(_OPENED_WITHIN_S):
            await Tortoise.init(config=settings, _enable_global_fallback=True)
            # SQLite: the file and its WAL must be there before a reader opens them read-only.
            await get_connection(WRITER).execute_query("SELECT 1")
    except BaseException:
        await close_database()
        raise


def _make_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # It will hold hashes of passwords and all frames: its owner's only.
        path.touch(mode=0o600)


def refuse_missing(url: str) -> None:
    """Raises NoDatabase where SQLite would make an empty file: more likely its address is wrong. Raises
    BadDatabaseUrl."""
    path = config(url)["connections"][WRITER]["credentials"].get("file_path")
    if path and not Path(path).exists():
        raise NoDatabase(f"There is no database {path}. Check EVGRAPH_DATABASE_URL; `evgraph migrate` makes a new one.")


def refuse_unwritable(url: str) -> None:
    """Raises ReadOnlyDatabase, which names the place, where this user may not write a SQLite file, one of the files
    beside it, or its folder: SQLite makes files there while it writes. Raises BadDatabaseUrl."""
    path = config(url)["connections"][WRITER]["credentials"].get("file_path")
    if not path:
        return
    places = [place for place in (Path(path), Path(f"{path}-wal"), Path(f"{path}-shm")) if place.exists()]
    folder = next(parent for parent in Path(path).absolute().parents if parent.exists())
    for place in (*places, folder):
        if not os.access(place, os.R_OK | os.W_OK):
            raise ReadOnlyDatabase(
                f"The database {path} cannot be written to: this user has no right to write {place}. Let the server's"
                " user write the file and its folder."
            )


async def close_database() -> None:
    await Tortoise.close_connections()


async def migrate(url: str, *, target: str | None = None) -> None:
    """Brings the database to the newest migration, or forwards or backwards to `target`: a migration's name, or "zero",
    which undoes all. Raises NoSuchMigration, and OtherVersion for a database that is newer than this program."""
    place = _place(target) if target else None
    refuse_unwritable(url)
    # A table of years is changed in as much time as it takes.
    await open_database(url, timeout_s=None)
    try:
        await _refuse_newer()
        await run_migrations(config=config(url, timeout_s=None), target=place)
    finally:
        await close_database()


@dataclass(frozen=True, slots=True)
class Steps:
    """The names of migrations, in the order in which they are run, or undone: what those added is dropped, with all
    that it holds."""

    run: list[str]
    undone: list[str]


async def steps_to(url: str, target: str | None) -> Steps:
    """What `migrate` would do to get to `target`. Raises NoSuchMigration and OtherVersion."""
    targets = None
    if target is not None:
        app, _, name = _place(target).partition(".")
        targets = [MigrationTarget(app, name)]
    await open_database(url)
    try:
        await _refuse_newer()
        steps = await MigrationExecutor(get_connection(WRITER), _APPS).plan(targets)
    finally:
        await close_database()
    return Steps(
        run=[step.migration.name for step in steps if not step.backward],
        undone=[step.migration.name for step in steps if step.backward],
    )


async def refuse_other_version() -> None:
    """Raises OtherVersion unless the open database is just as new as this program."""
    pending = await pending_migrations()
    await _refuse_newer()
    if pending:
        raise OtherVersion(f"The database lacks {', '.join(pending)}. Run: evgraph migrate")


async def newer_migrations() -> list[str]:
    """Those of the open database that this program does not know: a newer one made them."""
    executor = MigrationExecutor(get_connection(WRITER), _APPS)
    applied = [key.name for key in await executor.recorder.applied_migrations() if key.app_label == APP]
    return sorted(set(applied) - set(migration_names()))


async def refuse_read_only() -> None:
    """Raises ReadOnlyDatabase, or what the driver raises, where nothing can be saved."""
    async with in_transaction(WRITER) as connection:
        # On SQLite it took the write lock by now.
        if not is_sqlite() and (await connection.execute_query("SHOW transaction_read_only"))[1][0][0] == "on":
            raise ReadOnlyDatabase("The database is read-only: it may be a standby. Connect to the primary.")


async def _refuse_newer() -> None:
    newer = await newer_migrations()
    if newer:
        raise OtherVersion(
            f"The database is newer than this program: it has {', '.join(newer)}. Use the newer program, with it"
            " `evgraph migrate --to` this program's newest migration, or restore a backup."
        )


async def pending_migrations() -> list[str]:
    """The names of the migrations that `migrate` would run, oldest first; the database must be open."""
    steps = await MigrationExecutor(get_connection(WRITER), _APPS).plan(None)
    return [step.migration.name for step in steps]


def reader() -> BaseDBAsyncClient:
    """For reads outside a transaction: `Row.filter(...).using_db(reader())`."""
    return get_connection(READER if READER in get_connections().db_config else WRITER)


@asynccontextmanager
async def snapshot() -> AsyncIterator[BaseDBAsyncClient]:
    """The reader, in a transaction that sees one moment: what several queries read belongs together."""
    name = READER if READER in get_connections().db_config else WRITER
    async with in_transaction(name) as connection:
        if not is_sqlite():
            await connection.execute_query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield connection


def is_sqlite() -> bool:
    return get_connection(WRITER).capabilities.dialect == "sqlite"


def migration_names() -> list[str]:
    """Those that this program knows, oldest first."""
    return sorted(module.name for module in iter_modules(migrations.__path__) if module.name[0] != "_")


def table_names() -> list[str]:
    """Of this program's rows."""
    return sorted(
        row._meta.db_table
        for row in vars(import_module("evgraph.models")).values()
        if isinstance(row, type) and issubclass(row, Model) and row is not Model
    )


def _place(target: str) -> str:
    """How Tortoise names it."""
    if target == "zero":
        return f"{APP}.__first__"
    names = migration_names()
    if target not in names:
        raise NoSuchMigration(
            f"There is no migration {target}. There are {', '.join(names)}, and zero, which undoes all."
        )
    return f"{APP}.{target}"


def _connections(url: str, pool_size: int, timeout_s: float | None) -> tuple[dict[str, Any], dict[str, Any] | None]:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        path = unquote(parts.netloc + parts.path)
        if not path or path == ":memory:":
            raise BadDatabaseUrl(
                "A SQLite database needs a file: sqlite://PATH, for example sqlite://var/evgraph.sqlite3."
            )
        engine = "evgraph.models.sqlite"
        common = {"file_path": path, "journal_mode": "WAL", "busy_timeout": _busy_timeout(parts.query)}
        return (
            {
                "engine": engine,
                "credentials": {
                    **common,
                    "synchronous": "FULL",
                    "journal_size_limit": 64 * 1024 * 1024,
                    # 16 MB: a page that every commit writes goes into the file a quarter as often.
                    "wal_autocheckpoint": 4000,
                    # KiB, where negative: what is written now, of all charge points, stays in memory.
                    "cache_size": -32_000,
                },
            },
            {"engine": engine, "credentials": {**common, "query_only": "ON"}},
        )
    if parts.scheme in ("postgres", "postgresql", "asyncpg"):
        credentials: dict[str, Any] = {
            "host": parts.hostname or unquote(dict(_pairs(parts.query)).get("host", "localhost")),
            "port": _port(parts),
            "user": unquote(parts.username or "postgres"),
            "password": unquote(parts.password or ""),
            "database": parts.path.lstrip("/") or "evgraph",
            "minsize": 1,
            "maxsize": pool_size,
            **(limits(timeout_s) if timeout_s is not None else {}),
        }
        return {"engine": "evgraph.models.asyncpg_client", "credentials": credentials}, None
    # Not the whole of it: it may hold a password.
    kind = f"{parts.scheme}://" if parts.scheme else "An address without a scheme"
    raise BadDatabaseUrl(
        f"{kind} is not a database address. Use sqlite://PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME."
    )


def _port(parts: SplitResult) -> int:
    """Raises BadDatabaseUrl."""
    try:
        return parts.port or 5432
    except ValueError as failure:
        raise BadDatabaseUrl(
            "The port in the database address is not a number from 0 to 65535. If the password holds one of /?#@:,"
            " percent-encode it."
        ) from failure


def _busy_timeout(query: str) -> int:
    """Milliseconds. Raises BadDatabaseUrl."""
    given = dict(_pairs(query)).get("busy_timeout", str(_BUSY_TIMEOUT_MS))
    if not given.isdecimal():
        raise BadDatabaseUrl(f"busy_timeout is a number of milliseconds, not {given!r}.")
    return int(given)


def _pairs(query: str) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (part.partition("=") for part in query.split("&") if part)]


# For Tortoise's own tool, which compares rows with migrations: it connects to nothing.
TORTOISE = config("sqlite://var/evgraph.sqlite3")

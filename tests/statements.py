"""Every statement that the application sends to its database, and how the database goes about it.

Tortoise tells each statement to a logger; a filter there hears them all. Those that go past it, by a connection in the
event loop (`models/looks.py`), are heard there. Who sent it is known by the stack: what a test asks for itself does not
count.
"""

import asyncio
import logging
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import orjson

import evgraph
from evgraph.models.looks import _InLoop
from evgraph.models.plain import flat, marked

_APP = str(Path(evgraph.__file__).parent)
_TESTS = str(Path(__file__).parent)
_MODELS = f"{_APP}/models"
_KINDS = ("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")
# Where all that there is must be looked at, whatever it is found by; each with its reason.
BY_DESIGN = {
    "evgraph/ocpp/replay/ledger.py": "proves all bills, beside the server, by a snapshot",
    "evgraph/cli/serving.py run": "a migration",
    "evgraph/cli/ca.py run": "lists all that was signed, for a person",
    "evgraph/services/presence.py nobody_is": "once, when the server starts",
    "evgraph/services/transactions.py _latest": "an idTag of ours is of one start: it has a session or two",
}
# What only people add to, now and then; and what is kept to 10,000 rows.
BOUNDED = {"organization", "garage", "person", "person_role", "tortoise_migrations", "refused_connection"}
# It holds no more than there are ports.
_WHAT_CHARGES = "one_active_session_per_port"
# All that a port ever charged, where what it charges now was asked for.
_OF_A_PORT = re.compile(rf"SEARCH \w+ USING (?:COVERING )?INDEX (?!{_WHAT_CHARGES})\w+ \(port_id=\?\)")
_MOST_SORTED = 1000
_MUCH = 10_000


@dataclass(frozen=True, slots=True)
class Statement:
    """`origin`: file and function of the application that sent it. `given`: parameters that it was sent with."""

    sql: str
    origin: str
    given: tuple[Any, ...] = ()


class Recorder(logging.Filter):
    """All statements of the application since it was made. `passes_on`: whether the log shows them, too."""

    def __init__(self) -> None:
        super().__init__()
        self.statements: dict[str, Statement] = {}
        self._fresh: list[Statement] = []
        self._counted: list[Statement] | None = None
        self.passes_on = False

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno > logging.DEBUG:
            return True
        sql, given = _sql_of(record)
        if sql.lstrip()[:6].upper().startswith(_KINDS):
            self.heard(sql, given)
        return self.passes_on

    @contextmanager
    def counting(self) -> Iterator[list[Statement]]:
        """The statements that the application sends in the block, one entry each time."""
        self._counted = counted = []
        try:
            yield counted
        finally:
            self._counted = None

    def take_fresh(self) -> list[Statement]:
        """Those that were never heard before the last call."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def heard(self, sql: str, given: tuple[Any, ...]) -> None:
        if self._counted is None and sql in self.statements:
            return
        origin = _origin()
        if origin is None:
            return
        statement = Statement(sql, origin, given)
        if self._counted is not None:
            self._counted.append(statement)
        if sql not in self.statements:
            self.statements[sql] = statement
            self._fresh.append(statement)


@contextmanager
def recording() -> Iterator[Recorder]:
    logger = logging.getLogger("tortoise.db_client")
    recorder, level = Recorder(), logger.level
    logger.addFilter(recorder)
    logger.setLevel(logging.DEBUG)
    rows = _InLoop.rows

    async def heard(self: _InLoop, statement: str, *parameters: Any) -> Any:
        if statement.startswith(_KINDS):
            recorder.heard(marked(statement, parameters), tuple(flat(parameters)))
        return await rows(self, statement, *parameters)

    _InLoop.rows = heard  # type: ignore[method-assign]
    try:
        yield recorder
    finally:
        _InLoop.rows = rows  # type: ignore[method-assign]
        logger.removeFilter(recorder)
        logger.setLevel(level)


def faults(url: str, statements: list[Statement]) -> list[str]:
    """What the database at `url` says against them: it would read a table that grows from end to end, or sort more than
    it gives."""
    asked = [one for one in statements if not _is_by_design(one)]
    found = _faults_on_sqlite(url, asked) if url.startswith("sqlite") else asyncio.run(_faults_on_postgres(url, asked))
    return [f"{one.origin}: {what}\n    {_in_short(one.sql)}" for one, what in found]


def _is_by_design(one: Statement) -> bool:
    reads_nothing = "WHERE 1=0" in one.sql
    return reads_nothing or one.origin in BY_DESIGN or one.origin.partition(" ")[0] in BY_DESIGN


def _faults_on_sqlite(url: str, statements: list[Statement]) -> list[tuple[Statement, str]]:
    """Its planner knows nothing of how much a table holds (nobody runs ANALYZE): an empty one has the same plans."""
    found = []
    with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as connection:
        for one in statements:
            nothing = [None] * one.sql.count("?")
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {one.sql}", nothing)]
            tables, is_page = _tables(one.sql), bool(re.search(r"\bLIMIT\b", one.sql))
            for step in plan:
                scanned = re.match(r"SCAN (\w+)", step)
                if scanned and tables.get(scanned[1]) not in (None, *BOUNDED) and not _is_first_of_all(one.sql):
                    found.append((one, f"{step} [{'; '.join(plan)}]"))
                elif _OF_A_PORT.match(step) and not is_page:
                    found.append((one, f"{step}, without a limit [{'; '.join(plan)}]"))
                elif is_page and step.startswith("USE TEMP B-TREE FOR") and "ORDER BY" in step:
                    found.append((one, f"{step}, for a page [{'; '.join(plan)}]"))
    return found


async def _faults_on_postgres(url: str, statements: list[Statement]) -> list[tuple[Statement, str]]:
    """Of the tables that hold much there: to read all of a small one is a good plan."""
    connection = await asyncpg.connect(url)
    try:
        much = await connection.fetch("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > $1", _MUCH)
        large = {row["relname"] for row in much}
        assert "meter_sample" in large
        found = []
        for one in statements:
            (row,) = await connection.fetch(f"EXPLAIN (FORMAT JSON) {one.sql}", *one.given)
            (plan,) = orjson.loads(row[0])
            found += [(one, what) for what in _against(plan["Plan"], large, under_limit=_is_first_of_all(one.sql))]
        return found
    finally:
        await connection.close()


def _against(node: dict[str, Any], large: set[str], *, under_limit: bool) -> Iterator[str]:
    kind, table = node["Node Type"], node.get("Relation Name")
    if table in large and kind == "Seq Scan":
        yield f"Seq Scan on {table}, {node.get('Filter', 'all of it')}"
    is_whole_index = kind in ("Index Scan", "Index Only Scan") and "Index Cond" not in node
    if table in large and is_whole_index and node["Index Name"] != _WHAT_CHARGES and not under_limit:
        yield f"{kind} on all of {table} by {node['Index Name']}, {node.get('Filter', 'all of it')}"
    for child in node.get("Plans", ()):
        if kind == "Limit" and child["Node Type"] == "Sort" and child["Plans"][0]["Plan Rows"] > _MOST_SORTED:
            yield f"Sort of {child['Plans'][0]['Plan Rows']} rows by {child['Sort Key']}, for a page"
        yield from _against(child, large, under_limit=under_limit or kind == "Limit")


def _in_short(sql: str) -> str:
    """Without the columns that it gives."""
    return re.sub(r'SELECT ("[^ ]+(?: "[^ ]+")?,?)+ FROM', "SELECT ... FROM", sql)


def _tables(sql: str) -> dict[str, str]:
    """By the name that a plan has it by, alias or not. Derived tables are not among them."""
    names = {name: name for name in re.findall(r'(?:FROM|JOIN|UPDATE|INTO) "?(\w+)"?', sql)}
    no_alias = "WHERE|ON|LEFT|JOIN|ORDER|LIMIT|GROUP|INNER|UNION"
    aliased = re.findall(rf'(?:FROM|JOIN) "?(\w+)"? (?:AS )?"?(?!{no_alias})(\w+)"?', sql)
    derived = set(re.findall(r"(?:WITH|\),) (\w+)(?: \([\w, ]+\))? AS (?:NOT )?(?:MATERIALIZED )?\(", sql))
    return {alias: name for alias, name in (names | {b: a for a, b in aliased}).items() if name not in derived}


def _is_first_of_all(sql: str) -> bool:
    """The first or last few of a table by its key: read from that end."""
    return bool(re.search(r'FROM "?\w+"? ORDER BY "?id"? (?:ASC|DESC) LIMIT', sql)) and "WHERE" not in sql


def _sql_of(record: logging.LogRecord) -> tuple[str, tuple[Any, ...]]:
    if record.msg != "%s: %s" or not isinstance(record.args, tuple):
        return str(record.msg), ()
    sql, given = record.args
    if given and isinstance(given[0], (list, tuple)) and "unnest(" not in sql:
        # Of execute_many: as good as any. Arrays of columns are parameters as they are.
        given = given[0]
    return str(sql), tuple(given or ())


def _origin() -> str | None:
    """The place in the application that the statement came from; null when a test sent it itself."""
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(_APP) and not file.startswith(_MODELS):
            return f"evgraph{file.removeprefix(_APP)} {frame.f_code.co_name}"
        if file.startswith(_TESTS) and file != __file__:
            return None
        frame = frame.f_back  # type: ignore[assignment]
    return None

"""A new member of an enum that decides money or state is a type error in every place that must decide about it.

The proof: a copy of the package gets one more member in each of these enums, and mypy must then fail in each function
of `MUST_DECIDE`. A use that is not listed here, and treats a new member like a known one, is found by
`test_members_are_told_apart_by_exhaustive_matches_only`.
"""

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
from enum import Enum
from pathlib import Path

import pytest

import evgraph
from evgraph.domain.charging_session import SessionFlag, SessionStatus
from evgraph.models.charging import IS_ACTIVE, SessionRow
from evgraph.models.records import flags_column

PACKAGE = Path(evgraph.__file__).parent
NEW_MEMBER = "ADDED_BY_A_TEST"

# Each enum with the module that defines it.
ENUMS = {
    "RateKind": "domain.rate",
    "LineItemUnit": "domain.billing",
    "SessionStatus": "domain.charging_session",
    "StopReason": "domain.charging_session",
    "SessionFlag": "domain.charging_session",
    "RequestStatus": "domain.charging_request",
    "PortStatus": "domain.port",
}
# Each function that must decide about every member of an enum.
MUST_DECIDE = {
    ("domain.billing", "charge", "RateKind"),
    ("domain.billing", "costs_by_time", "RateKind"),
    ("domain.rate", "is_charged_once", "RateKind"),
    ("domain.rate", "label", "RateKind"),
    ("domain.billing", "quantity_step", "LineItemUnit"),
    ("domain.billing", "_description", "LineItemUnit"),
    ("domain.billing", "_words", "LineItemUnit"),
    ("domain.charging_session", "is_active", "SessionStatus"),
    ("domain.charging_session", "has_begun", "SessionStatus"),
    ("resolvers.subscriptions.session_updated", "_progress", "SessionStatus"),
    ("domain.charging_session", "_is_interruption", "StopReason"),
    ("domain.session_flags", "_about", "SessionFlag"),
    ("services.start_lookup", "_may_begin_by_itself", "PortStatus"),
    ("domain.charging_request", "charging_again", "RequestStatus"),
    ("domain.board", "column_of", "RequestStatus"),
    ("domain.charging_request", "can_be_continued", "RequestStatus"),
    ("domain.charging_request", "canceled", "RequestStatus"),
    ("domain.charging_request", "_not_waiting", "RequestStatus"),
    ("domain.assigning", "given", "RequestStatus"),
    ("domain.assigning", "taken", "RequestStatus"),
    ("domain.assigning", "refuse_at_another_port", "RequestStatus"),
    ("domain.port", "_is_operative", "PortStatus"),
    ("domain.port", "_is_startable", "PortStatus"),
    ("domain.session_status", "status_seen", "PortStatus"),
    ("services.status_reports", "_start_ended_by", "PortStatus"),
}
_ERROR = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+): error: (?P<text>.*)$", re.MULTILINE)
_NAMED = re.compile(r"\b(" + "|".join(ENUMS) + r")\b")


def test_mypy_finds_each_place_that_must_decide_about_a_new_member(tmp_path: Path) -> None:
    copy = tmp_path / "evgraph"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "*.graphql", "page"))
    for enum, module in ENUMS.items():
        file = copy / f"{module.replace('.', '/')}.py"
        file.write_text(_with_a_new_member(file.read_text("utf-8"), enum), encoding="utf-8")
    found = set()
    for error in _ERROR.finditer(_mypy(tmp_path, sorted({module for module, _, _ in MUST_DECIDE}))):
        assert "assert_never" in error["text"] or "Missing return" in error["text"], error[0]
        file = tmp_path / error["file"]
        module = file.relative_to(copy).with_suffix("").as_posix().replace("/", ".")
        named = _NAMED.search(error["text"])
        assert named is not None, error[0]
        found.add((module, _function_at(file, int(error["line"])), named[1]))
    assert found == MUST_DECIDE


def test_members_are_told_apart_by_exhaustive_matches_only() -> None:
    """No dict, tuple, set, or chain of ifs stands in for a decision about an enum's members: a new member would fall
    through it. Comparing with a single member is fine: it says what holds for that member alone."""
    wrong = []
    for file in sorted(PACKAGE.rglob("*.py")):
        if "migrations" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            enum = _listed(node)
            if enum is not None:
                where = f"{file.relative_to(PACKAGE).as_posix()}:{node.lineno}"  # type: ignore[attr-defined]
                wrong.append(f"{where}: use a match over {enum} that ends with assert_never")
    assert wrong == []


@pytest.mark.parametrize(
    "source",
    [
        "LABELS = {RateKind.FLAT_FEE: 'a', RateKind.PER_KWH: 'b'}",
        "x = status in (SessionStatus.CHARGING, SessionStatus.ENDED)",
        "FLAGS = frozenset({SessionFlag.SUPERSEDED, SessionFlag.ESTIMATED})",
        "ORDER = [RequestStatus.STARTING, RequestStatus.CHARGING]",
        "if k is RateKind.FLAT_FEE:\n    a()\nelif k is RateKind.PER_KWH:\n    b()\n",
        "def f(k):\n    if k is RateKind.FLAT_FEE:\n        a()\n    if k is RateKind.PER_KWH:\n        b()\n",
        "match kind:\n    case RateKind.FLAT_FEE:\n        a()\n    case _:\n        b()\n",
        "match kind:\n    case RateKind.FLAT_FEE:\n        a()\n",
        "x = 1 if unit is LineItemUnit.KWH else 2 if unit is LineItemUnit.MINUTE else 3",
        "a = kind is RateKind.PER_MINUTE or kind is RateKind.PER_KWH",
    ],
)
def test_a_decision_that_falls_through_is_found(source: str) -> None:
    assert any(_listed(node) for node in ast.walk(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "match kind:\n    case RateKind.FLAT_FEE:\n        a()\n    case _:\n        assert_never(kind)\n",
        "if session.status is not SessionStatus.CHARGING:\n    a()\n",
        "transaction(start, SessionStatus.STARTING, port=PortStatus.AVAILABLE)",
        "ids = (SessionStatus.CHARGING, port_id)",
    ],
)
def test_a_decision_about_all_members_or_one_is_fine(source: str) -> None:
    assert not any(_listed(node) for node in ast.walk(ast.parse(source)))


def test_the_index_on_active_sessions_counts_the_active_statuses() -> None:
    active = ", ".join(f"'{status}'" for status in SessionStatus if status.is_active)
    assert f"status IN ({active})" == IS_ACTIVE


def test_columns_hold_every_member() -> None:
    """Also a session with every flag at once: PostgreSQL refuses what is too long, and with it the bill."""
    flags = SessionRow._meta.fields_map["flags"]
    assert len(flags_column(frozenset(SessionFlag))) <= int(re.sub(r"\D", "", flags.SQL_TYPE))  # type: ignore[attr-defined]
    status = SessionRow._meta.fields_map["status"]
    assert max(map(len, SessionStatus)) <= status.max_length  # type: ignore[attr-defined]


def _with_a_new_member(source: str, enum: str) -> str:
    tree = ast.parse(source)
    defined = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == enum)
    last = max(node.end_lineno or 0 for node in defined.body if isinstance(node, ast.Assign))
    lines = source.splitlines(keepends=True)
    lines.insert(last, f'    {NEW_MEMBER} = "{NEW_MEMBER}"\n')
    return "".join(lines)


def _mypy(folder: Path, modules: list[str]) -> str:
    """What mypy says of these modules in the package in `folder`, and of nothing that they import from elsewhere."""
    (folder / "mypy.ini").write_text("[mypy]\nstrict = true\npython_version = 3.11\nfollow_imports = silent\n", "utf-8")
    files = [f"evgraph/{module.replace('.', '/')}.py" for module in modules]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-incremental", "--no-error-summary", "--hide-error-codes", *files],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def _function_at(file: Path, line: int) -> str:
    tree = ast.parse(file.read_text("utf-8"))
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return max(around, key=lambda node: node.lineno).name


def _listed(node: ast.AST) -> str | None:
    """The enum whose members this node tells apart without deciding about all of them; None where it does not."""
    if isinstance(node, ast.Dict):
        return _most_named([key for key in node.keys if key is not None])
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return _most_named(node.elts)
    if isinstance(node, ast.BoolOp):
        return _most_named([value for each in node.values for value in _compared(each)])
    if isinstance(node, ast.If | ast.IfExp):
        return _most_named([value for test in _tests(node) for value in _compared(test)])
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return next(filter(None, map(_most_named, _runs_of_ifs(node))), None)
    if isinstance(node, ast.Match):
        return _match_with_a_gap(node)
    return None


def _most_named(nodes: list[ast.expr]) -> str | None:
    """The enum of which at least two members are among these."""
    named = [enum for enum in map(_enum_of, nodes) if enum is not None]
    return next((enum for enum in named if named.count(enum) > 1), None)


def _enum_of(node: ast.expr) -> str | None:
    """RateKind for RateKind.FLAT_FEE and RateKind.FLAT_FEE.value."""
    if isinstance(node, ast.Attribute) and node.attr == "value":
        node = node.value
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ENUMS:
        return node.value.id if node.attr.isupper() else None
    return None


def _compared(test: ast.expr) -> list[ast.expr]:
    return test.comparators if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is | ast.Eq) else []


def _tests(node: ast.If | ast.IfExp) -> list[ast.expr]:
    """The conditions of a chain of elifs or of nested conditional expressions."""
    rest = node.orelse if isinstance(node, ast.IfExp) else (node.orelse[0] if len(node.orelse) == 1 else None)
    return [node.test, *(_tests(rest) if isinstance(rest, ast.If | ast.IfExp) else [])]


def _runs_of_ifs(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[list[ast.expr]]:
    """For each run of ifs, one after the other, what they compare with."""
    runs: list[list[ast.expr]] = [[]]
    for statement in function.body:
        if isinstance(statement, ast.If):
            runs[-1] += _compared(statement.test)
        else:
            runs.append([])
    return runs


def _match_with_a_gap(node: ast.Match) -> str | None:
    patterns = [each for case in node.cases for each in ast.walk(case.pattern) if isinstance(each, ast.MatchValue)]
    enums = [enum for pattern in patterns if (enum := _enum_of(pattern.value)) is not None]
    if not enums:
        return None
    last = node.cases[-1].body[0]
    return None if ast.unparse(last).startswith("assert_never(") else enums[0]


def test_the_enums_are_where_the_proof_looks_for_them() -> None:
    for enum, module in ENUMS.items():
        assert issubclass(getattr(importlib.import_module(f"evgraph.{module}"), enum), Enum)

"""The simulator is a stranger to the server it tests: it imports nothing of the rest of evgraph."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import evgraph.simulator

MODULES = sorted(Path(evgraph.simulator.__file__).parent.glob("*.py"))


def imported(module: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "Imports are absolute."
            names.append(node.module or "")
    return names


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_imports_nothing_of_the_server(module: Path):
    of_evgraph = [name for name in imported(module) if name.split(".")[0] == "evgraph"]
    assert [name for name in of_evgraph if not name.startswith("evgraph.simulator")] == []

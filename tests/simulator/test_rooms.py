"""The simulator is a stranger to the server it tests: it imports nothing of the rest of evgraph."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import evgraph.simulator

MODULES = sorted(Path(evgraph.simulator.__file__).parent.glob("*.py"))
# Read as text: in CPython 3.11 ast.parse fails now and then when the garbage collector runs during it.
IMPORT = re.compile(r"^\s*(?:from|import)\s+(\.|evgraph[\w.]*)", re.MULTILINE)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_imports_nothing_of_the_server(module: Path):
    imported = IMPORT.findall(module.read_text(encoding="utf-8"))
    assert [name for name in imported if not name.startswith("evgraph.simulator")] == []

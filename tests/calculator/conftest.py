"""One town for all stories of a module, and a count of the sessions that were compared."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import copy_of

from .garage import Town
from .summary import COMPARED, Compared

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(scope="module")
def town(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, Run]]:
    """And what runs in it."""
    with (
        copy_of(migrated, Path(tmp_path_factory.mktemp("town")) / "evgraph.sqlite3") as url,
        asyncio.Runner() as runner,
    ):
        made = runner.run(Town.open(url))
        try:
            yield made, runner.run
        finally:
            runner.run(made.close())


@pytest.fixture
def compared(record_property: Callable[[str, object], None]) -> Compared:
    """The summary of the run has it, also where the test fails."""
    compared = Compared()
    record_property(COMPARED, compared.counted)
    return compared

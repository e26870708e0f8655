"""One town for all stories of a module, and how many sessions were compared for each habit."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import copy_of

from .garage import Town

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


@pytest.fixture(scope="session")
def compared() -> Counter[str]:
    return Counter()

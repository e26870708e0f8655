"""A hostile charger: each frame of the corpus over a real socket, against the whole app on a real database."""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
import structlog

from tests.conftest import copy_of
from tests.ocpp.corpus import CASES
from tests.ocpp.corpus.house import CentralSystem, open_central_system
from tests.ocpp.corpus.vocabulary import Case


@pytest.fixture(scope="module")
def books_url(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with copy_of(migrated, tmp_path_factory.mktemp("corpus") / "evgraph.sqlite3") as url:
        yield url


@pytest.fixture(scope="module")
def quietly() -> Iterator[None]:
    """Each case is worth a warning in the log."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.reset_defaults()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def central_system(books_url: str, quietly: None) -> AsyncIterator[CentralSystem]:
    async with open_central_system(books_url) as opened:
        yield opened


def test_the_corpus_has_its_size_and_no_case_twice() -> None:
    assert len(CASES) >= 300
    assert [name for name, times in Counter(map(str, CASES)).items() if times > 1] == []


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CASES, ids=str)
async def test_every_frame_comes_to_what_the_rules_say(central_system: CentralSystem, case: Case) -> None:
    await central_system.play(case)

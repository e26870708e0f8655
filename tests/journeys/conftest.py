"""A garage at work: the server in its own process, chargers and front ends over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.conftest import copy_of
from tests.journeys.garage import Garage, furnish
from tests.journeys.proof import derived_again
from tests.journeys.server import Server
from tests.journeys.serving import serve

Serve = Callable[[dict[str, str], str], None]
OpenGarage = Callable[..., AbstractAsyncContextManager[Garage]]


@pytest.fixture(scope="session")
def furnished(migrated: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a database with a garage in it, to copy, and its chargers' keys."""
    with copy_of(migrated, tmp_path_factory.mktemp("garage") / "template.sqlite3") as url:
        yield url, asyncio.run(furnish(url))


@pytest.fixture
def database_url(furnished: tuple[str, dict[str, str]], tmp_path: Path) -> Iterator[str]:
    with copy_of(furnished[0], tmp_path / "evgraph.sqlite3") as url:
        yield url


@pytest.fixture
def open_garage(furnished: tuple[str, dict[str, str]], database_url: str, tmp_path: Path) -> OpenGarage:
    """open_garage(start_window_s=1): a running server with these settings. In the end its log must hold no error,
    unless the journey `provokes_errors`; and its bills are derived again from its frames (C10)."""

    @asynccontextmanager
    async def opened(
        *, provokes_errors: bool = False, serve: Serve = serve, **settings: object
    ) -> AsyncIterator[Garage]:
        server = Server(**({"database_url": database_url, "log": tmp_path / "server.log"} | settings))
        garage = Garage(server, furnished[1])
        await server.start(serve)
        try:
            yield garage
        finally:
            await garage.close()
            await server.stop()
        report = await derived_again(server.database_url)
        assert (report.differences, report.untold) == ([], [])
        if not provokes_errors:
            assert server.errors() == []

    return opened


@pytest.fixture
async def garage(open_garage: OpenGarage) -> AsyncIterator[Garage]:
    async with open_garage() as opened:
        yield opened

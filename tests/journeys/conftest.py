"""A garage at work: the server in its own process, chargers and front ends over real sockets."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.journeys.garage import Garage, furnish
from tests.journeys.server import Server

OpenGarage = Callable[..., AbstractAsyncContextManager[Garage]]


@pytest.fixture
def open_garage(database_url: str, tmp_path: Path) -> OpenGarage:
    """open_garage(charge_points=2, start_window_s=1): furnished and running. In the end its log must hold no error,
    unless `provokes_errors`."""

    @asynccontextmanager
    async def opened(
        *, charge_points: int = 1, provokes_errors: bool = False, **settings: object
    ) -> AsyncIterator[Garage]:
        keys = await furnish(database_url, charge_points=charge_points)
        garage = Garage(Server(database_url, tmp_path / "server.log", **settings), keys)
        await garage.server.start()
        try:
            yield garage
        finally:
            await garage.close()
            await garage.server.stop()
        if not provokes_errors:
            assert garage.server.errors() == []

    return opened


@pytest.fixture
async def garage(open_garage: OpenGarage) -> AsyncIterator[Garage]:
    async with open_garage() as opened:
        yield opened

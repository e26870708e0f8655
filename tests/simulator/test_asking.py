"""A question whose asker gives up in the very moment in which its socket dies."""

import asyncio
import gc

from websockets.exceptions import ConnectionClosedError

from evgraph.simulator.dialects import Combined
from evgraph.simulator.library import call
from evgraph.simulator.promises import Promises
from evgraph.simulator.session import CentralSystemSession
from evgraph.simulator.simulated_time import SimulatedTime


class DyingSocket:
    def __init__(self) -> None:
        self.dies = asyncio.Event()

    async def recv(self, decode: bool = True) -> str:
        await self.dies.wait()
        raise ConnectionClosedError(None, None)

    async def send(self, frame: str) -> None:
        await self.recv()


async def test_nothing_is_left_that_asyncio_complains_of():
    complaints = []
    asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))
    for patience in range(6):
        await _ask_and_give_up(patience)
    gc.collect()
    assert complaints == []


async def _ask_and_give_up(patience: int) -> None:
    socket = DyingSocket()
    session = CentralSystemSession(
        "AX48-1",
        socket,  # type: ignore[arg-type]
        {},
        Promises(),
        lambda *_: None,
        call_timeout=1,
        dialect=Combined([]),
        time=SimulatedTime(),
    )
    asking = asyncio.create_task(session.ask(call.Heartbeat()))
    await asyncio.sleep(0.001)
    socket.dies.set()
    for _ in range(patience):
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait({asking})
    if not asking.cancelled():
        asking.exception()

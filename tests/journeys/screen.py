"""The board on a wall: merged, update by update, as the schema tells front ends to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.journeys.client import PATIENCE_S, Client, Json, Stream

FIELDS = """
fragment OnPort on Port { id name status lastReportedStatus isOpen activeSession { id } }
fragment OnRequest on ChargingRequest {
    id status lastStartFailure
    stay { id }
    session { id status energyWh flags cost { cents } }
}
"""
BOARD_UPDATED = (
    """subscription($garageId: ID!) { boardUpdated(garageId: $garageId) {
    revision isSnapshot rate { label } ports { ...OnPort } requests { ...OnRequest } removedRequestIds
} }"""
    + FIELDS
)
BOARD = (
    """query($garageId: ID!) { garage(id: $garageId) { board {
    revision rate { label } ports { ...OnPort }
    needsCharging { ...OnRequest } charging { ...OnRequest } charged { ...OnRequest }
} } }"""
    + FIELDS
)


class Screen:
    """`ports` and `requests` by id; `told` is every update that came. A skipped revision is an error."""

    def __init__(self) -> None:
        self.revision = 0
        self.snapshots = 0
        self.told: list[Json] = []
        self.rate: Json | None = None
        self.ports: dict[str, Json] = {}
        self.requests: dict[str, Json] = {}
        self._changed = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    def show(self, update: Json) -> None:
        if update["isSnapshot"]:
            self.snapshots += 1
            self.ports, self.requests, self.rate = {}, {}, None
        else:
            assert update["revision"] == self.revision + 1, f"{self.revision} is followed by {update['revision']}."
        self.told.append(update)
        self.revision = update["revision"]
        self.rate = update["rate"] or self.rate
        self.ports |= {port["id"]: port for port in update["ports"]}
        self.requests |= {request["id"]: request for request in update["requests"]}
        for id_ in update["removedRequestIds"]:
            self.requests.pop(id_, None)
        self._changed.set()

    def port(self, name: str) -> Json:
        (found,) = (port for port in self.ports.values() if port["name"] == name)
        return found

    async def until(self, holds: Callable[["Screen"], Any]) -> None:
        """Returns once it shows that; raises what went wrong with the stream, or TimeoutError."""
        assert self._watching is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not holds(self):
                    if self._watching.done():
                        self._watching.result()
                        raise AssertionError("The stream has ended.")
                    self._changed.clear()
                    changed = asyncio.ensure_future(self._changed.wait())
                    await asyncio.wait({changed, self._watching}, return_when=asyncio.FIRST_COMPLETED)
                    changed.cancel()
        except TimeoutError:
            raise AssertionError(f"It never came. The board shows {self.ports} and {self.requests}.") from None

    async def shows(self, request: Json, status: str) -> Json:
        """Returns the request as the board shows it, once it is in that status."""
        await self.until(lambda it: it.requests.get(request["id"], {}).get("status") == status)
        return self.requests[request["id"]]

    async def shows_port(self, port_id: str, **fields: Any) -> Json:
        """Returns the port once the board shows it so: shows_port(id, isOpen=True)."""
        await self.until(lambda it: port_id in it.ports and fields.items() <= it.ports[port_id].items())
        return self.ports[port_id]

    @asynccontextmanager
    async def watching(self, updates: Stream) -> AsyncIterator["Screen"]:
        """From its first snapshot on."""
        watching = self._watching = asyncio.create_task(self._watch(updates))
        try:
            await self.until(lambda it: it.snapshots)
            yield self
        finally:
            watching.cancel()
            await asyncio.wait({watching})
            failure = None if watching.cancelled() else watching.exception()
        if failure is not None:
            raise failure

    async def _watch(self, updates: Stream) -> None:
        async for update in updates:
            self.show(update["boardUpdated"])


@asynccontextmanager
async def board_of(client: Client, garage_id: str) -> AsyncIterator[Screen]:
    """A wall display, over graphql-transport-ws."""
    over_socket = client.over_socket(BOARD_UPDATED, garageId=garage_id)
    async with over_socket as updates, Screen().watching(updates) as screen:
        yield screen


async def board_now(client: Client, garage_id: str) -> Screen:
    """The same, asked for once."""
    board = (await client.data(BOARD, garageId=garage_id))["garage"]["board"]
    requests = board["needsCharging"] + board["charging"] + board["charged"]
    screen = Screen()
    screen.show(
        {
            "revision": board["revision"],
            "isSnapshot": True,
            "rate": board["rate"],
            "ports": board["ports"],
            "requests": requests,
            "removedRequestIds": [],
        }
    )
    return screen

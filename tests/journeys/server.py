"""`evgraph serve` in a process of its own: started, asked whether it is ready, killed, started again.

Its processes are forked from one that has imported everything, so that a restart costs the server's own start and not
the two seconds of Python's. `test_command_line.py` starts it the way an operator does.
"""

import asyncio
import json
import multiprocessing
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.journeys.serving import serve
from tests.patience import PATIENCE_S

HOST = "127.0.0.1"
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["evgraph.cli", "evgraph.app"])


class Server:
    """`settings` are those of evgraph.settings, by their names. The port stays the same across restarts."""

    def __init__(self, database_url: str, log: Path, **settings: object) -> None:
        self.address = f"{HOST}:{free_port()}"
        self.database_url = database_url
        self.log = log
        self._environment = {
            f"EVGRAPH_{name.upper()}": str(value)
            for name, value in {
                "database_url": database_url,
                "host": HOST,
                "port": self.address.rpartition(":")[2],
                "log_format": "json",
                **settings,
            }.items()
        }
        self._process: Any = None

    @property
    def pid(self) -> int:
        return int(self._process.pid)

    @property
    def chargers_url(self) -> str:
        return f"ws://{self.address}/ocpp"

    async def start(self, serve: Callable[[dict[str, str], str], None] = serve) -> None:
        """Returns once it is ready."""
        self._process = _PROCESSES.Process(target=serve, args=(self._environment, str(self.log)))
        self._process.start()
        await self._until_ready()

    async def _until_ready(self) -> None:
        await until_ready(self.address, lambda: self._process.is_alive())

    async def kill(self) -> None:
        """SIGKILL: it gets no chance to finish anything."""
        self._process.kill()
        await self._ended()

    async def killed(self) -> None:
        """Returns once it was, by whomever."""
        await self._ended()

    async def stop(self) -> None:
        """SIGTERM, as a service manager does."""
        self._process.terminate()
        await self._ended()

    async def _ended(self) -> None:
        process, self._process = self._process, None
        await asyncio.to_thread(process.join, PATIENCE_S)
        assert not process.is_alive(), "The server does not end."
        process.close()

    def lines(self) -> Iterator[dict[str, Any]]:
        """The log. A line that is not JSON (a traceback, say) is an error."""
        for line in self.log.read_text().splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                yield {"level": "error", "event": line}

    def errors(self) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line.get("level") in ("error", "critical") or "exception" in line]


def free_port() -> int:
    with socket.create_server((HOST, 0)) as found:
        return int(found.getsockname()[1])


async def until_ready(address: str, is_alive: Any) -> None:
    async with httpx.AsyncClient() as http, asyncio.timeout(PATIENCE_S):
        while True:
            assert is_alive(), "The server ended before it was ready."
            try:
                if (await http.get(f"http://{address}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.02)

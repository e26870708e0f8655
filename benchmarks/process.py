"""Servers as processes of their own, each pinned to one core, and what the cores were doing meanwhile."""

import asyncio
import os
import resource
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import monotonic, process_time
from typing import Self

_ROOT = Path(__file__).parent.parent
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_STARTING_S = 30.0
# Before other programs, where that is allowed.
_PRIORITY = -8
_ENDING_S = 15.0


@dataclass(frozen=True)
class Cores:
    """The server has a core to itself; the load, and PostgreSQL, have the other."""

    server: int
    load: int

    @classmethod
    @cache
    def choose(cls) -> Self:
        """Once for all. Pins this process, and lets it and its servers have as many sockets as they may. Raises
        RuntimeError where there are no two cores, or no way to pin."""
        allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        if len(allowed) < 2:
            raise RuntimeError("The benchmarks need Linux and two cores: one for the server, one for the load.")
        chosen = cls(server=allowed[0], load=allowed[-1])
        _take(os.getpid(), chosen.load)
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        return chosen


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Shares of a core, 1.0 being all of it. `others` is what neither the server nor an idle core took on the server's
    core: other programs, interrupts, the hypervisor; `stolen` is the hypervisor's part of that. `neighbour`: what the
    load's core did beside the load, a database above all."""

    seconds: float
    server_s: float
    server: float
    load: float
    others: float
    stolen: float = 0.0
    neighbour: float = 0.0


@dataclass(frozen=True)
class Server:
    """`feed` is its standard input, where it was asked for."""

    port: int
    core: int
    process_id: int
    feed: asyncio.StreamWriter | None = None

    def cpu_s(self) -> float:
        """With all its threads."""
        return sum(map(int, _after_name(self.process_id)[11:13])) / _TICKS_A_SECOND


class Meter:
    """What was used since it was made."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._own_core = next(iter(os.sched_getaffinity(0)))
        self._begun = self._now()

    def read(self) -> Usage:
        at, server_s, load_s, busy_s, stolen_s, beside_s = (
            now - then for now, then in zip(self._now(), self._begun, strict=True)
        )
        return Usage(
            seconds=at,
            server_s=server_s,
            server=server_s / at,
            load=load_s / at,
            others=max(busy_s - server_s, 0.0) / at,
            stolen=stolen_s / at,
            neighbour=max(beside_s - load_s, 0.0) / at,
        )

    def _now(self) -> tuple[float, float, float, float, float, float]:
        busy_s, stolen_s = _busy_s(self._server.core)
        beside_s, _ = _busy_s(self._own_core)
        return monotonic(), self._server.cpu_s(), process_time(), busy_s, stolen_s, beside_s


@asynccontextmanager
async def running(
    *arguments: str,
    core: int,
    log: Path,
    environment: Mapping[str, str] | None = None,
    program: Sequence[str] = (sys.executable, "-m"),
    is_fed: bool = False,
) -> AsyncIterator[Server]:
    """`python -m ARGUMENTS --port PORT`, or another program's, from when it listens until the block ends."""
    port = _free_port()
    own = {key: value for key, value in os.environ.items() if not key.startswith("EVGRAPH_")}
    with log.open("ab") as written:
        process = await asyncio.create_subprocess_exec(
            *program,
            *arguments,
            "--port",
            str(port),
            cwd=_ROOT,
            env={**own, **(environment or {})},
            stdin=asyncio.subprocess.PIPE if is_fed else asyncio.subprocess.DEVNULL,
            stdout=written,
            stderr=written,
        )
    try:
        # Before it has threads, which inherit both.
        _take(process.pid, core)
        await _until_it_listens(process, port, log)
        yield Server(port, core, process.pid, process.stdin)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _ENDING_S)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _until_it_listens(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    async with asyncio.timeout(_STARTING_S):
        while process.returncode is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return
    raise RuntimeError(f"The server ended with {process.returncode}: {_end_of(log)}")


def _take(process_id: int, core: int) -> None:
    os.sched_setaffinity(process_id, {core})
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, process_id, _PRIORITY)


def _end_of(log: Path) -> str:
    return log.read_text()[-2000:]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _after_name(pid: int) -> list[str]:
    """proc(5), /proc/PID/stat: the fields after the command, which may hold blanks."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _busy_s(core: int) -> tuple[float, float]:
    """And how much of it the hypervisor took. proc(5), /proc/stat: user nice system idle iowait irq softirq steal."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name == f"cpu{core}":
            user, nice, system, _, _, irq, softirq, steal = map(int, ticks[:8])
            return (user + nice + system + irq + softirq + steal) / _TICKS_A_SECOND, steal / _TICKS_A_SECOND
    raise RuntimeError(f"/proc/stat does not tell of core {core}.")

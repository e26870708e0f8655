"""Where the time of a road goes: `python -m benchmarks.profiling readings|board|board-unchanged|fan-out|taps`.

Writes a flame graph and the functions that took most, var/profile-ROAD.svg and .txt, by py-spy, which uv fetches. It
looks into the server from outside, some hundred times a second, and slows it by little. Where the system forbids that
(kernel.yama.ptrace_scope), run it as root.
"""

import asyncio
import dataclasses
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from benchmarks import board_query, fan_out, latency
from benchmarks.contenders import Machine, crowded, evgraph
from benchmarks.databases import Sqlite
from benchmarks.load import closed_loop
from benchmarks.plan import QUICK, Plan
from benchmarks.process import Cores, Server
from benchmarks.readings import CHARGE_POINTS

VAR = Path("var")
_PY_SPY = "py-spy==0.4.3"
_RATE = 500
_WARM_UP_S, _STARTING_S = 1.0, 4.0
_SHOWN = 40

_Load = Callable[[float], Awaitable[object]]
console = Console(soft_wrap=True)


async def _readings(opened: AsyncExitStack, machine: Machine, plan: Plan) -> tuple[Server, _Load]:
    database = Sqlite(machine.folder / "evgraph.sqlite3")
    one = await opened.enter_async_context(evgraph(machine, database, CHARGE_POINTS))
    return one.server, lambda seconds: closed_loop(one.chargers, one.server, one.registers, seconds=seconds, warm_up=0)


async def _board(opened: AsyncExitStack, machine: Machine, plan: Plan, state: str) -> tuple[Server, _Load]:
    database = Sqlite(machine.folder / "evgraph.sqlite3")
    made, _ = await opened.enter_async_context(board_query.busy_house(machine, database, board_query.SQLITE))
    asked = made[board_query.SQLITE + state]
    return asked.server, lambda seconds: board_query.closed_loop(asked, seconds=seconds, warm_up=0)


async def _board_changed(opened: AsyncExitStack, machine: Machine, plan: Plan) -> tuple[Server, _Load]:
    return await _board(opened, machine, plan, board_query.CHANGED)


async def _board_unchanged(opened: AsyncExitStack, machine: Machine, plan: Plan) -> tuple[Server, _Load]:
    return await _board(opened, machine, plan, board_query.UNCHANGED)


async def _fan_out(opened: AsyncExitStack, machine: Machine, plan: Plan) -> tuple[Server, _Load]:
    watched = await opened.enter_async_context(fan_out.watched_house(machine, plan))
    boards = await opened.enter_async_context(fan_out.open_boards(watched, plan.most_boards))
    return watched.server, lambda seconds: fan_out.ceiling(
        watched, boards, dataclasses.replace(plan, fan_out=seconds, warm_up=0)
    )


async def _taps(opened: AsyncExitStack, machine: Machine, plan: Plan) -> tuple[Server, _Load]:
    database = Sqlite(machine.folder / "evgraph.sqlite3")
    contender, tapped = await opened.enter_async_context(crowded(machine, database, latency.GARAGES, latency.GARAGES))
    handheld = await latency.handheld(contender, tapped)
    return contender.server, lambda seconds: handheld.taps(seconds, a_second=None)


ROADS = {
    "readings": _readings,
    "board": _board_changed,
    "board-unchanged": _board_unchanged,
    "fan-out": _fan_out,
    "taps": _taps,
}


async def profile(road: str, seconds: float) -> None:
    with tempfile.TemporaryDirectory(prefix="evgraph-bench-") as folder:
        async with AsyncExitStack() as opened:
            console.print(f"Setting up {road} ...")
            server, load = await ROADS[road](opened, Machine(Cores.choose(), Path(folder)), QUICK)
            graph, stacks = VAR / f"profile-{road}.svg", Path(folder) / "stacks"
            console.print(f"Looking on for {2 * seconds:.0f} s ...")
            loading = asyncio.ensure_future(load(_WARM_UP_S + 2 * (seconds + _STARTING_S)))
            await asyncio.sleep(_WARM_UP_S)
            await _record(server, graph, "flamegraph", seconds)
            await _record(server, stacks, "raw", seconds)
            await loading
            text = VAR / f"profile-{road}.txt"
            text.write_text(_functions(stacks.read_text()))
    console.print(text.read_text(), highlight=False)
    console.print(f"Written to {graph} and {text}.")


async def _record(server: Server, file: Path, form: str, seconds: float) -> None:
    arguments = ("--pid", str(server.process_id), "--rate", str(_RATE), "--duration", f"{seconds:.0f}")
    recording = await asyncio.create_subprocess_exec(
        *("uv", "tool", "run", "--quiet", "--from", _PY_SPY, "py-spy", "record", "--nonblocking"),
        *("--format", form, "--output", str(file), *arguments),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await recording.communicate()
    if recording.returncode:
        raise RuntimeError(f"py-spy ended with {recording.returncode}: {said.decode()[-1000:]}")


def _functions(stacks: str) -> str:
    """Of lines `outer;inner COUNT`: the share of the samples in each function itself, and with all that it called."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for line in stacks.splitlines():
        frames, _, count = line.rpartition(" ")
        path = [frame.rpartition(":")[0] + ")" if ":" in frame else frame for frame in frames.split(";")]
        own[path[-1]] += int(count)
        for frame in set(path):
            whole[frame] += int(count)
    total = own.total() or 1
    lines = [f"{'itself':>7} {'in all':>7}  function"]
    lines += [f"{count / total:7.1%} {whole[name] / total:7.1%}  {name}" for name, count in own.most_common(_SHOWN)]
    return "\n".join(lines) + "\n"


def main(
    road: Annotated[str, typer.Argument(help=", ".join(ROADS))],
    seconds: Annotated[float, typer.Option(min=1, help="Of each of the two recordings.")] = 6,
) -> None:
    if road not in ROADS:
        raise typer.BadParameter(f"There is no road {road}; there are {', '.join(ROADS)}.")
    VAR.mkdir(exist_ok=True)
    uvloop.run(profile(road, seconds))


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()

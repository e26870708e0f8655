"""Measures, prints the tables and writes results.md."""

import gc
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from benchmarks import board_query, fan_out, grown, idle, latency, peers, readings, together
from benchmarks.contenders import Machine
from benchmarks.measured import Section, not_measured
from benchmarks.plan import QUICK, THOROUGH, TINY, Plan
from benchmarks.process import Cores
from benchmarks.progress import Tell
from benchmarks.report import RESULTS, Report

ROADS: Mapping[str, Callable[[Machine, Plan, Tell], Awaitable[Sequence[Section]]]] = {
    "readings": readings.measure,
    "board": board_query.measure,
    "fan-out": fan_out.measure,
    "latency": latency.measure,
    "together": together.measure,
    "connections": idle.measure,
    "growth": grown.measure,
}

console = Console(soft_wrap=True)
if not console.is_terminal:
    console.width = 180


async def measure(plan: Plan, roads: Sequence[str]) -> Report:
    cores, begun = Cores.choose(), monotonic()
    sections: list[Section] = []
    for road in roads:
        # PostgreSQL needs a short path for its socket.
        with tempfile.TemporaryDirectory(prefix="evgraph-bench-") as folder:
            machine = Machine(cores, Path(folder))
            try:
                sections += await ROADS[road](machine, plan, _tell(begun))
            except (TimeoutError, OSError, EOFError, RuntimeError, ExceptionGroup) as failure:
                # The other roads are worth telling all the same.
                console.print_exception()
                console.print(machine.last_words(), highlight=False, markup=False)
                sections.append(not_measured(road, failure))
    return Report(sections=sections, how=str(plan), took_s=monotonic() - begun, peers=_peers(plan))


def _peers(plan: Plan) -> str:
    if not plan.has_peers:
        return "Without peers."
    if not peers.are_installed():
        return "Without peers: Node.js is not installed, or `npm ci` was not run in benchmarks/peers."
    return f"Node {peers.node_version()}, {peers.versions()}."


def _tell(begun: float) -> Tell:
    def tell(what: str) -> None:
        console.print(f"{monotonic() - begun:5.0f} s  {what} ...", highlight=False)

    return tell


def main(
    quick: Annotated[
        bool, typer.Option("--quick", help="A look, in under two minutes; results.md stays as it is.")
    ] = False,
    tiny: Annotated[bool, typer.Option("--tiny", help="That the pieces run: no figure of it means anything.")] = False,
    only: Annotated[
        list[str] | None, typer.Option(help=f"This road alone: {', '.join(ROADS)}. results.md stays as it is.")
    ] = None,
) -> None:
    """Measure EVGraph against plain libraries, peers and the limit, each goal with its verdict, in under 15 minutes.

    Needs Linux and two cores: one for the server, one for the load. Prints the tables and writes benchmarks/results.md,
    which says how to read them.
    """
    unknown = set(only or ()) - set(ROADS)
    if unknown:
        raise typer.BadParameter(f"There is no road {', '.join(sorted(unknown))}; there are {', '.join(ROADS)}.")
    # A pause for the load's own garbage would be taken for the server's.
    gc.disable()
    # Growth has a command of its own.
    roads = only or [road for road in ROADS if not (quick and road == "growth")]
    report = uvloop.run(measure(TINY if tiny else QUICK if quick else THOROUGH, roads))
    report.show(console)
    if report.failed:
        console.print(f"Not measured: {', '.join(report.failed)}.")
    if not quick and not tiny and not only:
        report.write()
        console.print(f"Written to {RESULTS.parent.name}/{RESULTS.name}.")
    raise typer.Exit(1 if report.failed else 0)


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()

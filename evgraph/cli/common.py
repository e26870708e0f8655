"""What the commands share: settings out of options, the open house, how a failure is told."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from evgraph.bus import EventBus
from evgraph.cli.failures import err, fail, is_interactive, told
from evgraph.models import database
from evgraph.models.failures import DatabaseUnavailable
from evgraph.services.clock import SystemClock
from evgraph.services.house import Services, open_house
from evgraph.services.offline import NoChargePoints
from evgraph.settings import Settings

__all__ = [
    "DatabaseUrl",
    "LocationId",
    "confirm",
    "err",
    "fail",
    "in_house",
    "out",
    "run_plain",
    "settings_of",
    "show",
    "stamp",
    "told",
]

out = Console()
_wide = Console(width=1000)

DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        envvar="EVGRAPH_DATABASE_URL",
        help="sqlite://PATH or postgresql://USER:PASSWORD@HOST/NAME. EVGRAPH_DATABASE_URL_FILE names a file that holds"
        " it.  [default: sqlite://var/evgraph.sqlite3]",
    ),
]
LocationId = Annotated[str, typer.Option("--garage", help="The garage's location ID, such as NYC-034.")]


def settings_of(**options: object) -> Settings:
    """Raises ValidationError and BadSecretFile."""
    return Settings(**{name: value for name, value in options.items() if value is not None})  # type: ignore[arg-type]


def in_house(
    work: Callable[[Services], Awaitable[None]], database_url: str | None, *, takes_long: bool = False
) -> None:
    """With the house open and no charge point in reach. `takes_long`: no statement is cut for its time."""
    settings = settings_of(database_url=database_url)

    async def opened() -> None:
        timeout_s = None if takes_long else settings.database_timeout_s
        database.refuse_missing(settings.database_url)
        await database.open_database(settings.database_url, timeout_s=timeout_s)
        try:
            await database.refuse_other_version()
            house = open_house(bus=EventBus(), clock=SystemClock(), gateway=NoChargePoints())
            try:
                await work(house)
            finally:
                # What chargers are to be told, a running server tells them.
                await house.local_lists.close()
        finally:
            await database.close_database()

    async def writing() -> None:
        try:
            await opened()
        except DatabaseUnavailable:
            database.refuse_unwritable(settings.database_url)
            raise

    run_plain(writing)


def run_plain(work: Callable[[], Awaitable[None]]) -> None:
    """What goes wrong is told in one line (failures.told)."""

    async def awaited() -> None:
        await work()

    with told():
        asyncio.run(awaited())


def confirm(what: str) -> None:
    """Asks a person whether to go on; where none can be asked, or they say no, the command fails."""
    if not is_interactive():
        fail(f"{what} Nothing was changed. Repeat with --yes to go on without being asked.")
    err.print(what, soft_wrap=True, markup=False)
    if not typer.confirm("Continue?", err=True):
        fail("Nothing was changed.")


def show(table: Table) -> None:
    """Nothing in it is cut off: long words are folded at a terminal, and in a pipe or a file a row is a line."""
    for column in table.columns:
        column.overflow = "fold"
    (out if out.is_terminal else _wide).print(table)


def stamp(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else ""

"""What the commands share: settings out of options, the open house, how a failure is told."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from tortoise.exceptions import BaseORMException

from evgraph.bus import EventBus
from evgraph.domain.refusals import Refusal
from evgraph.models import database
from evgraph.models.database import BadDatabaseUrl, NoSuchMigration
from evgraph.services.clock import SystemClock
from evgraph.services.house import Services, open_house
from evgraph.services.offline import NoChargePoints
from evgraph.settings import Settings

out = Console()
err = Console(stderr=True)

DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url", envvar="EVGRAPH_DATABASE_URL", help="sqlite://PATH or postgresql://USER:PW@HOST/DB."
    ),
]
LocationId = Annotated[str, typer.Option("--garage", help="The garage's location ID, such as NYC-034.")]


def settings_of(**options: object) -> Settings:
    return Settings(**{name: value for name, value in options.items() if value is not None})  # type: ignore[arg-type]


def in_house(
    work: Callable[[Services], Awaitable[None]], database_url: str | None, *, takes_long: bool = False
) -> None:
    """With the house open and no charge point in reach. `takes_long`: no statement is cut for its time."""
    settings = settings_of(database_url=database_url)

    async def opened() -> None:
        timeout_s = None if takes_long else settings.database_timeout_s
        await database.open_database(settings.database_url, timeout_s=timeout_s)
        try:
            if await database.pending_migrations():
                fail("The database is older than this program. Run: evgraph migrate")
            house = open_house(bus=EventBus(), clock=SystemClock(), gateway=NoChargePoints())
            try:
                await work(house)
            finally:
                # What chargers are to be told, a running server tells them.
                await house.local_lists.close()
        finally:
            await database.close_database()

    run_plain(opened)


def run_plain(work: Callable[[], Awaitable[None]]) -> None:
    async def awaited() -> None:
        await work()

    try:
        asyncio.run(awaited())
    except Refusal as refusal:
        fail(refusal.message)
    except (BadDatabaseUrl, NoSuchMigration) as failure:
        fail(str(failure))
    except (BaseORMException, OSError) as failure:
        fail(f"The database cannot be used: {failure}")


def fail(message: str) -> NoReturn:
    err.print(f"[red]Error:[/] {message}", soft_wrap=True)
    raise typer.Exit(1)


def stamp(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else ""

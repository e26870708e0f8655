"""Garages: where everything else belongs."""

from typing import Annotated

import typer
from rich.table import Table

from evgraph.cli.common import DatabaseUrl, in_house, out, show
from evgraph.models import GarageRow
from evgraph.services.house import Services

garage = typer.Typer(help="Garages: where everything else belongs.", no_args_is_help=True)


@garage.command("add")
def garage_add(
    location_id: Annotated[str, typer.Argument(help="The operator's own code, such as NYC-034.")],
    name: Annotated[str, typer.Option(help="Such as '34th Street Garage'.")],
    organization: Annotated[str, typer.Option(help="The operator; made when it is new.")],
    time_zone: Annotated[str, typer.Option(help="IANA time zone.")] = "America/New_York",
    currency: Annotated[str, typer.Option(help="ISO 4217.")] = "USD",
    locale: Annotated[str, typer.Option(help="How amounts are written.")] = "en_US",
    free_starts: Annotated[bool, typer.Option(help="Chargers may start without a ticket or a card.")] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a garage."""

    async def run(house: Services) -> None:
        made = await house.registration.add_garage(
            organization=organization,
            location_id=location_id,
            name=name,
            time_zone=time_zone,
            currency=currency,
            locale=locale,
            free_starts=free_starts,
        )
        out.print(f"Garage [bold]{made.location_id}[/] ({made.name}) is added.")

    in_house(run, database_url)


@garage.command("list")
def garage_list(database_url: DatabaseUrl = None) -> None:
    """List all garages."""

    async def run(house: Services) -> None:
        table = Table("Location ID", "Name", "Time zone", "Currency")
        for row in await GarageRow.all().order_by("name"):
            table.add_row(row.location_id, row.name, row.time_zone, row.currency)
        show(table)

    in_house(run, database_url)

"""Cards that may start a charger without a ticket."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from evgraph.cli.common import DatabaseUrl, LocationId, in_house, out
from evgraph.services.house import Services

card = typer.Typer(help="Cards that may start a charger without a ticket (staff cards).", no_args_is_help=True)


@card.command("add")
def card_add(
    id_tag: Annotated[str, typer.Argument(help="The card's idTag, at most 20 characters.")],
    garage: LocationId,
    name: Annotated[str | None, typer.Option(help="Whose it is.")] = None,
    expires: Annotated[datetime | None, typer.Option(help="Until when it holds (UTC).")] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Register a card that may start chargers of the garage without a ticket."""

    async def run(house: Services) -> None:
        place = await house.registration.find_garage(garage)
        until = expires.replace(tzinfo=UTC) if expires else None
        await house.registration.add_card(garage_id=place.id, id_tag=id_tag, name=name, expires_at=until)
        out.print(f"Card {id_tag} is registered in {place.location_id}.")

    in_house(run, database_url)

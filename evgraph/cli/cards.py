"""Cards that may start a charger without a ticket."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from evgraph.cli.common import DatabaseUrl, LocationId, in_house, out, show, stamp
from evgraph.models import CardRow
from evgraph.services.cards import CardUpdate, NewCard
from evgraph.services.house import Services

card = typer.Typer(
    help="Cards that may start a charger without a ticket (staff cards). A running server tells its chargers of a"
    " change within half a minute.",
    no_args_is_help=True,
)
IdTag = Annotated[str, typer.Argument(help="The card's idTag, in any case.")]


@card.command("add")
def card_add(
    id_tag: Annotated[str, typer.Argument(help="The card's idTag, at most 20 characters.")],
    garage: LocationId,
    name: Annotated[str | None, typer.Option(help="Whose it is.")] = None,
    parent: Annotated[str | None, typer.Option(help="The idTag of its group.")] = None,
    expires: Annotated[datetime | None, typer.Option(help="Until when it holds (UTC).")] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Register a card that may start chargers of the garage without a ticket."""

    async def run(house: Services) -> None:
        place = await house.registration.find_garage(garage)
        until = expires.replace(tzinfo=UTC) if expires else None
        made = await house.cards.register(
            NewCard(garage_id=place.id, id_tag=id_tag, name=name, parent_id_tag=parent, expires_at=until)
        )
        out.print(f"Card {made.id_tag} is registered in {place.location_id}.")

    in_house(run, database_url)


@card.command("list")
def card_list(garage: LocationId, database_url: DatabaseUrl = None) -> None:
    """List the cards of a garage."""

    async def run(house: Services) -> None:
        place = await house.registration.find_garage(garage)
        table = Table("Card", "Name", "Parent", "Status", "Expires (UTC)")
        for row in await CardRow.filter(garage_id=place.id).order_by("id_tag"):
            one = row.value()
            table.add_row(
                one.id_tag, one.name, one.parent_id_tag, one.status(house.clock.now()).value, stamp(one.expires_at)
            )
        show(table)

    in_house(run, database_url)


@card.command("block")
def card_block(id_tag: IdTag, garage: LocationId, database_url: DatabaseUrl = None) -> None:
    """Block a card: it starts no charger any longer."""
    _update(id_tag, garage, database_url, CardUpdate(is_blocked=True), "is blocked")


@card.command("unblock")
def card_unblock(id_tag: IdTag, garage: LocationId, database_url: DatabaseUrl = None) -> None:
    """Let a blocked card start chargers again."""
    _update(id_tag, garage, database_url, CardUpdate(is_blocked=False), "may start chargers again")


@card.command("remove")
def card_remove(id_tag: IdTag, garage: LocationId, database_url: DatabaseUrl = None) -> None:
    """Forget a card."""

    async def run(house: Services) -> None:
        place = await house.registration.find_garage(garage)
        removed = await house.cards.forget(await house.cards.find(place.id, id_tag))
        out.print(f"Card {removed.id_tag} is removed from {place.location_id}.")

    in_house(run, database_url)


def _update(id_tag: str, garage: str, database_url: str | None, update: CardUpdate, done: str) -> None:
    async def run(house: Services) -> None:
        place = await house.registration.find_garage(garage)
        changed = await house.cards.change(await house.cards.find(place.id, id_tag), update)
        out.print(f"Card {changed.id_tag} {done}.")

    in_house(run, database_url)

"""People who sign in, and their roles."""

from typing import Annotated

import typer

from evgraph.cli.common import DatabaseUrl, in_house, out
from evgraph.domain.people import Role
from evgraph.services.house import Services

user = typer.Typer(help="People who sign in, and their roles.", no_args_is_help=True)


@user.command("add")
def user_add(
    email: Annotated[str, typer.Argument(help="What they sign in with.")],
    garage: Annotated[list[str], typer.Option("--garage", help="A garage's location ID; give it again for more.")],
    role: Annotated[Role, typer.Option(case_sensitive=False, help="What they may do there.")],
    name: Annotated[str, typer.Option(help="Their name.")],
    password: Annotated[
        str | None,
        typer.Option(show_default=False, help="At least 8 characters; asked for when left out."),
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add someone who signs in, or give somebody who is known another role, or a role in more garages.

    Somebody who is known by this email keeps their name and password, whatever is given here. In a garage in which they
    have a role already, the new one takes its place, and the command says what it was.
    """
    secret = password or typer.prompt("Password", hide_input=True, confirmation_prompt=True)

    async def run(house: Services) -> None:
        garages = [await house.registration.find_garage(location_id) for location_id in garage]
        added = await house.registration.add_person(
            garage_ids=[place.id for place in garages], email=email, name=name, password=secret, role=role
        )
        if added.is_new:
            told = f"is {role.value} in {', '.join(place.location_id for place in garages)}."
        else:
            changes = (_change(added.had.get(place.id), role, place.location_id) for place in garages)
            told = f"{', '.join(changes)}; name and password are unchanged."
        out.print(f"{email} {told}", soft_wrap=True, markup=False)

    in_house(run, database_url)


def _change(was: Role | None, role: Role, location_id: str) -> str:
    if was is None:
        return f"is {role.value} in {location_id} now"
    if was is role:
        return f"was {role.value} in {location_id} before"
    return f"was {was.value} in {location_id}, is {role.value} now"

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
        str,
        typer.Option(
            prompt=True,
            hide_input=True,
            confirmation_prompt=True,
            help="At least 8 characters; asked for when left out.",
        ),
    ],
    database_url: DatabaseUrl = None,
) -> None:
    """Add someone who signs in, or give them a role in more garages."""

    async def run(house: Services) -> None:
        garages = [await house.registration.find_garage(location_id) for location_id in garage]
        await house.registration.add_person(
            garage_ids=[place.id for place in garages], email=email, name=name, password=password, role=role
        )
        out.print(f"{email} is {role.value} in {', '.join(place.location_id for place in garages)}.")

    in_house(run, database_url)

"""The command line: run the house, set it up, try it. A file a noun."""

import typer

from evgraph.cli.backups import cli as backups
from evgraph.cli.ca import ca
from evgraph.cli.cards import card
from evgraph.cli.charge_points import charge_point
from evgraph.cli.doctor import cli as doctor
from evgraph.cli.failures import Commands
from evgraph.cli.garages import garage
from evgraph.cli.people import user
from evgraph.cli.replay import cli as replay
from evgraph.cli.serving import cli as serving
from evgraph.simulator.command_line import app as simulate

cli = typer.Typer(
    cls=Commands,
    help="EVGraph: EV charging for attended parking garages. A GraphQL API with subscriptions, fed by chargers over"
    " OCPP 1.6 JSON. Settings come from EVGRAPH_... environment variables; the options of a command win over them.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
)
cli.add_typer(serving)
cli.add_typer(doctor)
cli.add_typer(backups)
cli.add_typer(replay)
cli.add_typer(simulate, name="simulate", help="Simulated AX48 charge points, for any OCPP 1.6 server.")
cli.add_typer(garage, name="garage")
cli.add_typer(charge_point, name="charge-point")
cli.add_typer(user, name="user")
cli.add_typer(card, name="card")
cli.add_typer(ca, name="ca")


def main() -> None:
    cli()

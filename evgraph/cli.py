"""The command line: run the house, set it up, try it."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from tortoise.exceptions import BaseORMException

from evgraph.bus import EventBus
from evgraph.domain.charge_point import Acceptance
from evgraph.domain.people import Role
from evgraph.domain.refusals import Refusal
from evgraph.logs import set_up_logs
from evgraph.models import ChargePointRow, GarageRow, RefusedConnectionRow, database
from evgraph.models.database import BadDatabaseUrl, NoSuchMigration
from evgraph.services.clock import SystemClock
from evgraph.services.house import Services, open_house
from evgraph.services.offline import NoChargePoints
from evgraph.settings import Settings
from evgraph.simulator.command_line import app as simulate

cli = typer.Typer(
    help="EVGraph: EV charging for attended parking garages. A GraphQL API with subscriptions, fed by chargers over"
    " OCPP 1.6 JSON. Settings come from EVGRAPH_... environment variables; the options of a command win over them.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
)
garage = typer.Typer(help="Garages: where everything else belongs.", no_args_is_help=True)
charge_point = typer.Typer(help="Charge points: who may connect, and why one could not.", no_args_is_help=True)
user = typer.Typer(help="People who sign in, and their roles.", no_args_is_help=True)
card = typer.Typer(help="Cards that may start a charger without a ticket (staff cards).", no_args_is_help=True)
cli.add_typer(simulate, name="simulate", help="Simulated AX48 charge points, for any OCPP 1.6 server.")
cli.add_typer(garage, name="garage")
cli.add_typer(charge_point, name="charge-point")
cli.add_typer(user, name="user")
cli.add_typer(card, name="card")

out = Console()
err = Console(stderr=True)

DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url", envvar="EVGRAPH_DATABASE_URL", help="sqlite://PATH or postgresql://USER:PW@HOST/DB."
    ),
]
LocationId = Annotated[str, typer.Option("--garage", help="The garage's location ID, such as NYC-034.")]


def main() -> None:
    cli()


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.  [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.  [default: 8000]")] = None,
    database_url: DatabaseUrl = None,
    log_format: Annotated[str | None, typer.Option(help="console or json.  [default: console]")] = None,
) -> None:
    """Run the server: /graphql, /ocpp/IDENTITY, the web app at /, /healthz, /readyz and /metrics on one port."""
    from evgraph.app import CannotServe, check_database, listen, server  # the graph: only those who serve pay for it

    settings = _settings(host=host, port=port, database_url=database_url, log_format=log_format)
    set_up_logs(settings.log_format, settings.log_level)
    running = server(settings)
    try:
        asyncio.run(check_database(settings))
        running.run(sockets=[listen(settings)])
    except (CannotServe, BadDatabaseUrl) as failure:
        _fail(str(failure))
    if not running.started:
        sys.exit(3)


@cli.command()
def demo(
    port: Annotated[int, typer.Option(help="The server's port.")] = 8000,
    panel_port: Annotated[int, typer.Option(help="The port of the panel that handles the simulated cables.")] = 8001,
    charge_points: Annotated[int, typer.Option(min=1, max=50, help="How many simulated AX48s.")] = 6,
    speed: Annotated[
        float, typer.Option(min=0.1, help="Simulated seconds a second: 60 charges an hour a minute.")
    ] = 20,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its database.")] = Path("var/demo"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin with an empty house again.")] = False,
) -> None:
    """Try it: a garage, people, vehicles and simulated AX48s over real sockets, on a database of its own."""
    from evgraph.app import CannotServe
    from evgraph.demo import run_demo

    set_up_logs("console", "warning")
    try:
        asyncio.run(
            run_demo(
                port=port,
                panel_port=panel_port,
                charge_points=charge_points,
                speed=speed,
                folder=folder,
                fresh=fresh,
                out=out,
            )
        )
    except CannotServe as failure:
        _fail(str(failure))


@cli.command()
def migrate(
    to: Annotated[
        str | None, typer.Option(help="A migration's name, forwards or backwards; `zero` undoes all.")
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Bring the database to this program's tables. Run it before `serve`, after each upgrade."""
    settings = _settings(database_url=database_url)

    async def run() -> None:
        await database.migrate(settings.database_url, target=to)

    _run_plain(run)
    out.print("The database is up to date." if to is None else f"The database is at {to}.")


@cli.command()
def schema() -> None:
    """Print the GraphQL schema (SDL) that the server serves."""
    from evgraph.graph import sdl

    sys.stdout.write(sdl())


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

    _run(run, database_url)


@garage.command("list")
def garage_list(database_url: DatabaseUrl = None) -> None:
    """List all garages."""

    async def run(house: Services) -> None:
        table = Table("Location ID", "Name", "Time zone", "Currency")
        for row in await GarageRow.all().order_by("name"):
            table.add_row(row.location_id, row.name, row.time_zone, row.currency)
        out.print(table)

    _run(run, database_url)


@charge_point.command("add")
def charge_point_add(
    identity: Annotated[str, typer.Argument(help="OCPP charge point identity: the last part of its URL.")],
    garage: LocationId,
    connectors: Annotated[int, typer.Option(min=1, max=10, help="How many vehicles can be plugged in at once.")] = 1,
    max_power_kw: Annotated[float, typer.Option(help="What one connector can deliver.")] = 11.5,
    key: Annotated[str | None, typer.Option(help="Its key, if it has one already; else one is made.")] = None,
    no_key: Annotated[
        bool, typer.Option("--no-key", help="Let it connect without a key: only in a network that you trust.")
    ] = False,
    url: Annotated[str, typer.Option(help="How chargers reach this server.")] = "ws://127.0.0.1:8000",
    database_url: DatabaseUrl = None,
) -> None:
    """Register a charge point; prints the URL, user name and key to set in it. The key is told this once."""

    async def run(house: Services) -> None:
        place = await house.registration.find_garage(garage)
        made, secret = await house.registration.add_charge_point(
            garage_id=place.id,
            identity=identity,
            connectors=connectors,
            max_power_w=round(max_power_kw * 1000),
            key=key,
            open_to_all=no_key,
        )
        out.print(f"Charge point [bold]{made.identity}[/] is registered in {place.location_id}.")
        out.print(f"  URL        {url.rstrip('/')}/ocpp/{made.identity}", soft_wrap=True)
        out.print("  protocol   OCPP 1.6 JSON (ocpp1.6)")
        if secret is not None:
            out.print(f"  user name  {made.identity}")
            out.print(f"  key        {secret}   (not shown again)", soft_wrap=True)

    _run(run, database_url)


@charge_point.command("list")
def charge_point_list(database_url: DatabaseUrl = None) -> None:
    """List all charge points."""

    async def run(house: Services) -> None:
        table = Table("Identity", "Garage", "Model", "Firmware", "Acceptance", "Online", "Last seen (UTC)")
        for row in await ChargePointRow.all().order_by("identity").select_related("garage"):
            table.add_row(
                row.identity,
                row.garage.location_id,  # type: ignore[attr-defined]
                " ".join(filter(None, (row.vendor, row.model))),
                row.firmware_version,
                row.acceptance.value,
                "yes" if row.is_online else "no",
                _stamp(row.last_seen_at),
            )
        out.print(table)

    _run(run, database_url)


@charge_point.command("accept")
def charge_point_accept(
    identity: Annotated[str, typer.Argument(help="The charge point's identity.")],
    answer: Annotated[
        Acceptance, typer.Option("--as", case_sensitive=False, help="What its next boot is answered.")
    ] = Acceptance.ACCEPTED,
    database_url: DatabaseUrl = None,
) -> None:
    """Accept a charge point, or hold it off: --as pending or --as rejected. Holds from its next boot or connection."""

    async def run(house: Services) -> None:
        made = await house.registration.set_acceptance(identity, answer)
        out.print(f"Charge point [bold]{made.identity}[/] is {made.acceptance.value} from its next boot or connection.")

    _run(run, database_url)


@charge_point.command("refused")
def charge_point_refused(
    identity: Annotated[str | None, typer.Argument(help="Only this identity.")] = None,
    most: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    database_url: DatabaseUrl = None,
) -> None:
    """Show who was turned away, when, from where and why: look here first when a charger does not connect."""

    async def run(house: Services) -> None:
        rows = RefusedConnectionRow.filter(identity=identity) if identity else RefusedConnectionRow.all()
        table = Table("When (UTC)", "Identity", "From", "Why")
        for row in await rows.order_by("-id").limit(most):
            table.add_row(_stamp(row.at), row.identity, row.remote, row.reason)
        out.print(table)

    _run(run, database_url)


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

    _run(run, database_url)


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

    _run(run, database_url)


def _settings(**options: object) -> Settings:
    return Settings(**{name: value for name, value in options.items() if value is not None})  # type: ignore[arg-type]


def _run(work: Callable[[Services], Awaitable[None]], database_url: str | None) -> None:
    """With the house open and no charge point in reach."""
    settings = _settings(database_url=database_url)

    async def opened() -> None:
        await database.open_database(settings.database_url)
        try:
            if await database.pending_migrations():
                _fail("The database is older than this program. Run: evgraph migrate")
            await work(open_house(bus=EventBus(), clock=SystemClock(), gateway=NoChargePoints()))
        finally:
            await database.close_database()

    _run_plain(opened)


def _run_plain(work: Callable[[], Awaitable[None]]) -> None:
    async def awaited() -> None:
        await work()

    try:
        asyncio.run(awaited())
    except Refusal as refusal:
        _fail(refusal.message)
    except (BadDatabaseUrl, NoSuchMigration) as failure:
        _fail(str(failure))
    except (BaseORMException, OSError) as failure:
        _fail(f"The database cannot be used: {failure}")


def _fail(message: str) -> NoReturn:
    err.print(f"[red]Error:[/] {message}", soft_wrap=True)
    raise typer.Exit(1)


def _stamp(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else ""

"""Charge points: who may connect, and why one could not."""

from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.markup import escape
from rich.table import Table

from evgraph.cli.common import DatabaseUrl, LocationId, in_house, out, show, stamp
from evgraph.domain.charge_point import Acceptance
from evgraph.models import ChargePointRow, RefusedConnectionRow
from evgraph.services.house import Services

charge_point = typer.Typer(help="Charge points: who may connect, and why one could not.", no_args_is_help=True)


@charge_point.command("add")
def charge_point_add(
    identity: Annotated[str, typer.Argument(help="OCPP charge point identity: the last part of its URL.")],
    garage: LocationId,
    connectors: Annotated[int, typer.Option(min=1, max=10, help="How many vehicles can be plugged in at once.")] = 1,
    max_power_kw: Annotated[float, typer.Option(help="What one connector can deliver.")] = 11.5,
    key: Annotated[
        str | None,
        typer.Option(
            help="Its key, if it has one already: 16 to 40 characters, hex digits or plain text. Else one is made."
        ),
    ] = None,
    no_key: Annotated[
        bool, typer.Option("--no-key", help="Let it connect without a key: only in a network that you trust.")
    ] = False,
    url: Annotated[
        str, typer.Option(help="How chargers reach this server: ws://HOST:PORT, or wss://HOST:PORT with TLS.")
    ] = "ws://127.0.0.1:8000",
    database_url: DatabaseUrl = None,
) -> None:
    """Register a charge point; prints the URL, user name and key to set in it. The key is told this once."""

    address = _charger_url(url)

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
        out.print(f"  URL        {address}/ocpp/{made.identity}", soft_wrap=True)
        out.print("  protocol   OCPP 1.6 JSON (ocpp1.6)")
        if secret is not None:
            out.print(f"  user name  {made.identity}")
            out.print(f"  key        {secret}   (not shown again)", soft_wrap=True)

    in_house(run, database_url)


def _charger_url(url: str) -> str:
    """The address up to /ocpp. Raises BadParameter."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("ws", "wss") and parts.hostname and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        raise typer.BadParameter(
            f"it is the address at which chargers reach this server, ws://HOST:PORT or wss://HOST:PORT, not {url}.",
            param_hint="--url",
        )
    return url.rstrip("/").removesuffix("/ocpp")


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
                stamp(row.last_seen_at),
            )
        show(table)

    in_house(run, database_url)


@charge_point.command("accept")
def charge_point_accept(
    identity: Annotated[str, typer.Argument(help="The charge point's identity.")],
    answer: Annotated[
        Acceptance, typer.Option("--as", case_sensitive=False, help="What its next boot is answered.")
    ] = Acceptance.ACCEPTED,
    database_url: DatabaseUrl = None,
) -> None:
    """Accept a charge point, or hold it off: --as pending or --as rejected. This command does not reach the connections
    of a running server: there it holds from the next boot or connection. setChargePointAcceptance holds at once."""

    async def run(house: Services) -> None:
        made = await house.registration.set_acceptance(identity, answer)
        out.print(
            f"Charge point [bold]{made.identity}[/] is {made.acceptance.value}; where it is connected now, from its"
            " next boot or connection.",
            soft_wrap=True,
        )

    in_house(run, database_url)


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
            # Strangers chose these words: markup in them is none of ours.
            table.add_row(stamp(row.at), *map(escape, (row.identity, row.remote, row.reason)))
        show(table)

    in_house(run, database_url)

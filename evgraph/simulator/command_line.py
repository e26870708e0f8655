"""`evgraph simulate`: run simulated charge points, and handle their cables from another terminal."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
from pathlib import Path
from random import Random
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import typer
from rich.console import Console
from rich.table import Table

from evgraph.simulator.charge_point import SimulatedChargePoint
from evgraph.simulator.dialects import DIALECTS, spoken
from evgraph.simulator.fleet import Fleet, identities
from evgraph.simulator.panel import PortInUse, refuse_port_in_use, serve_panel
from evgraph.simulator.simulated_time import SimulatedTime
from evgraph.simulator.visitors import Visitors

app = typer.Typer(
    help="Simulated Phihong AX48 charge points, for any OCPP 1.6 JSON server. Start them with `run`; while that runs,"
    " handle their cables with the other commands, or in a browser at the panel's address.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
out = Console()
err = Console(stderr=True)

Identity = Annotated[str, typer.Argument(help="The charge point's identity, such as AX48-1.")]
ConnectorId = Annotated[int, typer.Option("--connector", min=1, help="Which of its connectors.")]
PanelUrl = Annotated[
    str, typer.Option("--panel", envvar="EVGRAPH_PANEL", help="Where the panel of a running `run` is.")
]
DEFAULT_PANEL = "http://127.0.0.1:8001"


@app.command()
def run(
    url: Annotated[
        str, typer.Option(help="The server's OCPP address; each charge point adds /IDENTITY to it.")
    ] = "ws://127.0.0.1:8000/ocpp",
    identity: Annotated[
        list[str] | None, typer.Option(help="A charge point's identity. Repeat it for more than one.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="The key that the charge points give as password (HTTP Basic).")
    ] = None,
    keys_file: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help='A JSON object {"IDENTITY": "KEY", ...}: one charge point for each.'
        ),
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="So many charge points: PREFIX1, PREFIX2, ...")
    ] = None,
    prefix: Annotated[str, typer.Option(help="How the identities of --count begin.")] = "AX48-",
    connectors: Annotated[int, typer.Option(min=1, max=2, help="Connectors of each charge point.")] = 1,
    speed: Annotated[
        float,
        typer.Option(
            min=0.1,
            help="Simulated seconds a second: 60 charges an hour in a minute. Start an EVGraph server with"
            " EVGRAPH_SIMULATED_SPEED set to as much; otherwise it does not believe such readings.",
        ),
    ] = 1.0,
    sample_interval: Annotated[
        float, typer.Option(min=0.01, help="Simulated seconds between two meter readings, until the server sets it.")
    ] = 15.0,
    panel_port: Annotated[
        int, typer.Option(min=0, max=65_535, help="The panel's port on 127.0.0.1; 0 for no panel.")
    ] = 8001,
    auto: Annotated[bool, typer.Option("--auto", help="Cars come and go by themselves.")] = False,
    card: Annotated[
        str | None, typer.Option(help="With --auto: drivers start charging with this card (idTag).")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Makes cars, meters and times of --auto repeatable.")] = None,
    dialect: Annotated[
        list[str] | None,
        typer.Option(help="What they do in a way of their own; `dialects` lists them. Repeat it to combine."),
    ] = None,
    ca: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="For wss: the CA that they trust, a PEM file.")
    ] = None,
    cert: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="For wss: the certificate that they show (PEM).")
    ] = None,
    private_key: Annotated[
        Path | None,
        typer.Option("--cert-key", exists=True, dir_okay=False, help="For wss: the private key of --cert (PEM)."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Print every frame, both ways.")] = False,
    is_part_of_demo: Annotated[bool, typer.Option("--part-of-demo", hidden=True)] = False,
) -> None:
    """Run charge points until Ctrl-C. Name them by --identity, --keys-file or --count.

    Example: evgraph simulate run --count 6 --speed 60 --auto
    """
    try:
        spoken(dialect or ())
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong)) from wrong
    if (cert is None) != (private_key is None):
        raise typer.BadParameter("--cert and --cert-key go together.")
    keys = _keys(identity, key, keys_file, count, prefix)
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO if verbose else logging.ERROR)
    logging.getLogger("websockets").setLevel(logging.WARNING)
    fleet = Fleet(
        SimulatedChargePoint(
            url,
            name,
            secret,
            connectors=connectors,
            speed=speed,
            sample_interval=sample_interval,
            seed=None if seed is None else seed + number,
            dialect=dialect or (),
            ca=ca,
            certificate=cert,
            private_key=private_key,
        )
        for number, (name, secret) in enumerate(keys.items())
    )
    # Not for secrets: a seed makes a run repeatable.
    visitors = Visitors(fleet, SimulatedTime(speed), Random(seed), card) if auto else None  # noqa: S311
    try:
        refuse_port_in_use(panel_port)
    except PortInUse as failure:
        err.print(f"[red]Error:[/] {failure}", soft_wrap=True)
        raise typer.Exit(1) from failure
    out.print(f"{_count(len(fleet))} for {url}, {speed:g} simulated seconds a second.", soft_wrap=True)
    if panel_port:
        out.print(f"Their cables: http://127.0.0.1:{panel_port}/", soft_wrap=True)
    if not is_part_of_demo:
        out.print("Ctrl-C ends it.")
    asyncio.run(_run(fleet, panel_port, visitors))


def _count(number: int) -> str:
    return f"{number} simulated charge point{'' if number == 1 else 's'}"


def _keys(
    identity: list[str] | None, key: str | None, keys_file: Path | None, count: int | None, prefix: str
) -> dict[str, str | None]:
    """Who is to run, and with which key."""
    keys: dict[str, str | None] = dict.fromkeys(identity or [], key)
    if keys_file is not None:
        try:
            read = json.loads(keys_file.read_text(encoding="utf-8"))
        except ValueError as wrong:
            raise typer.BadParameter(f"{keys_file} is not JSON: {wrong}") from wrong
        if not isinstance(read, dict) or not all(isinstance(secret, str) for secret in read.values()):
            raise typer.BadParameter('A keys file holds an object {"IDENTITY": "KEY"}.')
        keys.update(read)
    if count is not None:
        keys.update(dict.fromkeys(identities(prefix, count), key))
    if not keys:
        raise typer.BadParameter("Say which charge points: --identity, --keys-file or --count.")
    return keys


async def _run(fleet: Fleet, panel_port: int, visitors: Visitors | None) -> None:
    """Until SIGINT or SIGTERM; then every connection is closed in good order."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with asyncio.TaskGroup() as tasks:
        work = [tasks.create_task(fleet.run())]
        if panel_port:
            work.append(tasks.create_task(serve_panel(fleet, panel_port)))
        if visitors is not None:
            work.append(tasks.create_task(visitors.run()))
        await ended.wait()
        for task in work:
            task.cancel()


@app.command("dialects")
def list_dialects() -> None:
    """Show what `run --dialect NAME` can make charge points do in a way of their own."""
    table = Table("Name", "What it does")
    for name, dialect in DIALECTS.items():
        table.add_row(name, dialect.summary)
    out.print(table)


@app.command("list")
def list_charge_points(panel: PanelUrl = DEFAULT_PANEL) -> None:
    """Show every charge point, its connectors and what they do."""
    table = Table("Charge point", "", "Connector", "Status", "Car", "Power", "Energy", "Meter", "Transaction")
    for charge_point in _ask("GET", panel, "/api/charge-points"):
        link = "[green]connected[/]" if charge_point["connected"] else "[red]offline[/]"
        for connector in charge_point["connectors"]:
            car, energy_wh = connector["car"], connector["energy_wh"]
            table.add_row(
                charge_point["identity"],
                link,
                str(connector["connector_id"]),
                connector["status"],
                "" if car is None else f"{car['make']}, {car['state_of_charge']:.0%}",
                f"{connector['power_w'] / 1000:.1f} kW",
                "" if energy_wh is None else f"{energy_wh / 1000:.2f} kWh",
                f"{connector['register_wh'] / 1000:.2f} kWh",
                str(connector["transaction_id"] or ""),
            )
    out.print(table)


@app.command("plug-in")
def plug_in(
    identity: Identity,
    connector: ConnectorId = 1,
    make: Annotated[str | None, typer.Option(help="The car's make; any if not given.")] = None,
    battery: Annotated[float | None, typer.Option(min=1, help="Its battery in kWh.")] = None,
    state_of_charge: Annotated[
        float | None, typer.Option(min=0, max=100, help="How full the battery is, in %.")
    ] = None,
    max_power: Annotated[float | None, typer.Option(min=0.1, help="The most it takes, in kW.")] = None,
    panel: PanelUrl = DEFAULT_PANEL,
) -> None:
    """Put a connector's cable into a car."""
    wishes = {
        "make": make,
        "battery_kwh": battery,
        "state_of_charge": None if state_of_charge is None else state_of_charge / 100,
        "max_power_kw": max_power,
    }
    car = {name: wish for name, wish in wishes.items() if wish is not None}
    _press(panel, identity, "plug-in", connector, car)


@app.command()
def unplug(identity: Identity, connector: ConnectorId = 1, panel: PanelUrl = DEFAULT_PANEL) -> None:
    """Take a connector's cable out of its car."""
    _press(panel, identity, "unplug", connector)


@app.command("go-offline")
def go_offline(identity: Identity, panel: PanelUrl = DEFAULT_PANEL) -> None:
    """Cut a charge point's network. It goes on charging, and tells the server later."""
    _press(panel, identity, "go-offline")


@app.command("come-back")
def come_back(identity: Identity, panel: PanelUrl = DEFAULT_PANEL) -> None:
    """Mend a charge point's network; it connects within a few seconds."""
    _press(panel, identity, "come-back", otherwise="network mended, connecting")


@app.command("power-cycle")
def power_cycle(identity: Identity, panel: PanelUrl = DEFAULT_PANEL) -> None:
    """Cut a charge point's power for a moment: it boots, and ends what it charged."""
    _press(panel, identity, "power-cycle", otherwise="restarting")


@app.command("reject-next-start")
def reject_next_start(identity: Identity, panel: PanelUrl = DEFAULT_PANEL) -> None:
    """Let a charge point refuse the next remote start."""
    _press(panel, identity, "reject-next-start")


@app.command()
def fault(identity: Identity, connector: ConnectorId = 1, panel: PanelUrl = DEFAULT_PANEL) -> None:
    """Break a connector."""
    _press(panel, identity, "fault", connector)


@app.command("clear-fault")
def clear_fault(identity: Identity, connector: ConnectorId = 1, panel: PanelUrl = DEFAULT_PANEL) -> None:
    """Repair a connector."""
    _press(panel, identity, "clear-fault", connector)


def _press(
    panel: str,
    identity: str,
    action: str,
    connector: int | None = None,
    body: dict[str, Any] | None = None,
    *,
    otherwise: str = "offline",
) -> None:
    """Press a button of the panel, and say how the charge point stands after it; `otherwise`: if not connected."""
    place = "" if connector is None else f"/connectors/{connector}"
    path = f"/api/charge-points/{quote(identity, safe='')}{place}/{action}"
    charge_point = _ask("POST", panel, path, body)
    statuses = ", ".join(f"connector {found['connector_id']} {found['status']}" for found in charge_point["connectors"])
    link = "connected" if charge_point["connected"] else otherwise
    out.print(f"{charge_point['identity']}: {link}, {statuses}")


def _ask(method: str, panel: str, path: str, body: dict[str, Any] | None = None) -> Any:
    try:
        response = httpx.request(method, panel.rstrip("/") + path, json=body, trust_env=False)
    except httpx.HTTPError as failure:
        err.print(f"No panel at {panel}: {failure}. Is `evgraph simulate run` running?", style="red")
        raise typer.Exit(1) from failure
    if response.is_error:
        try:
            reason = response.json()["error"]
        except (ValueError, KeyError):
            reason = f"{response.status_code} {response.reason_phrase}"
        err.print(reason, style="red")
        raise typer.Exit(1)
    return response.json()

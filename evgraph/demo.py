"""`evgraph demo`: a house with everything in it, and the main job at work in a browser."""

import asyncio
import json
import shutil
import signal
import sys
from collections.abc import Coroutine
from datetime import timedelta
from decimal import Decimal
from math import ceil
from pathlib import Path
from typing import Any

import uvicorn
from rich.console import Console
from rich.table import Table

from evgraph.app import CannotServe, listen, server
from evgraph.domain.people import Role, Viewer
from evgraph.domain.rate import RateKind
from evgraph.domain.stay import Channel, StayKind, Vehicle
from evgraph.models import ChargePointRow, GarageRow, database
from evgraph.services.house import Services
from evgraph.services.stays import CheckIn
from evgraph.settings import Settings
from evgraph.simulator.panel import PortInUse, refuse_port_in_use

PASSWORD = "plug-it-in"  # noqa: S105 - a demo's, printed on its screen
LOCATION = "NYC-034"
PEOPLE = (
    ("operator@demo.test", "Olivia", Role.OPERATOR, "sets the rate, names the ports"),
    ("attendant@demo.test", "Maria", Role.ATTENDANT, "works the queue"),
    ("pos@demo.test", "Front desk", Role.POS, "checks vehicles in and out"),
    ("wall@demo.test", "Wall display", Role.DISPLAY, "shows the board"),
)
VEHICLES = (
    ("JVR 8810", "NY", "Tesla Model 3", "White", 52, True, None),
    ("LMB 2204", "NJ", "Ford Mustang Mach-E", "Blue", 95, True, "Unlock the car before unplugging."),
    ("GTR 5512", "CT", "Kia EV6", "Gray", 140, True, None),
    ("HKT 4471", "NY", "Rivian R1S", "Green", 190, True, "Hold the port button for two seconds to unplug."),
    ("PQA 7718", "NY", "BMW i4", "Black", 240, False, None),
    ("RTT 1029", "PA", "Hyundai Ioniq 5", "Silver", 300, False, None),
)
_START_S = 30.0


async def run_demo(
    *, port: int, panel_port: int, charge_points: int, speed: float, folder: Path, fresh: bool, out: Console
) -> None:
    """Until Ctrl-C. `speed`: simulated seconds a second. Raises CannotServe."""
    _check_panel_port(panel_port, port)
    _make_folder(folder, fresh=fresh)
    url = f"sqlite://{folder / 'evgraph.sqlite3'}"
    out.print("Migrating the demo's database ...")
    await database.migrate(url)
    settings = Settings(database_url=url, port=port, log_level="warning", simulated_speed=ceil(speed))
    running = server(settings)
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn hands a signal on when it has shut down; without a handler of ours it would end us there and then.
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    serving = asyncio.create_task(running.serve(sockets=[listen(settings)]))
    chargers: asyncio.subprocess.Process | None = None
    try:
        out.print("Starting the server ...")
        await _until_started(running, serving)
        keys_file = folder / "charge-point-keys.json"
        keys = _read_keys(keys_file)
        await _furnish(running.config.app.state.services, charge_points, keys)  # type: ignore[union-attr]
        keys_file.write_text(json.dumps(keys, indent=1))
        out.print(f"Starting {charge_points} simulated AX48s ...")
        chargers = await _plug_in_chargers(port, panel_port, keys_file, speed)
        _tell(out, port, panel_port)
        await _first_of(serving, chargers.wait(), stopping.wait())
        if chargers.returncode:
            out.print(f"[red]The simulated charge points ended with {chargers.returncode}.[/]")
    finally:
        await _end(chargers)
        running.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)
        out.print("The demo has ended.")


def _check_panel_port(panel_port: int, port: int) -> None:
    """The process of the chargers opens it, when the server runs. Raises CannotServe."""
    if port and panel_port == port:
        raise CannotServe(f"The server and the panel cannot both have port {port}. Choose another with --panel-port.")
    try:
        refuse_port_in_use(panel_port)
    except PortInUse as failure:
        raise CannotServe(str(failure)) from failure


async def _first_of(serving: "asyncio.Task[None]", *others: Coroutine[Any, Any, Any]) -> None:
    waiting = {asyncio.create_task(other) for other in others}
    await asyncio.wait({serving, *waiting}, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


def _make_folder(folder: Path, *, fresh: bool) -> None:
    if fresh and folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)


def _read_keys(keys_file: Path) -> dict[str, str]:
    """By identity: the database holds their hashes only."""
    keys: dict[str, str] = json.loads(keys_file.read_text()) if keys_file.exists() else {}
    return keys


async def _until_started(running: uvicorn.Server, serving: "asyncio.Task[None]") -> None:
    async with asyncio.timeout(_START_S):
        while not running.started:
            if serving.done():
                raise CannotServe("The server did not start.")
            await asyncio.sleep(0.05)


async def _furnish(house: Services, charge_points: int, keys: dict[str, str]) -> None:
    """What is missing of the garage, its people, its chargers; vehicles and a rate when the garage is new."""
    registration = house.registration
    row = await GarageRow.get_or_none(location_id=LOCATION)
    garage_id = (
        row.id
        if row
        else (
            await registration.add_garage(organization="Demo Parking", location_id=LOCATION, name="34th Street Garage")
        ).id
    )
    for number in range(1, charge_points + 1):
        identity = f"AX48-{number}"
        if identity not in keys or not await ChargePointRow.exists(identity=identity):
            _, key = await registration.add_charge_point(garage_id=garage_id, identity=identity)
            keys[identity] = key or ""
    if row is not None:
        return
    for email, name, role, _ in PEOPLE:
        await registration.add_person(garage_ids=[garage_id], email=email, name=name, password=PASSWORD, role=role)
    owner = await GarageRow.get(id=garage_id)
    operator = Viewer(
        id=0,
        organization_id=owner.organization_id,
        organization="Demo Parking",
        name="Olivia",
        email=None,
        roles={garage_id: Role.OPERATOR},
    )
    await house.rates.set(operator, garage_id, RateKind.PER_KWH, Decimal(25))
    for plate, state, make, color, minutes, ev_charge, note in VEHICLES:
        await house.stays.check_in(
            operator,
            CheckIn(
                garage_id=garage_id,
                ticket_number=None,
                kind=StayKind.TRANSIENT,
                vehicle=Vehicle(license_plate=plate, plate_state=state, make=make, color=color),
                charging_note=note,
                estimated_checkout_at=house.clock.now() + timedelta(minutes=minutes),
                ev_charge=ev_charge,
                channel=Channel.POS,
            ),
        )


async def _plug_in_chargers(port: int, panel_port: int, keys_file: Path, speed: float) -> asyncio.subprocess.Process:
    """A process of their own, over real sockets, as in life."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "evgraph",
        "simulate",
        "run",
        "--url",
        f"ws://127.0.0.1:{port}/ocpp",
        "--keys-file",
        str(keys_file),
        "--panel-port",
        str(panel_port),
        "--speed",
        str(speed),
        "--part-of-demo",
        start_new_session=True,
    )


async def _end(chargers: asyncio.subprocess.Process | None) -> None:
    if chargers is None or chargers.returncode is not None:
        return
    chargers.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(chargers.wait(), 10)
    except TimeoutError:
        chargers.kill()


def _tell(out: Console, port: int, panel_port: int) -> None:
    out.print()
    out.print(f"[bold]The board[/]           http://127.0.0.1:{port}/")
    out.print(f"[bold]The chargers' cables[/] http://127.0.0.1:{panel_port}/  (plug in and unplug here)")
    out.print(f"[bold]The API[/]             http://127.0.0.1:{port}/graphql  (GraphiQL in a browser)")
    table = Table("Sign in as", "Password", "Who")
    for email, _, role, what in PEOPLE:
        table.add_row(email, PASSWORD, f"{role.value.lower()}: {what}")
    out.print(table)
    out.print("Ctrl-C ends it. `evgraph demo --fresh` begins again with an empty house.")

"""From nothing to a charging vehicle the way an operator goes: with the commands of the README."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from evgraph.simulator import SimulatedChargePoint
from tests.journeys.garage import PASSWORD, Person, delivers
from tests.journeys.server import HOST, free_port, until_ready

EMAIL = "olivia@example.com"


@pytest.mark.slow
async def test_a_garage_is_set_up_and_served_by_command(database_url, tmp_path):
    environment = os.environ | {"EVGRAPH_DATABASE_URL": database_url, "NO_COLOR": "1"}
    await _evgraph(environment, "migrate")
    await _evgraph(environment, "garage", "add", "NYC-125", "--name", "125th Street", "--organization", "Uptown")
    told = await _evgraph(environment, "charge-point", "add", "AX48-125", "--garage", "NYC-125")
    key = re.search(r"key +(\w+)", told)
    assert key is not None
    who = ["--garage", "NYC-125", "--role", "operator", "--name", "Olivia", "--password", PASSWORD]
    assert await _evgraph(environment, "user", "add", EMAIL, *who) == f"{EMAIL} is OPERATOR in NYC-125.\n"

    port = free_port()
    address = f"{HOST}:{port}"
    log = tmp_path / "server.log"
    with log.open("wb") as out:
        # The simulated charger delivers eighteen times what its port can by the clock (M5).
        served = await _start(
            environment | {"EVGRAPH_SIMULATED_SPEED": "18"},
            "serve",
            "--port",
            str(port),
            "--log-format",
            "json",
            stdout=out,
            stderr=out,
        )
    try:
        await until_ready(address, lambda: served.returncode is None)
        olivia = Person(address)
        try:
            await olivia.sign_in(EMAIL, PASSWORD)
            garages = await olivia.data("{ garages { edges { node { id locationId } } } }")
            (edge,) = garages["garages"]["edges"]
            assert edge["node"]["locationId"] == "NYC-125"
            olivia.garage_id = edge["node"]["id"]
            async with SimulatedChargePoint(f"ws://{address}/ocpp", "AX48-125", key[1], speed=18) as charger:
                await charger.told_everything()
                await charger.plug_in()
                checked_in = await olivia.check_in()
                ax48 = (await olivia.board_now()).port("AX48-125-1")
                session = await olivia.started(checked_in["request"], ax48["id"])
                await delivers(charger, 20)
                await charger.unplug()
                await charger.told_everything()
                assert (await olivia.session(session))["energyWh"] == charger.delivered[0].energy_wh
        finally:
            await olivia.close()
    finally:
        if served.returncode is None:
            served.send_signal(signal.SIGTERM)
        await served.wait()
    assert _errors(log) == []
    assert '"event": "closed"' in log.read_text()
    assert f'"url": "http://{address}", "event": "listening"' in log.read_text()


async def _evgraph(environment: dict[str, str], *arguments: str) -> str:
    """What it printed."""
    pipe = asyncio.subprocess.PIPE
    running = await _start(environment, *arguments, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
    printed = (await running.communicate())[0].decode()
    assert running.returncode == 0, printed
    return printed


async def _start(environment: dict[str, str], *arguments: str, **streams: object) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "evgraph", *arguments]
    return await asyncio.create_subprocess_exec(*command, env=environment, **streams)  # type: ignore[arg-type]


def _errors(log: Path) -> list[str]:
    return [line for line in log.read_text().splitlines() if '"level": "error"' in line or not line.startswith("{")]

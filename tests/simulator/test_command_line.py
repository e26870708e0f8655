"""The command line, as processes of their own."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

import evgraph
from evgraph.simulator import command_line
from evgraph.simulator.command_line import app
from tests.patience import PATIENCE_S

ROOT = Path(evgraph.__file__).parent.parent


async def say(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, arguments)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_chargers_run_are_handled_and_end(central_system, tmp_path, monkeypatch):
    # Whatever the width of the terminal that the tests run in.
    monkeypatch.setattr(command_line, "out", Console(width=200))
    keys_file = tmp_path / "keys.json"
    keys_file.write_text(json.dumps({"AX48-1": "key-of-one", "AX48-2": "key-of-two"}))
    port = free_port()
    panel = ("--panel", f"http://127.0.0.1:{port}")
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "evgraph.simulator", "run"),
        *("--url", central_system.url, "--keys-file", str(keys_file)),
        *("--speed", "60", "--panel-port", str(port)),
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await central_system.came("StatusNotification", times=4)
        assert {request.headers["Authorization"][:6] for request in central_system.requests} == {"Basic "}
        plugged = await say("plug-in", "AX48-1", "--make", "BMW i4", "--state-of-charge", "50", *panel)
        assert "connector 1 Preparing" in plugged.output
        listed = await say("list", *panel)
        assert "AX48-1" in listed.output
        assert "BMW i4, 50%" in listed.output
        assert "AX48-2: offline" in (await say("go-offline", "AX48-2", *panel)).output
        assert "AX48-2: network mended, connecting" in (await say("come-back", "AX48-2", *panel)).output
        refused = await say("unplug", "AX48-2", *panel)
        assert refused.exit_code == 1
        assert "not in a car" in refused.output
    finally:
        running.send_signal(signal.SIGTERM)
        _, complained = await running.communicate()
    assert (running.returncode, complained.decode()) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["run"], "Say which charge points"),
        (["list", "--panel", "http://127.0.0.1:1"], "No panel at"),
    ],
)
def test_a_wrong_call_is_explained(arguments, complaint):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code != 0
    assert complaint in result.output


def test_every_command_has_a_help():
    result = CliRunner().invoke(app, ["--help"])
    for command in ("run", "list", "plug-in", "unplug", "go-offline", "come-back", "power-cycle"):
        assert command in result.output


def test_a_keys_file_must_hold_an_object(tmp_path):
    wrong = tmp_path / "keys.json"
    wrong.write_text("[]")
    result = CliRunner().invoke(app, ["run", "--keys-file", str(wrong)])
    assert result.exit_code != 0
    assert "file holds an object" in result.output


async def test_a_charger_that_is_turned_away_says_so_once(central_system):
    central_system.refused_handshakes = 1000
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "evgraph.simulator", "run", "--url", central_system.url),
        *("--identity", "AX48-8", "--key", "a wrong key of 20 b", "--panel-port", "0"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_S):
        while central_system.refused_handshakes > 998:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    said, complained = await running.communicate()
    (line,) = complained.decode().splitlines()
    assert line.endswith("AX48-8: refused, HTTP 401; see `evgraph charge-point refused`")
    assert said.decode() == (
        f"1 simulated charge point for {central_system.url}, 1 simulated seconds a second.\nCtrl-C ends it.\n"
    )

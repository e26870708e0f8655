"""How `evgraph serve` ends."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import POSTGRES
from tests.patience import PATIENCE_S


@pytest.mark.skipif(POSTGRES, reason="Signals are the same")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_x1_whatever_ends_the_server_closes_the_house(database_url, tmp_path, number):
    log = tmp_path / "log"
    command = [sys.executable, "-m", "evgraph", "serve", "--port", "0", "--log-format", "json"]
    with log.open("wb") as out:
        serving = subprocess.Popen(
            command, env=os.environ | {"EVGRAPH_DATABASE_URL": database_url}, stdout=out, stderr=out
        )
    try:
        until = time.monotonic() + PATIENCE_S
        while "startup complete" not in log.read_text():
            assert serving.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        serving.send_signal(number)
        serving.wait(PATIENCE_S)
    finally:
        serving.kill()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    events = [line["event"] for line in lines]
    assert "closed" in events
    assert not [line for line in lines if "exception" in line]
    (url,) = [line["url"] for line in lines if line["event"] == "listening"]
    assert url.startswith("http://127.0.0.1:")
    assert not url.endswith(":0")

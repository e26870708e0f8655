"""Every road is measured once, at a size at which no figure means anything: that its pieces run and fit together."""

import subprocess
import sys
from pathlib import Path

import pytest

import benchmarks
from benchmarks.__main__ import ROADS

ROOT = Path(benchmarks.__file__).parent.parent

SHOWN = {
    "readings": ("EVGraph, SQLite, every frame kept", "plain way, SQLite", "limit, no database"),
    "board": ("board changed", "board unchanged", "Strawberry, Tortoise prefetch", "one SQL that builds the JSON"),
    "fan-out": ("EVGraph", "Strawberry", "the same bytes to all, Starlette"),
    "latency": ("frame to board", "tap to charger, idle"),
    "together": ("share of the core",),
    "connections": ("waiting", "back at once: all served after"),
    "growth": ("readings answered", "times as dear"),
}


@pytest.mark.slow
@pytest.mark.parametrize("road", ROADS)
def test_a_road_is_measured_with_everybody_on_it(road: str) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "benchmarks", "--tiny", "--only", road),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    said = " ".join(done.stdout.split())
    assert [name for name in SHOWN[road] if name not in said] == []

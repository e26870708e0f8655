from __future__ import annotations

import pytest

from evgraph.simulator.meter import EnergyMeter


def test_a_meter_loses_no_fraction():
    meter = EnergyMeter(1000)
    for _ in range(3000):
        meter.count(1 / 3)
    meter.count(0.001)
    assert meter.register_wh == 2000


def test_a_reading_is_rounded_down():
    meter = EnergyMeter(0)
    meter.count(0.999)
    assert meter.register_wh == 0


def test_a_meter_never_runs_backwards():
    with pytest.raises(ValueError, match="backwards"):
        EnergyMeter(5).count(-1)
    with pytest.raises(ValueError, match="below 0"):
        EnergyMeter(-1)

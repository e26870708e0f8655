"""Starting and stopping, over a real socket."""

from __future__ import annotations

import asyncio

import pytest

from evgraph.simulator import Car


async def test_plug_first_then_remote_start_charges(charge_point, central_system):
    await charge_point.plug_in(1)
    await charge_point.wait_for_status(1, "Preparing")
    assert await central_system.send("RemoteStartTransaction", idTag="TAG", connectorId=1) == {"status": "Accepted"}
    await charge_point.wait_for_status(1, "Charging")
    start = await central_system.came("StartTransaction")
    assert (start["idTag"], start["connectorId"]) == ("TAG", 1)
    assert start["meterStart"] > 0
    assert central_system.payloads("Authorize") == [{"idTag": "TAG"}]
    await charge_point.told_everything()
    assert central_system.statuses(1) == ["Available", "Preparing", "Charging"]


async def test_remote_start_first_then_plug_charges(charge_point, central_system):
    await central_system.send("RemoteStartTransaction", idTag="TAG", connectorId=1)
    await charge_point.wait_for_status(1, "Preparing")
    await central_system.came("Authorize")
    assert central_system.payloads("StartTransaction") == []
    await charge_point.plug_in(1)
    await central_system.came("StartTransaction")
    await charge_point.wait_for_status(1, "Charging")


async def test_energy_billed_is_the_energy_that_the_car_took(charge_point, central_system):
    car = await charge_point.plug_in(1, Car(state_of_charge=0.2))
    await central_system.send("RemoteStartTransaction", idTag="TAG", connectorId=1)
    await central_system.came("MeterValues", times=4)
    await charge_point.unplug(1)
    stop = await central_system.came("StopTransaction")
    start = await central_system.came("StartTransaction")
    [transaction] = charge_point.delivered
    assert stop["meterStop"] - start["meterStart"] == transaction.energy_wh == int(car.taken_wh)
    assert transaction.energy_wh > 100
    assert (stop["transactionId"], stop["reason"]) == (1001, "EVDisconnected")
    await charge_point.told_everything()
    assert central_system.statuses(1)[-2:] == ["Finishing", "Available"]
    assert transaction.stop_answered

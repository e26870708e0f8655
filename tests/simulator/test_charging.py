"""Starting, metering and stopping, over a real socket."""

from __future__ import annotations

import asyncio

import pytest

from evgraph.simulator import Car, WrongMove


async def remote_start(central_system, connector_id: int = 1) -> str:
    answer = await central_system.send("RemoteStartTransaction", idTag="TAG", connectorId=connector_id)
    return answer["status"]


async def start_charging(charge_point, central_system, car: Car | None = None) -> Car:
    car = await charge_point.plug_in(1, car)
    assert await remote_start(central_system) == "Accepted"
    await central_system.came("StartTransaction")
    await charge_point.told_everything()
    return car


async def test_plug_first_then_remote_start_charges(charge_point, central_system):
    await charge_point.plug_in(1)
    await charge_point.wait_for_status(1, "Preparing")
    assert await remote_start(central_system) == "Accepted"
    await charge_point.wait_for_status(1, "Charging")
    start = await central_system.came("StartTransaction")
    assert (start["idTag"], start["connectorId"]) == ("TAG", 1)
    assert start["meterStart"] > 0
    assert central_system.payloads("Authorize") == [{"idTag": "TAG"}]
    await charge_point.told_everything()
    assert central_system.statuses(1) == ["Available", "Preparing", "Charging"]


async def test_remote_start_first_then_plug_charges(charge_point, central_system):
    assert await remote_start(central_system) == "Accepted"
    await charge_point.wait_for_status(1, "Preparing")
    await central_system.came("Authorize")
    assert central_system.payloads("StartTransaction") == []
    await charge_point.plug_in(1)
    await central_system.came("StartTransaction")
    await charge_point.wait_for_status(1, "Charging")


async def test_without_a_cable_the_status_goes_back_and_nothing_is_said(charge_point, central_system):
    await central_system.send("ChangeConfiguration", key="ConnectionTimeOut", value="60")
    assert await remote_start(central_system) == "Accepted"
    await charge_point.wait_for_status(1, "Preparing")
    await charge_point.wait_for_status(1, "Available")
    await charge_point.told_everything()
    assert central_system.statuses(1) == ["Available", "Preparing", "Available"]
    assert central_system.payloads("StartTransaction") == []
    assert await remote_start(central_system) == "Accepted"


async def test_no_authorize_when_the_key_says_so(charge_point, central_system):
    await central_system.send("ChangeConfiguration", key="AuthorizeRemoteTxRequests", value="false")
    await start_charging(charge_point, central_system)
    assert central_system.payloads("Authorize") == []


async def test_an_id_tag_that_authorize_refuses_starts_nothing(charge_point, central_system):
    central_system.answers["Authorize"] = lambda _: {"idTagInfo": {"status": "Invalid"}}
    assert await remote_start(central_system) == "Accepted"
    await charge_point.wait_for_status(1, "Preparing")
    await charge_point.wait_for_status(1, "Available")
    assert central_system.payloads("StartTransaction") == []


async def test_a_busy_connector_rejects_a_start(charge_point, central_system):
    await start_charging(charge_point, central_system)
    assert await remote_start(central_system) == "Rejected"


async def test_a_faulted_connector_rejects_a_start(charge_point, central_system):
    await charge_point.fault(1, "OverCurrentFailure")
    assert await remote_start(central_system) == "Rejected"
    await charge_point.clear_fault()
    assert await remote_start(central_system) == "Accepted"


async def test_an_unknown_connector_rejects_a_start(charge_point, central_system):
    assert await remote_start(central_system, connector_id=7) == "Rejected"


async def test_the_next_start_is_rejected_when_told_so(charge_point, central_system):
    charge_point.reject_next_start()
    assert await remote_start(central_system) == "Rejected"
    assert await remote_start(central_system) == "Accepted"


async def test_the_next_start_is_accepted_and_ignored_when_told_so(charge_point, central_system):
    charge_point.ignore_next_start()
    await charge_point.plug_in(1)
    assert await remote_start(central_system) == "Accepted"
    await asyncio.sleep(0.1)
    assert central_system.payloads("Authorize") == []
    assert charge_point.connector(1).status == "Preparing"


async def test_energy_reported_is_the_energy_that_the_car_took(charge_point, central_system):
    car = await start_charging(charge_point, central_system, Car(state_of_charge=0.2))
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


async def test_samples_carry_the_register_and_the_power(charge_point, central_system):
    await start_charging(charge_point, central_system, Car(state_of_charge=0.1, max_power_w=9_600))
    await central_system.came("MeterValues", times=3)
    start = central_system.payloads("StartTransaction")[0]
    registers = []
    for payload in central_system.payloads("MeterValues"):
        assert payload["transactionId"] == 1001
        register, power = payload["meterValue"][0]["sampledValue"]
        assert (register["measurand"], register["unit"]) == ("Energy.Active.Import.Register", "Wh")
        assert register["context"] == "Sample.Periodic"
        assert (power["measurand"], power["unit"], power["value"]) == ("Power.Active.Import", "W", "9600")
        registers.append(int(register["value"]))
    assert registers == sorted(registers)
    assert registers[0] > start["meterStart"]


async def test_a_full_car_suspends(charge_point, central_system):
    car = Car(battery_wh=10_000, state_of_charge=0.98)
    await start_charging(charge_point, central_system, car)
    await charge_point.wait_for_status(1, "SuspendedEV")
    await charge_point.told_everything()
    assert central_system.statuses(1)[-2:] == ["Charging", "SuspendedEV"]
    await charge_point.unplug(1)
    stop = await central_system.came("StopTransaction")
    assert stop["meterStop"] - central_system.payloads("StartTransaction")[0]["meterStart"] == 200


async def test_a_car_that_trickles_never_says_that_it_is_full(charge_point, central_system):
    await start_charging(charge_point, central_system, Car(state_of_charge=1.0, trickle_w=80))
    await central_system.came("MeterValues", times=3)
    assert charge_point.connector(1).status == "Charging"


async def test_remote_stop_ends_with_reason_remote(charge_point, central_system):
    await start_charging(charge_point, central_system)
    assert await central_system.send("RemoteStopTransaction", transactionId=1001) == {"status": "Accepted"}
    stop = await central_system.came("StopTransaction")
    assert stop["reason"] == "Remote"
    await charge_point.wait_for_status(1, "Finishing")
    await charge_point.unplug(1)
    await charge_point.wait_for_status(1, "Available")
    assert len(charge_point.delivered) == 1


async def test_remote_stop_of_an_unknown_transaction_is_rejected(charge_point, central_system):
    assert await central_system.send("RemoteStopTransaction", transactionId=5) == {"status": "Rejected"}


async def test_a_start_that_is_not_authorised_stops(charge_point, central_system):
    central_system.answers["StartTransaction"] = lambda _: {
        "transactionId": 77,
        "idTagInfo": {"status": "Blocked"},
    }
    await charge_point.plug_in(1)
    await remote_start(central_system)
    stop = await central_system.came("StopTransaction")
    assert (stop["transactionId"], stop["reason"]) == (77, "DeAuthorized")


async def test_a_start_that_is_not_authorised_only_suspends_when_the_key_says_so(charge_point, central_system):
    central_system.answers["StartTransaction"] = lambda _: {
        "transactionId": 77,
        "idTagInfo": {"status": "Blocked"},
    }
    await central_system.send("ChangeConfiguration", key="StopTransactionOnInvalidId", value="false")
    await charge_point.plug_in(1)
    await remote_start(central_system)
    await charge_point.wait_for_status(1, "SuspendedEVSE")
    assert charge_point.connector(1).power_w == 0


async def test_a_card_starts_and_stops(charge_point, central_system):
    await charge_point.plug_in(1)
    assert await charge_point.start_locally(1, "CARD")
    start = await central_system.came("StartTransaction")
    assert start["idTag"] == "CARD"
    await charge_point.stop_locally(1)
    assert (await central_system.came("StopTransaction"))["reason"] == "Local"


async def test_a_card_that_is_refused_starts_nothing(charge_point, central_system):
    central_system.answers["Authorize"] = lambda _: {"idTagInfo": {"status": "Expired"}}
    await charge_point.plug_in(1)
    assert not await charge_point.start_locally(1, "CARD")
    assert charge_point.connector(1).status == "Preparing"


async def test_the_cable_out_only_suspends_when_the_key_says_so(charge_point, central_system):
    await central_system.send("ChangeConfiguration", key="StopTransactionOnEVSideDisconnect", value="false")
    await start_charging(charge_point, central_system)
    await charge_point.unplug(1)
    await charge_point.told_everything()
    status = central_system.payloads("StatusNotification")[-1]
    assert (status["status"], status["info"]) == ("SuspendedEV", "EV side disconnected")
    assert charge_point.delivered == []
    assert await central_system.send("RemoteStopTransaction", transactionId=1001) == {"status": "Accepted"}
    await charge_point.wait_for_status(1, "Available")


async def test_a_fault_interrupts_and_the_transaction_goes_on(charge_point, central_system):
    await start_charging(charge_point, central_system, Car(state_of_charge=0.1))
    await charge_point.fault(1, "GroundFailure")
    await charge_point.told_everything()
    assert central_system.payloads("StatusNotification")[-1]["errorCode"] == "GroundFailure"
    register = charge_point.connector(1).meter.register_wh
    await asyncio.sleep(0.1)
    assert charge_point.connector(1).meter.register_wh == register
    await charge_point.clear_fault()
    await charge_point.wait_for_status(1, "Charging")


async def test_two_connectors_charge_apart(make_charge_point, central_system):
    async with make_charge_point(connectors=2) as charge_point:
        await charge_point.told_everything()
        await charge_point.plug_in(1)
        await charge_point.plug_in(2)
        for connector_id in (2, 1):
            assert await remote_start(central_system, connector_id) == "Accepted"
        await central_system.came("StartTransaction", times=2)
        await charge_point.told_everything()
        await charge_point.unplug(2)
        stop = await central_system.came("StopTransaction")
        [start] = [p for p in central_system.payloads("StartTransaction") if p["connectorId"] == 2]
        assert stop["meterStop"] >= start["meterStart"]
        assert charge_point.connector(1).status == "Charging"


async def test_begin_and_end_readings_come_with_the_stop_when_wished(charge_point, central_system):
    await central_system.send("ChangeConfiguration", key="StopTxnSampledData", value="Energy.Active.Import.Register")
    await start_charging(charge_point, central_system)
    await charge_point.unplug(1)
    stop = await central_system.came("StopTransaction")
    contexts = [reading["sampledValue"][0]["context"] for reading in stop["transactionData"]]
    assert contexts == ["Transaction.Begin", "Transaction.End"]
    assert stop["transactionData"][-1]["sampledValue"][0]["value"] == str(stop["meterStop"])


async def test_a_lost_stop_is_never_sent(charge_point, central_system):
    await start_charging(charge_point, central_system)
    charge_point.lose_next_stop()
    await charge_point.unplug(1)
    await charge_point.wait_for_status(1, "Available")
    await charge_point.told_everything()
    assert central_system.payloads("StopTransaction") == []
    assert charge_point.delivered[0].energy_wh is not None


async def test_a_delayed_stop_comes_after_the_status(charge_point, central_system):
    await start_charging(charge_point, central_system)
    charge_point.delay_stops(60.0)
    await charge_point.unplug(1)
    await central_system.came("StopTransaction")
    last = [call for call in central_system.calls if call.action in {"StatusNotification", "StopTransaction"}]
    assert [call.payload.get("status") for call in last[-3:]] == ["Finishing", "Available", None]


async def test_a_cable_goes_in_and_out_once(charge_point):
    with pytest.raises(WrongMove, match="not in a car"):
        await charge_point.unplug(1)
    await charge_point.plug_in(1)
    with pytest.raises(WrongMove, match="already in a car"):
        await charge_point.plug_in(1)

"""What is queued, resent, and survives a power cut."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime

import pytest

from evgraph.simulator import AfterPowerLoss, Car, Transaction, WrongMove
from evgraph.simulator.changes import Changes
from evgraph.simulator.configuration import Configuration
from evgraph.simulator.library import call
from evgraph.simulator.simulated_time import SimulatedTime
from evgraph.simulator.transaction_queue import MOST_MESSAGES, QueuedMessage, TransactionQueue
from tests.patience import PATIENCE_S


async def start_charging(charge_point, central_system) -> None:
    await charge_point.plug_in(1, Car(state_of_charge=0.1))
    await central_system.send("RemoteStartTransaction", idTag="TAG", connectorId=1)
    await central_system.came("MeterValues")


def instant(text: str) -> datetime:
    assert text.endswith("Z")
    return datetime.fromisoformat(text)


async def test_an_offline_session_is_delivered_in_order_with_its_own_stamps(charge_point, central_system):
    await charge_point.go_offline()
    await charge_point.plug_in(1, Car(state_of_charge=0.1))
    assert await charge_point.start_locally(1, "CARD")
    await charge_point.wait_for_status(1, "Charging")
    await charge_point.has_queued(4)
    await charge_point.unplug(1)
    [transaction] = charge_point.delivered
    assert transaction.transaction_id is None
    await asyncio.sleep(0.1)
    before = len(central_system.calls)
    await charge_point.come_back()
    await charge_point.told_everything()

    queued = [call for call in central_system.calls[before:] if call.action != "StatusNotification"]
    assert [call.action for call in queued] == [
        "StartTransaction",
        *["MeterValues"] * (len(queued) - 2),
        "StopTransaction",
    ]
    start, *samples, stop = (call.payload for call in queued)
    stamps = [instant(start["timestamp"])]
    stamps += [instant(sample["meterValue"][0]["timestamp"]) for sample in samples]
    stamps.append(instant(stop["timestamp"]))
    assert stamps == sorted(stamps)
    assert {sample["transactionId"] for sample in samples} == {stop["transactionId"]} == {1001}
    assert stop["meterStop"] - start["meterStart"] == transaction.energy_wh
    assert transaction.transaction_id == 1001
    assert transaction.ended_at is not None
    assert abs((transaction.ended_at - stamps[-1]).total_seconds()) < 0.001


async def test_energy_goes_on_flowing_offline(charge_point, central_system):
    await start_charging(charge_point, central_system)
    await charge_point.go_offline()
    register = charge_point.connector(1).meter.register_wh
    await charge_point.has_queued(3)
    assert charge_point.connector(1).meter.register_wh > register
    await charge_point.come_back()
    await charge_point.told_everything()
    assert charge_point.queued == 0


async def test_messages_are_resent_with_new_ids_until_answered(impatient, central_system, silence):
    charge_point = impatient
    attempts = itertools.count(1)
    central_system.answers["StartTransaction"] = lambda _: (
        silence if next(attempts) < 3 else {"transactionId": 5, "idTagInfo": {"status": "Accepted"}}
    )
    await charge_point.plug_in(1)
    await central_system.send("RemoteStartTransaction", idTag="TAG", connectorId=1)
    await central_system.came("StartTransaction", times=3)
    await charge_point.unplug(1)
    assert (await central_system.came("StopTransaction"))["transactionId"] == 5
    starts = [call for call in central_system.calls if call.action == "StartTransaction"]
    assert starts[0].payload == starts[1].payload == starts[2].payload
    assert len({call.message_id for call in starts}) == 3


async def test_silence_is_never_a_reason_to_give_up(make_charge_point, central_system, silence):
    central_system.answers["StartTransaction"] = lambda _: silence
    async with make_charge_point(call_timeout=0.03, retry_interval=0.01) as charge_point:
        await charge_point.plug_in(1)
        await charge_point.start_locally(1, "CARD")
        await central_system.came("StartTransaction", times=6)
        assert charge_point.queued


async def test_samples_and_stop_wait_for_the_answer_to_the_start(impatient, central_system, silence):
    charge_point = impatient
    central_system.answers["StartTransaction"] = lambda _: silence
    await charge_point.plug_in(1)
    await charge_point.start_locally(1, "CARD")
    await central_system.came("StartTransaction")
    await charge_point.unplug(1)
    await central_system.came("StartTransaction", times=2)
    assert not {"MeterValues", "StopTransaction"} & set(central_system.actions())
    del central_system.answers["StartTransaction"]
    assert (await central_system.came("StopTransaction"))["transactionId"] == 1001


async def test_a_message_that_gets_three_errors_is_thrown_away(charge_point, central_system, refuse):
    central_system.answers["StartTransaction"] = refuse
    await charge_point.plug_in(1)
    await charge_point.start_locally(1, "CARD")
    await central_system.came("StartTransaction", times=3)
    await charge_point.unplug(1)
    # Errata 3.18: there was never an id, so the charge point says -1.
    assert (await central_system.came("StopTransaction"))["transactionId"] == -1
    await charge_point.told_everything()
    assert len(central_system.payloads("StartTransaction")) == 3


async def test_a_call_fails_as_soon_as_the_socket_closes(make_charge_point, central_system, silence):
    central_system.answers["Authorize"] = lambda _: silence
    async with make_charge_point(call_timeout=10 * PATIENCE_S) as charge_point:
        await charge_point.told_everything()
        await charge_point.plug_in(1)
        card = asyncio.create_task(charge_point.start_locally(1, "CARD"))
        await central_system.came("Authorize")
        await central_system.hang_up()
        async with asyncio.timeout(PATIENCE_S):
            assert await card


async def test_a_resent_start_and_stop_are_the_same_but_for_the_message_id(charge_point, central_system):
    await start_charging(charge_point, central_system)
    await charge_point.resend_last_start()
    await charge_point.unplug(1)
    await central_system.came("StopTransaction")
    await charge_point.resend_last_stop()
    for action in ("StartTransaction", "StopTransaction"):
        first, second = (call for call in central_system.calls if call.action == action)
        assert first.payload == second.payload
        assert first.message_id != second.message_id


async def test_there_is_nothing_to_resend_at_first(charge_point):
    with pytest.raises(WrongMove):
        await charge_point.resend_last_start()
    with pytest.raises(WrongMove):
        await charge_point.resend_last_stop()


async def test_a_power_cut_ends_the_transaction_after_the_boot(charge_point, central_system):
    await start_charging(charge_point, central_system)
    before = len(central_system.calls)
    await charge_point.power_cycle(dark_for=0.05)
    stop = await central_system.came("StopTransaction")
    await charge_point.told_everything()
    after = central_system.calls[before:]
    boot = next(index for index, call in enumerate(after) if call.action == "BootNotification")
    assert "StopTransaction" in [call.action for call in after[boot:]]
    assert stop["reason"] == "PowerLoss"
    assert central_system.statuses(1)[-1] == "Finishing"
    assert stop["meterStop"] - central_system.payloads("StartTransaction")[0]["meterStart"] == (
        charge_point.delivered[0].energy_wh
    )


async def test_no_energy_flows_in_the_dark(charge_point, central_system):
    await start_charging(charge_point, central_system)
    dark = asyncio.create_task(charge_point.power_cycle(dark_for=3, transactions=AfterPowerLoss.RESUME))
    await asyncio.sleep(0.05)
    register = charge_point.connector(1).meter.register_wh
    await asyncio.sleep(0.1)
    assert charge_point.connector(1).meter.register_wh == register
    with pytest.raises(WrongMove, match="no power"):
        await charge_point.power_cycle()
    with pytest.raises(WrongMove, match="no power"):
        await charge_point.start_locally(1, "CARD")
    await dark
    await charge_point.connected()


async def test_a_firmware_that_resumes_goes_on_with_the_transaction(charge_point, central_system):
    await start_charging(charge_point, central_system)
    await charge_point.power_cycle(transactions=AfterPowerLoss.RESUME)
    await central_system.came("BootNotification", times=2)
    samples = len(central_system.payloads("MeterValues"))
    assert (await central_system.came("MeterValues", times=samples + 2))["transactionId"] == 1001
    assert charge_point.connector(1).status == "Charging"
    await charge_point.unplug(1)
    assert (await central_system.came("StopTransaction"))["reason"] == "EVDisconnected"


async def test_a_firmware_that_forgets_never_sends_the_stop(charge_point, central_system):
    await start_charging(charge_point, central_system)
    await charge_point.power_cycle(transactions=AfterPowerLoss.FORGET)
    await central_system.came("BootNotification", times=2)
    await charge_point.told_everything()
    assert central_system.payloads("StopTransaction") == []
    assert central_system.statuses(1)[-1] == "Preparing"


async def test_the_queue_survives_a_power_cut(charge_point, central_system):
    await start_charging(charge_point, central_system)
    await charge_point.go_offline()
    await charge_point.unplug(1)
    await charge_point.power_cycle()
    assert not charge_point.is_connected
    await charge_point.come_back()
    stop = await central_system.came("StopTransaction")
    assert (stop["transactionId"], stop["reason"]) == (1001, "EVDisconnected")
    assert central_system.actions().count("BootNotification") == 2


async def test_a_clock_that_lies_lies_in_every_stamp(make_charge_point, central_system):
    async with make_charge_point(clock=lambda: datetime(1970, 1, 1, tzinfo=UTC)) as charge_point:
        await charge_point.plug_in(1)
        await charge_point.start_locally(1, "CARD")
        start = await central_system.came("StartTransaction")
    assert start["timestamp"] == "1970-01-01T00:00:00.000Z"


async def test_a_full_queue_loses_samples_but_never_a_start_or_a_stop():
    configuration = Configuration(connectors=1, sample_interval=15, retry_interval=60, key=None)
    queue = TransactionQueue(configuration, SimulatedTime(), Changes(), lambda _message, _answer: None)
    transaction = Transaction(1, "TAG", 0, datetime.now(UTC))
    start = call.StartTransaction(connector_id=1, id_tag="TAG", meter_start=0, timestamp="")
    stop = call.StopTransaction(meter_stop=1, timestamp="", transaction_id=1)
    queue.put(QueuedMessage(start, transaction))
    for _ in range(MOST_MESSAGES + 50):
        queue.put(QueuedMessage(call.MeterValues(connector_id=1), transaction))
    queue.put(QueuedMessage(stop, transaction))
    assert len(queue) == MOST_MESSAGES
    sent = []

    async def ask(request):
        sent.append(type(request).__name__)
        if isinstance(request, call.StopTransaction):
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await queue.deliver(ask)
    assert (sent[0], sent[-1], len(sent)) == ("StartTransaction", "StopTransaction", MOST_MESSAGES)

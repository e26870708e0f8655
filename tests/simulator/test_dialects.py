"""What each dialect sends, and how; what it costs a garage is for the journeys."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from evgraph.simulator import DIALECTS, Car, UnknownDialect
from evgraph.simulator.dialects import spoken
from tests.patience import PATIENCE_S


@pytest.fixture
def speaking(make_charge_point):
    """speaking("no-stop"): a charge point of this dialect, that has told all that there is to tell."""

    @asynccontextmanager
    async def opened(*dialect, **options):
        async with make_charge_point(dialect=dialect, **options) as charge_point:
            await charge_point.told_everything()
            yield charge_point

    return opened


async def charge(charge_point, central_system, samples: int = 1) -> None:
    await charge_point.plug_in(1, Car(state_of_charge=0.1))
    await central_system.send("RemoteStartTransaction", idTag="TAG", connectorId=1)
    await central_system.came("MeterValues", times=samples)


def order(central_system) -> list[str]:
    """Actions in order; of a StatusNotification of connector 1, its status."""
    return [
        call.payload["status"] if call.action == "StatusNotification" and call.payload["connectorId"] else call.action
        for call in central_system.calls
    ]


def sampled(payload) -> list[dict]:
    return [sample for reading in payload["meterValue"] for sample in reading["sampledValue"]]


def test_every_dialect_has_a_name_and_a_line_that_says_what_it_does():
    assert len(DIALECTS) == 21
    assert all(name == dialect.name and dialect.summary.endswith(".") for name, dialect in DIALECTS.items())


def test_an_unknown_dialect_is_refused_with_those_that_there_are():
    with pytest.raises(UnknownDialect, match="stop-first"):
        spoken("esperanto")


def test_dialects_that_contradict_each_other_do_not_combine():
    with pytest.raises(ValueError, match="both before and after"):
        spoken(["stop-first", "status-first"])


async def test_stop_first(speaking, central_system):
    async with speaking("stop-first") as charge_point:
        await charge(charge_point, central_system)
        await charge_point.unplug()
        await charge_point.told_everything()
        await central_system.came("StopTransaction")
        await charge_point.told_everything()
        assert order(central_system)[-2:] == ["StopTransaction", "Available"]


async def test_stop_first_speaks_up_again_when_its_stop_is_refused_for_good(speaking, central_system, refuse):
    central_system.answers["StopTransaction"] = refuse
    async with speaking("stop-first") as charge_point:
        await charge(charge_point, central_system)
        await charge_point.unplug()
        await central_system.came("StopTransaction", times=3)
        await charge_point.told_everything()
        assert central_system.statuses(1)[-1] == "Available"


async def test_status_first(speaking, central_system):
    async with speaking("status-first") as charge_point:
        await charge(charge_point, central_system)
        await charge_point.unplug()
        await central_system.came("StopTransaction")
        assert order(central_system)[-1] == "StopTransaction"
        assert "Available" in order(central_system)[order(central_system).index("Charging") :]


async def test_suspended_goes_on_until_it_is_stopped_from_afar(speaking, central_system):
    async with speaking("suspended") as charge_point:
        answer = await central_system.send("ChangeConfiguration", key="StopTransactionOnEVSideDisconnect", value="true")
        assert answer == {"status": "Rejected"}
        await charge(charge_point, central_system)
        await charge_point.unplug()
        await charge_point.told_everything()
        status = central_system.payloads("StatusNotification")[-1]
        assert (status["status"], status["info"]) == ("SuspendedEV", "EV side disconnected")
        assert central_system.payloads("StopTransaction") == []
        await central_system.send("RemoteStopTransaction", transactionId=1001)
        assert (await central_system.came("StopTransaction"))["reason"] == "Remote"


async def test_no_stop_never_tells_of_an_unplug(speaking, central_system):
    async with speaking("no-stop") as charge_point:
        await charge(charge_point, central_system)
        await charge_point.unplug()
        await charge_point.told_everything()
        assert central_system.statuses(1)[-1] == "Available"
        assert central_system.payloads("StopTransaction") == []
        assert len(charge_point.delivered) == 1


async def test_resume_goes_on_after_the_boot(speaking, central_system):
    async with speaking("resume") as charge_point:
        await charge(charge_point, central_system)
        await charge_point.power_cycle(dark_for=0.05)
        await charge_point.told_everything()
        before = len(central_system.payloads("MeterValues"))
        again = await central_system.came("MeterValues", times=before + 1)
        assert again["transactionId"] == 1001
        assert len(central_system.payloads("StartTransaction")) == 1


async def test_power_loss_stop_boots_tells_its_status_then_stops(speaking, central_system):
    async with speaking("power-loss-stop") as charge_point:
        await charge(charge_point, central_system)
        await charge_point.power_cycle()
        stop = await central_system.came("StopTransaction")
        assert stop["reason"] == "PowerLoss"
        told = order(central_system)
        told = told[told.index("BootNotification", 1) :]
        assert told.index("BootNotification") < told.index("Finishing") < told.index("StopTransaction")


async def test_forgets_says_nothing_more(speaking, central_system):
    async with speaking("forgets") as charge_point:
        await charge(charge_point, central_system)
        await charge_point.power_cycle()
        await charge_point.told_everything()
        told = order(central_system)
        assert not {"StopTransaction", "MeterValues"} & set(told[told.index("BootNotification", 1) :])


async def test_offline_queue_keeps_no_id_for_what_began_offline(speaking, central_system):
    async with speaking("offline-queue") as charge_point:
        await charge_point.go_offline()
        await charge_point.plug_in(1, Car(state_of_charge=0.1))
        assert await charge_point.start_locally(1, "CARD")
        await charge_point.has_queued(3)
        await charge_point.come_back()
        await charge_point.told_everything()
        await central_system.came("MeterValues", times=3)
        await charge_point.unplug()
        assert (await central_system.came("StopTransaction"))["transactionId"] == -1
        assert {payload["transactionId"] for payload in central_system.payloads("MeterValues")} == {0}


async def test_offline_queue_keeps_the_id_of_what_began_online(speaking, central_system):
    async with speaking("offline-queue") as charge_point:
        await charge(charge_point, central_system)
        await charge_point.go_offline()
        await charge_point.unplug()
        await charge_point.come_back()
        assert (await central_system.came("StopTransaction"))["transactionId"] == 1001


async def test_resends_everything_of_a_transaction_with_new_ids(speaking, central_system):
    async with speaking("resends") as charge_point:
        await charge(charge_point, central_system)
        await charge_point.unplug()
        await central_system.came("StopTransaction", times=3)
        await charge_point.told_everything()
        for action in ("StartTransaction", "StopTransaction"):
            sent = [call for call in central_system.calls if call.action == action]
            assert len(sent) == len({call.message_id for call in sent}) == 3
        ids = {payload["transactionId"] for payload in central_system.payloads("StopTransaction")}
        # The first answer never came, as far as it knows.
        assert ids == {1002}


async def test_slow_answers_late_and_hears_meanwhile(speaking, central_system):
    async with speaking("slow", speed=40.0, sample_interval=15.0) as charge_point:
        before = asyncio.get_running_loop().time()
        for _ in range(2):
            await central_system.send("GetLocalListVersion")
        assert asyncio.get_running_loop().time() - before >= (2 + 10) / 40
        late = asyncio.create_task(central_system.send("GetLocalListVersion"))
        await charge_point.start_locally(1, "CARD")
        assert not late.done()
        assert await late == {"listVersion": 0}


async def test_bad_clock_is_in_1970_until_a_heartbeat_is_answered(speaking, central_system):
    async with speaking("bad-clock") as charge_point:
        assert central_system.payloads("StatusNotification")[-1]["timestamp"].startswith("1970-01-01T00:0")
        await central_system.send("TriggerMessage", requestedMessage="Heartbeat")
        await charge_point.told_everything()
        await charge_point.plug_in()
        await charge_point.told_everything()
        assert central_system.payloads("StatusNotification")[-1]["timestamp"] > "2026"
        await charge_point.power_cycle()
        await charge_point.told_everything()
        assert central_system.payloads("StatusNotification")[-1]["timestamp"].startswith("1970-01-01T00:0")


async def test_local_clock_names_no_zone(speaking, central_system):
    async with speaking("local-clock"):
        stamp = central_system.payloads("StatusNotification")[-1]["timestamp"]
        assert len(stamp) == len("2026-01-31T12:00:00")


async def test_swapped_meter_falls_and_counts_on(speaking, central_system):
    async with speaking("swapped-meter", register_wh=500_000) as charge_point:
        await charge(charge_point, central_system, samples=6)
        await charge_point.unplug()
        stop = await central_system.came("StopTransaction")
        assert 100 < stop["meterStop"] < 500_000
        [delivered] = charge_point.delivered
        told = [int(sampled(payload)[0]["value"]) for payload in central_system.payloads("MeterValues")]
        assert max(told) >= 500_000
        assert delivered.energy_wh >= max(told) - 500_000 + stop["meterStop"] - 100


@pytest.mark.parametrize(("dialect", "factor", "unit"), [("kwh-as-wh", 0.001, "Wh"), ("wh-as-kwh", 1, "kWh")])
async def test_wrong_units(speaking, central_system, dialect, factor, unit):
    async with speaking(dialect, register_wh=500_000) as charge_point:
        await charge(charge_point, central_system)
        energy, power = sampled(central_system.payloads("MeterValues")[0])
        assert 500_000 * factor <= float(energy["value"]) < 600_000 * factor
        assert energy["unit"] == unit
        assert power["unit"] == "W"
        assert isinstance(central_system.payloads("StartTransaction")[0]["meterStart"], int)
        await charge_point.unplug()


async def test_leaps_once_and_says_the_same_again(speaking, central_system):
    async with speaking("leaps", "resends", register_wh=1000) as charge_point:
        await charge(charge_point, central_system, samples=15)
        told = {
            payload["meterValue"][0]["timestamp"]: {sampled(payload)[0]["value"]}
            for payload in central_system.payloads("MeterValues")
        }
        for payload in central_system.payloads("MeterValues"):
            told[payload["meterValue"][0]["timestamp"]].add(sampled(payload)[0]["value"])
        values = [int(value) for (value,) in (told[at] for at in sorted(told))]
        assert [value > 9_000_000 for value in values] == [number == 2 for number in range(len(values))]
        await charge_point.unplug()


async def test_low_power_full_trickles_and_never_suspends(speaking, central_system):
    async with speaking("low-power-full") as charge_point:
        car = Car(battery_wh=1000, state_of_charge=0.99)
        await charge_point.plug_in(1, car)
        await central_system.send("RemoteStartTransaction", idTag="TAG", connectorId=1)
        async with asyncio.timeout(PATIENCE_S):
            while not car.is_full:
                await asyncio.sleep(0.02)
                charge_point.connector(1)
        assert 0 < charge_point.connector(1).power_w < 230
        assert charge_point.connector(1).status == "Charging"


async def test_float_registers(speaking, central_system):
    async with speaking("float-registers", register_wh=12) as charge_point:
        await charge(charge_point, central_system)
        await charge_point.unplug()
        stop = await central_system.came("StopTransaction")
        assert isinstance(stop["meterStop"], float)
        assert stop["reason"] == "PlugOutByDriver"
        assert stop["firmwareTicks"] == 48_000
        assert isinstance(sampled(central_system.payloads("MeterValues")[0])[0]["value"], float)
        frames = [frame for frame in charge_point.log if '"StartTransaction"' in frame.text]
        assert json.loads(frames[0].text)[3]["meterStart"] == 12.0
        assert "12.0" in frames[0].text, "The log holds what went over the wire."


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("HeartbeatInterval", "300", "Rejected"),
        ("StopTransactionOnEVSideDisconnect", "true", "Rejected"),
        ("WebSocketPingInterval", "20", "NotSupported"),
        ("MeterValueSampleInterval", "15", "RebootRequired"),
        ("MeterValuesSampledData", "Energy.Active.Import.Register,Power.Active.Import", "Rejected"),
        ("MeterValuesSampledData", "Energy.Active.Import.Register", "Accepted"),
    ],
)
async def test_refuses_keys(speaking, central_system, key, value, status):
    async with speaking("refuses-keys"):
        assert await central_system.send("ChangeConfiguration", key=key, value=value) == {"status": status}


async def test_a_key_that_needs_a_reboot_changes_with_it(speaking, central_system):
    async with speaking("refuses-keys") as charge_point:
        await central_system.send("ChangeConfiguration", key="MeterValueSampleInterval", value="17")
        for value in ("30", "17"):
            answer = await central_system.send("GetConfiguration", key=["MeterValueSampleInterval"])
            assert answer["configurationKey"][0]["value"] == value
            await charge_point.power_cycle()
            await charge_point.told_everything()


async def test_autostart_begins_by_itself_and_heeds_no_refusal(speaking, central_system):
    central_system.answers["StartTransaction"] = lambda _: {
        "transactionId": 7,
        "idTagInfo": {"status": "Invalid"},
    }
    async with speaking("autostart") as charge_point:
        await charge_point.plug_in(1, Car(state_of_charge=0.1))
        start = await central_system.came("StartTransaction")
        assert start["idTag"] == "AUTOSTART"
        await central_system.came("MeterValues", times=2)
        assert charge_point.connector(1).status == "Charging"


async def test_stop_first_says_nothing_new_when_it_is_asked_meanwhile(speaking, central_system, silence):
    async with speaking("stop-first", call_timeout=0.3) as charge_point:
        await charge(charge_point, central_system)
        await charge_point.told_everything()
        central_system.answers["StopTransaction"] = lambda _: silence
        await charge_point.unplug()
        await central_system.came("StopTransaction")
        before = len(central_system.statuses(1))
        await central_system.send("TriggerMessage", requestedMessage="StatusNotification", connectorId=1)
        async with asyncio.timeout(PATIENCE_S):
            while len(central_system.statuses(1)) == before:
                await central_system.came("StopTransaction", times=len(central_system.payloads("StopTransaction")) + 1)
        assert central_system.statuses(1)[-1] == "Charging"
        del central_system.answers["StopTransaction"]
        await charge_point.told_everything()
        assert central_system.statuses(1)[-1] == "Available"

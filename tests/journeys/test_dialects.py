"""Each dialect of the simulated charge point, from check-in to the bill: what a firmware does in its own way costs no
garage its bill."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta

from evgraph.simulator import Car, SimulatedChargePoint
from evgraph.simulator.dialects.delivery import Slow
from tests.journeys.at_once import CALL_TIMEOUT_S, REGISTER, Journeys
from tests.patience import PATIENCE_S

JOURNEYS = Journeys("Dialect")
speaks = JOURNEYS.speaks
went_wrong = JOURNEYS.went_wrong()


def test_nothing_of_it_is_an_error_of_ours(went_wrong):
    assert went_wrong["errors"] is None


def test_c10_all_their_bills_can_be_derived_again_from_the_frames(went_wrong):
    assert went_wrong["derived"] is None


# T4: how an unplug is told


@speaks("stop-first")
async def test_t4_the_stop_comes_before_the_status(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.unplug()
    session = await bay.ends(checked_in, flags=set())
    assert session["stopReason"] == "EV_DISCONNECTED"
    told = _told(bay.charger)
    assert told.index("StopTransaction") < told.index("Available", told.index("StartTransaction"))
    await bay.leaves(checked_in)


@speaks("status-first")
async def test_t4_the_status_comes_before_the_stop(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.unplug()
    await bay.ends(checked_in, flags=set())
    told = _told(bay.charger)
    assert told.index("Available", told.index("StartTransaction")) < told.index("StopTransaction")
    await bay.leaves(checked_in)


@speaks("suspended")
async def test_t4_a_suspended_transaction_is_stopped_by_us(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.unplug()
    session = await bay.ends(checked_in, flags=set())
    assert session["stopReason"] == "REMOTE"
    assert bay.charger.log.calls("RemoteStopTransaction", "in") != []
    await bay.leaves(checked_in)


@speaks("no-stop")
async def test_t7_without_a_stop_the_last_reading_is_billed(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.unplug()
    await bay.charger.told_everything()
    start, *_, last = bay.registers()
    await bay.ends(checked_in, flags={"ESTIMATED"}, energy_wh=last - start)
    assert bay.charger.log.calls("StopTransaction") == []
    await bay.leaves(checked_in)


def _told(charger: SimulatedChargePoint) -> list[str]:
    """The actions of a charge point, and of connector 1 the statuses, in their order."""
    told = []
    for frame in charger.log:
        if frame.direction == "out" and frame.message[0] == 2:
            _, _, action, payload = frame.message
            is_status = action == "StatusNotification" and payload["connectorId"] == 1
            told.append(payload["status"] if is_status else action)
    return told


# B2: after a power cut


@speaks("resume")
async def test_b2_a_session_goes_on_after_a_power_cut(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    running = await bay.takes(6)
    await bay.charger.power_cycle(dark_for=0.3)
    await bay.takes(running.samples + 3)
    await bay.charger.unplug()
    await bay.ends(checked_in, flags=set())
    assert len(bay.charger.log.calls("StartTransaction")) == 1
    await bay.leaves(checked_in)


@speaks("power-loss-stop")
async def test_b2_a_session_is_stopped_after_a_power_cut(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.power_cycle(dark_for=0.3)
    session = await bay.ends(checked_in, flags=set())
    assert session["stopReason"] == "POWER_LOSS"
    told = _told(bay.charger)
    booted = told.index("BootNotification", told.index("StartTransaction"))
    assert told.index("StopTransaction") > told.index("Finishing", booted) > booted
    await bay.charger.unplug()
    await bay.leaves(checked_in)


@speaks("forgets")
async def test_t7_a_session_that_its_charger_forgot_is_closed_with_its_last_reading(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.told_everything()
    await bay.charger.power_cycle(dark_for=0.3)
    await bay.screen.until(lambda it: "UNCONFIRMED" in it.requests[checked_in["request"]["id"]]["session"]["flags"])
    start, *_, last = bay.registers()
    await bay.charger.unplug()
    await bay.ends(checked_in, flags={"ESTIMATED"}, energy_wh=last - start)
    await bay.leaves(checked_in)


# Delivery


@speaks("offline-queue")
async def test_s5_t3_what_began_offline_without_an_id_is_billed_when_it_is_told(bay):
    checked_in = await bay.check_in()
    await bay.screen.shows_port(bay.port_id, isOpen=True)
    await bay.attendant.started(checked_in["request"], bay.port_id)
    await bay.charger.wait_for_status(1, "Preparing")
    await bay.charger.told_everything()
    await bay.charger.go_offline()
    await bay.screen.shows(checked_in["request"], "NEEDS_CHARGING")
    await bay.charger.plug_in(1, Car(state_of_charge=0.1))
    await bay.takes(4)
    await bay.charger.come_back()
    await bay.screen.shows(checked_in["request"], "CHARGING")
    await bay.takes(8)
    await bay.charger.unplug()
    await bay.ends(checked_in, flags=set())
    assert {payload["transactionId"] for payload in bay.charger.log.calls("MeterValues")} == {0}
    assert [payload["transactionId"] for payload in bay.charger.log.calls("StopTransaction")] == [-1]
    await bay.leaves(checked_in)


@speaks("resends")
async def test_s2_t2_what_is_sent_three_times_is_billed_once(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.unplug()
    await bay.ends(checked_in, flags=set())
    await bay.charger.told_everything()
    assert len(bay.charger.log.calls("StartTransaction")) == len(bay.charger.log.calls("StopTransaction")) == 3
    assert len((await bay.attendant.ticket(checked_in["stay"]))["lineItems"]) == 1
    await bay.leaves(checked_in)


class SlowToStart(Slow):
    """Takes longer than our deadline for a start, and half of it for all else."""

    def answers_after(self, action: str) -> float:
        return 18 * (CALL_TIMEOUT_S * 1.5 if action == "RemoteStartTransaction" else 0.2)


@speaks(SlowToStart())
async def test_s5_a_start_that_is_answered_too_late_still_becomes_the_session(bay):
    checked_in = await bay.check_in()
    await bay.screen.shows_port(bay.port_id, isOpen=True)
    payload = await bay.attendant.start(checked_in["request"], bay.port_id)
    assert [error["code"] for error in payload["errors"]] == ["CHARGER_TIMEOUT"]
    await bay.screen.shows(checked_in["request"], "NEEDS_CHARGING")
    await bay.charger.plug_in(1, Car(state_of_charge=0.1))
    await bay.screen.shows(checked_in["request"], "CHARGING")
    await bay.takes(6)
    await bay.charger.unplug()
    await bay.ends(checked_in, flags=set())
    await bay.leaves(checked_in)


# Clocks


@speaks("bad-clock")
async def test_b7_a_clock_of_1970_is_replaced_and_flagged(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.unplug()
    await bay.ends(checked_in, flags={"CLOCK_REPLACED"})
    (start,) = bay.charger.log.calls("StartTransaction")
    assert start["timestamp"].startswith("1970-01-01T")
    session = await bay.attendant.session((await bay.attendant.ticket(checked_in["stay"]))["sessions"][0])
    assert abs(_moment(session["startedAt"]) - datetime.now(UTC)) < timedelta(minutes=2)
    await bay.leaves(checked_in)


@speaks("local-clock")
async def test_b7_local_time_without_a_zone_is_corrected_by_the_request_and_flagged(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.unplug()
    await bay.ends(checked_in, flags={"CLOCK_REPLACED"})
    (start,) = bay.charger.log.calls("StartTransaction")
    assert not start["timestamp"].endswith("Z")
    await bay.leaves(checked_in)


@speaks("fast-clock")
async def test_b7_a_clock_that_is_hours_ahead_is_replaced_and_flagged(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.unplug()
    await bay.ends(checked_in, flags={"CLOCK_REPLACED"})
    await bay.leaves(checked_in)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# Meters


@speaks("swapped-meter")
async def test_m2_a_swapped_meter_loses_nothing_that_was_read(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.unplug()
    await bay.charger.told_everything()
    told = bay.registers()
    rises = sum(later - earlier for earlier, later in itertools.pairwise(told) if later > earlier)
    await bay.ends(checked_in, flags={"METER_RESET"}, energy_wh=rises)
    await bay.leaves(checked_in)


@speaks("leaps")
async def test_m5_one_absurd_reading_moves_nothing(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.unplug()
    await bay.charger.told_everything()
    assert max(bay.registers()) > 9_000_000
    await bay.ends(checked_in, flags={"METER_LEAP"})
    await bay.leaves(checked_in)


@speaks("kwh-as-wh")
async def test_m5_kilowatt_hours_labelled_as_watt_hours_are_found(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.unplug()
    await bay.ends(checked_in, flags={"METER_LEAP"})
    await bay.leaves(checked_in)


@speaks("wh-as-kwh", register_wh=1_000_000)
async def test_m5_watt_hours_labelled_as_kilowatt_hours_are_found(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.unplug()
    await bay.ends(checked_in, flags={"METER_LEAP"})
    await bay.leaves(checked_in)


# Forms


@speaks("refuses-keys")
async def test_b3_a_charger_that_refuses_keys_is_metered_by_its_register_alone(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.unplug()
    await bay.ends(checked_in, flags=set())
    measurands = {
        sample["measurand"]
        for payload in bay.charger.log.calls("MeterValues")
        for reading in payload["meterValue"]
        for sample in reading["sampledValue"]
    }
    assert measurands == {REGISTER}
    await bay.leaves(checked_in)


@speaks("float-registers")
async def test_c8_numbers_as_floats_an_unknown_reason_and_extra_fields_are_taken(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.unplug()
    session = await bay.ends(checked_in, flags=set())
    assert session["stopReason"] == "OTHER"
    (stop,) = bay.charger.log.calls("StopTransaction")
    assert isinstance(stop["meterStop"], float)
    assert stop["reason"] == "PlugOutByDriver"
    await bay.leaves(checked_in)


@speaks("status-first", "resends", "float-registers", "local-clock")
async def test_x2_four_dialects_at_once_are_one_session_and_one_bill(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.unplug()
    await bay.ends(checked_in, flags={"CLOCK_REPLACED"})
    await bay.leaves(checked_in)


# Full, and begun without us


class FastPast:
    """A clock that began an hour ago and runs as fast as its charge point's energy flows: stamps and meter agree."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._first: datetime | None = None

    def __call__(self) -> datetime:
        now = datetime.now(UTC)
        self._first = self._first or now
        return self._first - timedelta(hours=1) + (now - self._first) * self._speed


# Nobody requested it: a session that was requested does not begin an hour before that (B7).
@speaks("autostart", "low-power-full", speed=120, sample_interval=15, clock=FastPast(120), max_power_w=11_500)
async def test_m6_a_full_car_that_never_says_so_is_shown_as_full(bay):
    await bay.screen.shows_port(bay.port_id, isOpen=True)
    await bay.charger.plug_in(1, Car(state_of_charge=0.9992))
    await bay.screen.until(lambda it: it.ports[bay.port_id]["activeSession"] is not None)
    session = bay.screen.ports[bay.port_id]["activeSession"]
    document = "query($id: ID!) { session(id: $id) { startedAt fullSince } }"
    async with asyncio.timeout(PATIENCE_S):
        while (shown := (await bay.attendant.data(document, id=session["id"]))["session"])["fullSince"] is None:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert _moment(shown["fullSince"]) > _moment(shown["startedAt"])
    assert bay.screen.ports[bay.port_id]["lastReportedStatus"] == "CHARGING"
    checked_in = await bay.check_in()
    assigned = await bay.attendant.do(
        "assignSession", "session { id request { id } }", sessionId=session["id"], stayId=checked_in["stay"]["id"]
    )
    assert assigned["errors"] == []
    await bay.charger.unplug()
    shown = await bay.screen.shows(checked_in["request"], "CHARGED")
    # It began before the garage had a rate (T10).
    assert (await bay.attendant.ticket(checked_in["stay"]))["lineItems"] == []
    (delivered,) = bay.charger.delivered
    assert (shown["session"]["energyWh"], shown["session"]["flags"]) == (delivered.energy_wh, [])
    assert "SuspendedEV" not in _told(bay.charger)
    await bay.leaves(checked_in)


@speaks("autostart")
async def test_s6_what_begins_by_itself_is_metered_and_billed_from_its_start_once_assigned(bay):
    await bay.screen.shows_port(bay.port_id, isOpen=True)
    await bay.charger.plug_in(1, Car(state_of_charge=0.1))
    await bay.screen.until(lambda it: it.ports[bay.port_id]["activeSession"] is not None)
    session = bay.screen.ports[bay.port_id]["activeSession"]
    await bay.takes(3)
    assert (await bay.attendant.session(session))["stay"] is None
    checked_in = await bay.check_in()
    assigned = await bay.attendant.do(
        "assignSession", "session { id request { id } }", sessionId=session["id"], stayId=checked_in["stay"]["id"]
    )
    assert assigned["errors"] == []
    shown = await bay.screen.shows(checked_in["request"], "CHARGING")
    assert shown["session"]["id"] == session["id"]
    await bay.takes(8)
    await bay.charger.unplug()
    await bay.ends(checked_in, flags=set())
    await bay.leaves(checked_in)

"""B6, B7, M4, T1: our own clock ran an hour ahead and was put right, or the charger's was: nothing freezes."""

from datetime import timedelta

import pytest

from evgraph.domain.charging_session import SessionFlag, SessionStatus
from evgraph.domain.configuration import ConfigurationSetting, Wish, is_to_change
from evgraph.domain.rate import RateKind
from evgraph.domain.refusals import Refusal
from evgraph.services.interfaces import ChargerOffline, ChargerRejected
from evgraph.services.stays import CheckOut
from tests.services.station import FACTORY_CLOCK, Station, has

from .conftest import Garage


async def status_of(station: Station) -> str:
    return (await station.port(1)).reported_status.value


# -------------------------------------------------------------------------------------------------------- the charger's


@pytest.mark.parametrize("first", ["", FACTORY_CLOCK, "n/a", None], ids=["empty", "1970", "unreadable", "null"])
@pytest.mark.parametrize("slow_s", [1, 5, 55, 600, 7200])
@pytest.mark.parametrize("status", ["Available", "Charging", "Faulted"])
async def test_b6_a_status_without_a_believable_stamp_holds_up_no_slow_clock(
    garage: Garage, station: Station, first: str | None, slow_s: int, status: str
) -> None:
    await station.connect()
    garage.clock.turn(minutes=20)
    said = {"connectorId": 1, "status": "Preparing", "errorCode": "NoError", "timestamp": first}
    await station.call("StatusNotification", said)
    garage.clock.turn(seconds=1)
    await station.status(status, stamp=station.stamp(seconds=slow_s))
    assert await status_of(station) == status


@pytest.mark.parametrize("between", [1, 60, 299])
async def test_b6_on_one_connection_the_order_of_arrival_counts(garage: Garage, station: Station, between: int) -> None:
    await station.connect()
    await station.status("Charging")
    garage.clock.turn(seconds=between)
    # A clock that was put back by half an hour in between.
    await station.status("Available", stamp=station.stamp(minutes=30))
    assert await status_of(station) == "Available"


@pytest.mark.parametrize("is_fast", [True, False])
async def test_b6_a_chargers_clock_that_is_put_right_holds_nothing_up(
    garage: Garage, station: Station, is_fast: bool
) -> None:
    """Over several hours: fast by four minutes, which we believe, or an hour slow."""
    await station.connect()
    ago = timedelta(minutes=-4 if is_fast else 60)
    await station.status("Preparing", stamp=station.stamp(seconds=ago.total_seconds()))
    garage.clock.turn(seconds=30)
    await station.status("Available")
    assert await status_of(station) == "Available"
    garage.clock.turn(hours=2)
    await station.status("Preparing")
    assert await status_of(station) == "Preparing"


async def test_b6_a_queued_status_of_before_the_connection_still_overwrites_nothing(
    garage: Garage, station: Station
) -> None:
    await station.connect()
    garage.clock.turn(minutes=20)
    await station.status("Charging")
    garage.clock.turn(minutes=20)
    await station.status("Available", stamp=station.stamp(minutes=30))
    assert await status_of(station) == "Charging"


# -------------------------------------------------------------------------------------------------------------- our own


@pytest.mark.parametrize("ahead", [{"minutes": 3}, {"hours": 1}, {"days": 30}, {"days": 365}])
@pytest.mark.parametrize("stamp", ["ours", "none", "slow"])
async def test_b6_a_port_does_not_freeze(garage: Garage, station: Station, ahead: dict[str, float], stamp: str) -> None:
    def stamped() -> str:
        return {"ours": station.stamp(), "none": "", "slow": station.stamp(seconds=40)}[stamp]

    garage.clock.turn(**ahead)
    await station.connect()
    for status in ("Preparing", "Charging"):
        await station.status(status, stamp=stamped())
        garage.clock.turn(seconds=20)
    garage.clock.turn(**{unit: -amount for unit, amount in ahead.items()})
    for status in ("Finishing", "Available", "Preparing"):
        await station.status(status, stamp=stamped())
        assert await status_of(station) == status
        garage.clock.turn(seconds=20)
    # And by a charger whose clock is put back as well.
    await station.status("Available", stamp=station.stamp(seconds=90))
    assert await status_of(station) == "Available"


@pytest.mark.parametrize("ahead", [{"hours": 1}, {"days": 30}])
@pytest.mark.parametrize("is_synced", [True, False], ids=["synced", "unstamped"])
@pytest.mark.parametrize("is_named", [True, False])
async def test_m4_readings_do_not_freeze_though_the_clock_ran_ahead_meanwhile(
    garage: Garage, station: Station, ahead: dict[str, float], is_synced: bool, is_named: bool
) -> None:
    """The charger takes its time from us, or has none of its own."""
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag, meter=1000)
    named = session.id if is_named else None

    async def read(register: int) -> None:
        garage.clock.turn(minutes=5)
        await station.meter(named, register, stamp=station.stamp() if is_synced else FACTORY_CLOCK)

    await read(1500)
    garage.clock.turn(**ahead)
    await read(2000)
    await read(2500)
    garage.clock.turn(**{unit: -amount for unit, amount in ahead.items()})
    for register in (3000, 3500, 4000):
        await read(register)
        counted = await garage.session(session.id)
        assert (counted.energy_wh, counted.last_meter_at) == (register - 1000, garage.clock.now())
    garage.clock.turn(minutes=5)
    await station.stop(transactionId=session.id, meterStop=4200)
    ended = await garage.session(session.id)
    assert (ended.status, ended.energy_wh, ended.ended_at) == (SessionStatus.ENDED, 3200, garage.clock.now())
    assert not ended.flags & {SessionFlag.METER_RESET, SessionFlag.METER_LEAP}


@pytest.mark.parametrize("is_named", [True, False])
async def test_m4_readings_do_not_freeze_though_the_session_began_ahead(
    garage: Garage, station: Station, is_named: bool
) -> None:
    garage.clock.turn(hours=1)
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag, meter=1000)
    garage.clock.turn(minutes=1)
    garage.clock.turn(hours=-1)
    for register in (1500, 2000, 2500):
        garage.clock.turn(minutes=5)
        await station.meter(session.id if is_named else None, register)
        assert (await garage.session(session.id)).energy_wh == register - 1000
    garage.clock.turn(minutes=5)
    await station.stop(transactionId=session.id, meterStop=3000)
    ended = await garage.session(session.id)
    assert (ended.status, ended.energy_wh) == (SessionStatus.ENDED, 2000)


async def test_m4_m2_an_older_reading_that_comes_late_after_that_is_no_reset(garage: Garage, station: Station) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag, meter=1000)
    garage.clock.turn(minutes=10)
    before = station.stamp()
    garage.clock.turn(hours=1, minutes=10)
    await station.meter(session.id, 5000)
    garage.clock.turn(hours=-1)
    await station.meter(session.id, 3000, stamp=before)
    garage.clock.turn(minutes=5)
    await station.meter(session.id, 5400)
    await station.meter(session.id, 3000, stamp=before)
    counted = await garage.session(session.id)
    assert (counted.energy_wh, has(counted, SessionFlag.METER_RESET)) == (4400, False)


@pytest.mark.parametrize("meter_stop", [4000, "n/a"])
async def test_t1_readings_of_while_the_clock_ran_ahead_are_from_before_the_stop(
    garage: Garage, station: Station, meter_stop: object
) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag, meter=1000)
    garage.clock.turn(minutes=10)
    await station.meter(session.id, 2000)
    garage.clock.turn(hours=1, minutes=10)
    await station.meter(session.id, 4000)
    garage.clock.turn(hours=-1, minutes=1)
    await station.stop(transactionId=session.id, meterStop=meter_stop)
    ended = await garage.session(session.id)
    assert (ended.energy_wh, ended.ended_at) == (3000, garage.clock.now())
    assert not has(ended, SessionFlag.METER_RESET)


async def test_t12_b7_what_a_person_ends_does_not_end_in_our_future(garage: Garage, station: Station) -> None:
    """Readings were told while our clock ran an hour ahead."""
    await garage.set_rate(RateKind.PER_MINUTE, "10")
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    garage.clock.turn(minutes=10)
    garage.clock.turn(hours=1)
    await station.meter(session.id, 2000, stamp="")
    garage.clock.turn(hours=-1)
    garage.clock.turn(minutes=1)
    garage.chargers.answer = ChargerRejected()
    with pytest.raises(Refusal):
        await garage.house.charging.stop(garage.operator, session.id)
    await garage.house.charging.stop(garage.operator, session.id)
    ended = await garage.session(session.id)
    assert ended.ended_at is not None
    assert (ended.status, ended.energy_wh, ended.ended_at <= garage.clock.now()) == (SessionStatus.ENDED, 1000, True)


async def test_s7_a_start_after_that_ends_what_runs(garage: Garage, station: Station) -> None:
    garage.clock.turn(hours=1)
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag, meter=1000)
    garage.clock.turn(minutes=5)
    await station.meter(session.id, 1800)
    garage.clock.turn(hours=-1, minutes=5)
    await station.start("CARD", meter=2000)
    ended = await garage.session(session.id)
    assert (ended.status, ended.energy_wh, has(ended, SessionFlag.SUPERSEDED)) == (SessionStatus.ENDED, 1000, True)


async def test_t4_a_charger_is_asked_again_to_stop(garage: Garage, station: Station) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    garage.clock.turn(hours=1)
    await station.status("SuspendedEV", info="EV side disconnected")
    await station.look()
    asked = len(garage.chargers.stopped)
    assert asked
    garage.clock.turn(hours=-1, minutes=2)
    await station.look()
    assert len(garage.chargers.stopped) == asked + 1
    garage.clock.turn(seconds=20)
    await station.look()
    assert len(garage.chargers.stopped) == asked + 1


async def test_t7_a_port_that_is_free_since_an_hour_ahead_is_not_held(garage: Garage, station: Station) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    garage.clock.turn(hours=1)
    await station.status("Available")
    garage.clock.turn(hours=-1, minutes=6)
    await station.look()
    assert (await garage.session(session.id)).status is SessionStatus.ENDED


async def test_t7_a_transaction_that_was_rejected_an_hour_ahead_is_lost(garage: Garage, station: Station) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    for register in (1200, 1300):
        garage.clock.turn(minutes=1)
        await station.meter(session.id, register)
    garage.chargers.answer = ChargerRejected()
    garage.clock.turn(hours=1)
    with pytest.raises(Refusal):
        await garage.house.charging.stop(garage.operator, session.id)
    garage.clock.turn(hours=-1, minutes=4)
    await station.status("Faulted")
    await station.look()
    assert (await garage.session(session.id)).status is SessionStatus.CHARGING
    garage.clock.turn(minutes=2)
    await station.look()
    ended = await garage.session(session.id)
    assert (ended.status, ended.energy_wh) == (SessionStatus.ENDED, 300)


async def test_t7_a_session_that_was_closed_an_hour_ahead_and_runs_on_is_open_again(
    garage: Garage, station: Station
) -> None:
    stay = await garage.check_in()
    session = await garage.start(stay)
    await station.start(session.id_tag)
    garage.clock.turn(minutes=2)
    await station.meter(session.id, 1200)
    await station.hang_up()
    garage.chargers.answer = ChargerOffline()
    garage.clock.turn(hours=1)
    out = CheckOut(stay_id=stay.id, garage_id=None, ticket_number=None, stop_charging=True)
    await garage.house.stays.check_out(garage.operator, out)
    garage.clock.turn(hours=-1, minutes=8)
    await station.connect()
    garage.chargers.answer = None
    await station.meter(session.id, 2000)
    again = await garage.session(session.id)
    assert (again.status, again.energy_wh, again.must_stop) == (SessionStatus.CHARGING, 1000, True)
    await station.look()
    assert garage.chargers.stopped[-1] == session.id


async def test_m6_low_power_is_full_after_ten_minutes(garage: Garage, station: Station) -> None:
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag, meter=0)
    garage.clock.turn(hours=1)

    async def read(register: int, power: int) -> None:
        values = [{"value": str(register)}, {"value": str(power), "measurand": "Power.Active.Import", "unit": "W"}]
        entry = {"timestamp": station.stamp(), "sampledValue": values}
        said = {"connectorId": 1, "transactionId": session.id, "meterValue": [entry]}
        await station.call("MeterValues", said)

    await read(9000, 9000)
    await read(9001, 10)
    garage.clock.turn(hours=-1)
    for minute in range(12):
        garage.clock.turn(minutes=1)
        await read(9001 + minute, 10)
    full = await garage.session(session.id)
    assert full.full_since is not None
    assert full.full_since <= garage.clock.now() - timedelta(minutes=10)


async def test_b3_a_setting_that_was_sent_ahead_is_sent_again(garage: Garage) -> None:
    now = garage.clock.now()
    setting = ConfigurationSetting(
        key="HeartbeatInterval", value="86400", is_readonly=False, is_known=True, read_at=now, answer="Accepted",
        asked_at=now + timedelta(hours=1), wish=Wish(key="HeartbeatInterval", value="300", why=""), is_operators=False,
    )  # fmt: skip
    assert is_to_change(setting, now)

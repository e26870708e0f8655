"""S5, B3: how long a start may wait where its charge point has its own ConnectionTimeOut."""

from datetime import timedelta

import pytest

from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.models import ConfigurationKeyRow
from evgraph.services.interfaces import ChargerRejected
from evgraph.services.start_window import start_window
from tests.services.conftest import Garage
from tests.services.test_configuring import SET, Settings

OURS = timedelta(seconds=180)


async def configured(garage: Garage, value: str | None, key: str = "ConnectionTimeOut", **more: object) -> Settings:
    held = {name: what for name, what in SET.items() if name != "ConnectionTimeOut"} | {key: value}
    settings = Settings(held, **more).install(garage)  # type: ignore[arg-type]
    await garage.house.onboarding.configure(garage.charge_point_id)
    return settings


async def window(garage: Garage) -> timedelta:
    return await start_window(garage.charge_point_id, OURS)


def waits(session: ChargingSession) -> timedelta:
    assert session.start_deadline is not None
    return session.start_deadline - session.asked_at


async def test_s5_one_that_takes_our_window_has_it(garage: Garage) -> None:
    settings = await configured(garage, "30")
    assert settings.keys["ConnectionTimeOut"] == "180"
    assert await window(garage) == OURS


async def test_s5_one_that_told_nothing_has_ours(garage: Garage) -> None:
    assert await window(garage) == OURS


@pytest.mark.parametrize(("value", "seconds"), [("30", 30), ("600", 600), ("2", 10), ("0", 180), ("?", 180)])
@pytest.mark.parametrize("key", ["ConnectionTimeOut", "CONNECTIONTIMEOUT"])
async def test_s5_one_that_can_be_read_and_not_set_keeps_its_own(
    garage: Garage, key: str, value: str, seconds: int
) -> None:
    await configured(garage, value, key, readonly={key})
    assert await window(garage) == timedelta(seconds=seconds)


@pytest.mark.parametrize("answer", ["Rejected", "NotSupported", "RebootRequired", ChargerRejected("Error")])
async def test_s5_one_that_does_not_take_ours_keeps_its_own(garage: Garage, answer: object) -> None:
    await configured(garage, "60", refuses={"ConnectionTimeOut": answer})
    assert await window(garage) == timedelta(seconds=60)


async def test_s5_one_whose_configuration_we_leave_alone_keeps_its_own(garage: Garage) -> None:
    await garage.house.registration.update(garage.operator, garage.charge_point_id, configures=False)
    Settings(SET | {"ConnectionTimeOut": "60"}).install(garage)
    await garage.house.configurations.get(garage.operator, garage.charge_point_id)
    assert await window(garage) == timedelta(seconds=60)


async def test_s5_an_operators_own_value_counts(garage: Garage) -> None:
    await configured(garage, "180")
    await garage.house.configurations.set(garage.operator, garage.charge_point_id, "ConnectionTimeOut", "240")
    assert await window(garage) == timedelta(seconds=240)


async def test_s5_one_that_took_ours_and_was_not_read_since_has_it(garage: Garage) -> None:
    await configured(garage, "60", readonly={"ConnectionTimeOut"})
    garage.clock.turn(minutes=1)
    await ConfigurationKeyRow.filter(charge_point_id=garage.charge_point_id, key="ConnectionTimeOut").update(
        answer="Accepted", asked_at=garage.clock.now()
    )
    assert await window(garage) == OURS


@pytest.mark.parametrize(("value", "seconds"), [("30", 30), ("600", 600)])
async def test_s4_s5_a_start_is_given_up_when_its_charger_gives_it_up(garage: Garage, value: str, seconds: int) -> None:
    await configured(garage, value, readonly={"ConnectionTimeOut"})
    session = await garage.start(await garage.check_in())
    assert waits(session) == timedelta(seconds=seconds)
    garage.clock.turn(seconds=seconds - 1)
    assert await garage.house.charging.expire_starts() == 0
    garage.clock.turn(seconds=1)
    assert await garage.house.charging.expire_starts() == 1
    assert (await garage.session(session.id)).status is SessionStatus.FAILED


async def test_s5_a_start_that_waits_keeps_the_window_that_it_began_with(garage: Garage) -> None:
    settings = await configured(garage, "60", readonly={"ConnectionTimeOut"})
    session = await garage.start(await garage.check_in())
    settings.keys["ConnectionTimeOut"] = "600"
    await garage.house.configurations.get(garage.operator, garage.charge_point_id)
    assert await window(garage) == timedelta(seconds=600)
    assert waits(await garage.session(session.id)) == timedelta(seconds=60)


async def test_s5_another_charge_point_is_not_concerned(garage: Garage) -> None:
    await configured(garage, "60", readonly={"ConnectionTimeOut"})
    assert await start_window(garage.other_charge_point_id, OURS) == OURS

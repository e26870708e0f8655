"""Charging profiles: what they leave to a connector, and the schedule that comes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evgraph.simulator import Car
from evgraph.simulator.smart_charging import Profile

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def a_profile(number: int = 1, purpose: str = "TxDefaultProfile", *periods: tuple[int, float], **more) -> dict:
    """As it comes in a CALL; `rateUnit`, `start`, `duration` are its schedule's."""
    schedule = {
        "chargingRateUnit": more.pop("rateUnit", "W"),
        "chargingSchedulePeriod": [{"startPeriod": begin, "limit": limit} for begin, limit in periods or [(0, 5000)]],
    }
    for ours, theirs in (("start", "startSchedule"), ("duration", "duration")):
        if ours in more:
            schedule[theirs] = more.pop(ours)
    return {
        "chargingProfileId": number,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
        **more,
    }


def read(**more) -> Profile:
    """The same, as a charge point keeps it."""
    fields = {
        "charging_profile_id": 1,
        "stack_level": 0,
        "charging_profile_purpose": "TxProfile",
        "charging_profile_kind": "Absolute",
        "charging_schedule": {
            "charging_rate_unit": "W",
            "charging_schedule_period": [{"start_period": 0, "limit": 7000}, {"start_period": 3600, "limit": 3000}],
            "start_schedule": NOON.isoformat(),
        },
    }
    schedule = fields["charging_schedule"] | more.pop("schedule", {})
    return Profile.of(1, fields | more | {"charging_schedule": schedule})


@pytest.mark.parametrize(
    ("more", "at", "limit"),
    [
        ({}, NOON - timedelta(seconds=1), None),
        ({}, NOON, 7000),
        ({}, NOON + timedelta(minutes=61), 3000),
        ({"schedule": {"duration": 7200}}, NOON + timedelta(hours=2), None),
        ({"valid_from": (NOON + timedelta(minutes=5)).isoformat()}, NOON, None),
        ({"valid_to": (NOON + timedelta(minutes=5)).isoformat()}, NOON + timedelta(minutes=5), None),
        ({"charging_profile_kind": "Recurring", "recurrency_kind": "Daily"}, NOON + timedelta(days=3, hours=2), 3000),
        ({"charging_profile_kind": "Recurring", "recurrency_kind": "Weekly"}, NOON + timedelta(days=7), 7000),
        ({"charging_profile_kind": "Relative"}, NOON + timedelta(minutes=30), 7000),
        ({"charging_profile_kind": "Relative"}, NOON + timedelta(minutes=80), 3000),
    ],
)
def test_a_profile_says_its_limit(more, at, limit):
    assert read(**more).limit_w(at, NOON + timedelta(minutes=10)) == limit


async def start(charge_point, central_system, **more) -> None:
    await charge_point.plug_in(1, Car(state_of_charge=0.1, max_power_w=11_500))
    await central_system.send("RemoteStartTransaction", idTag="TAG", connectorId=1, **more)
    await charge_point.wait_for_status(1, "Charging")
    await charge_point.told_everything()


async def set_profile(central_system, connector: int, profile: dict) -> str:
    answer = await central_system.send("SetChargingProfile", connectorId=connector, csChargingProfiles=profile)
    return answer["status"]


async def test_a_profile_lowers_the_power_until_it_is_cleared(charge_point, central_system):
    await start(charge_point, central_system)
    assert charge_point.connector(1).power_w == 11_500
    assert await set_profile(central_system, 1, a_profile(7, "TxProfile", transactionId=1001)) == "Accepted"
    assert charge_point.connector(1).power_w == 5000
    assert (
        await set_profile(central_system, 0, a_profile(8, "ChargePointMaxProfile", (0, 10), rateUnit="A")) == "Accepted"
    )
    assert charge_point.connector(1).power_w == 2400
    assert await central_system.send("ClearChargingProfile", id=8) == {"status": "Accepted"}
    assert await central_system.send("ClearChargingProfile", id=8) == {"status": "Unknown"}
    assert charge_point.connector(1).power_w == 5000
    cleared = await central_system.send("ClearChargingProfile", chargingProfilePurpose="TxProfile", connectorId=1)
    assert cleared == {"status": "Accepted"}
    assert charge_point.connector(1).power_w == 11_500


async def test_no_power_at_all_is_suspended_by_the_charge_point(charge_point, central_system):
    await start(charge_point, central_system)
    await set_profile(central_system, 1, a_profile(7, "TxProfile", (0, 0)))
    await charge_point.wait_for_status(1, "SuspendedEVSE")
    register = charge_point.connector(1).meter.register_wh
    await central_system.came("MeterValues", times=len(central_system.payloads("MeterValues")) + 2)
    assert charge_point.connector(1).meter.register_wh == register


async def test_a_profile_of_a_transaction_ends_with_it(charge_point, central_system):
    profile = a_profile(7, "TxProfile")
    await start(charge_point, central_system, chargingProfile=profile)
    assert charge_point.connector(1).power_w == 5000
    await charge_point.unplug()
    await charge_point.told_everything()
    await start(charge_point, central_system)
    assert charge_point.connector(1).power_w == 11_500


async def test_a_higher_stack_level_and_the_connectors_own_profile_come_first(charge_point, central_system):
    await set_profile(central_system, 0, a_profile(1, "TxDefaultProfile", (0, 9000)))
    await set_profile(central_system, 1, a_profile(2, "TxDefaultProfile", (0, 8000)))
    await set_profile(central_system, 1, a_profile(3, "TxDefaultProfile", (0, 8500), stackLevel=2))
    await start(charge_point, central_system)
    assert charge_point.connector(1).power_w == 8500
    await central_system.send("ClearChargingProfile", stackLevel=2)
    assert charge_point.connector(1).power_w == 8000
    await central_system.send("ClearChargingProfile", connectorId=1)
    assert charge_point.connector(1).power_w == 9000


@pytest.mark.parametrize(
    ("connector", "profile"),
    [
        (1, a_profile(1, "TxProfile")),
        (0, a_profile(1, "TxProfile")),
        (1, a_profile(1, "ChargePointMaxProfile")),
        (4, a_profile(1)),
        (1, a_profile(1, stackLevel=99)),
        (1, a_profile(1, "TxDefaultProfile", (60, 5000))),
    ],
)
async def test_a_profile_that_does_not_fit_is_rejected(charge_point, central_system, connector, profile):
    assert await set_profile(central_system, connector, profile) == "Rejected"


async def test_the_composite_schedule_is_the_lowest_of_all_limits(charge_point, central_system):
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=60)
    start_ = begin.isoformat().replace("+00:00", "Z")
    await set_profile(central_system, 1, a_profile(1, "TxDefaultProfile", (0, 9000), (3660, 4000), start=start_))
    await set_profile(central_system, 0, a_profile(2, "ChargePointMaxProfile", (0, 6000), start=start_, duration=7200))
    answer = await central_system.send("GetCompositeSchedule", connectorId=1, duration=9000, chargingRateUnit="W")
    assert answer["status"] == "Accepted"
    schedule = answer["chargingSchedule"]
    assert (schedule["duration"], schedule["chargingRateUnit"]) == (9000, "W")
    periods = [(period["startPeriod"], period["limit"]) for period in schedule["chargingSchedulePeriod"]]
    assert [limit for _, limit in periods] == [6000, 4000]
    assert abs(periods[1][0] - 3600) <= 2
    amps = await central_system.send("GetCompositeSchedule", connectorId=1, duration=60, chargingRateUnit="A")
    assert amps["chargingSchedule"]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 25.0}]
    assert (await central_system.send("GetCompositeSchedule", connectorId=5, duration=60))["status"] == "Rejected"

"""What the doctor reads out of frames, whatever stands in them."""

from datetime import UTC, datetime, timedelta

import pytest

from evgraph.domain.asks import Configuration, GetConfiguration, TriggerMessage
from evgraph.domain.charge_point import FrameDirection, FrameKind
from evgraph.domain.checkup import Verdict
from evgraph.domain.frames import LoggedFrame
from evgraph.domain.people import Right, Role
from evgraph.services.checkup import measurands, stamped
from tests.services.conftest import Garage

NOW = datetime(2026, 11, 22, 8, 48, tzinfo=UTC)
REGISTER = "Energy.Active.Import.Register"


def frame(text: str) -> LoggedFrame:
    return LoggedFrame(
        id=1,
        charge_point_id=1,
        at=NOW,
        direction=FrameDirection.RECEIVED,
        kind=FrameKind.CALL,
        message_id="1",
        action="MeterValues",
        frame=text,
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('[2,"1","MeterValues",{"meterValue":[{"sampledValue":[{"value":"1"}]}]}]', {REGISTER}),
        (
            '[2,"1","MeterValues",{"meterValue":[{"sampledValue":[{"value":"1","measurand":"Voltage"},7]},3]}]',
            {"Voltage"},
        ),
        ('[2,"1","MeterValues",{"meterValue":{}}]', set()),
        ('[2,"1","MeterValues",{"meterValue":[{"sampledValue":"x"}]}]', set()),
        ('[2,"1","MeterValues",[]]', set()),
        ('[2,"1"]', set()),
        ("{}", set()),
        ("not JSON", set()),
        ("[" * 100_000, set()),
    ],
)
def test_the_measurands_of_a_frame(text: str, found: set[str]) -> None:
    assert measurands(text) == found


@pytest.mark.parametrize(
    ("told", "stamp"),
    [
        ('"2026-11-22T08:47:00Z"', NOW - timedelta(minutes=1)),
        ('"2026-11-22T03:48:00.5-05:00"', NOW + timedelta(milliseconds=500)),
        ('"2026-11-22T08:48:00"', NOW),
        ('"yesterday"', None),
        ("7", None),
    ],
)
def test_b7_its_stamp_beside_ours(told: str, stamp: datetime | None) -> None:
    for text in (
        f'[2,"1","StatusNotification",{{"timestamp":{told}}}]',
        f'[2,"1","MeterValues",{{"meterValue":[{{"timestamp":{told}}}]}}]',
    ):
        found = stamped(frame(text))
        assert found is not None
        assert (found.stamp, found.received_at) == (stamp, NOW)
    assert stamped(frame('[2,"1","StatusNotification",{}]')) is None
    assert stamped(frame("nonsense")) is None


async def test_a_reading_that_was_promised_and_never_comes(garage: Garage) -> None:
    garage.house.checkup._reading_wait = 0.05
    garage.chargers.answers |= {
        GetConfiguration: Configuration(keys=(), unknown=()),
        TriggerMessage: "Accepted",
    }
    found = await garage.house.checkup.check(garage.operator, garage.charge_point_id)
    (reading,) = [finding for finding in found if finding.topic == "reading"]
    assert (reading.verdict, "none came within 0.05 s" in reading.text) == (Verdict.WARN, True)
    assert [ask.message for ask in garage.chargers.all(TriggerMessage)] == ["MeterValues"]


async def test_t10_a_garage_without_a_rate_is_warned_of(garage: Garage) -> None:
    garage.house.checkup._reading_wait = 0.05

    async def verdict() -> Verdict:
        found = await garage.house.checkup.check(garage.operator, garage.charge_point_id)
        return next(finding.verdict for finding in found if finding.topic == "rate")

    assert await verdict() is Verdict.WARN
    await garage.set_rate()
    assert await verdict() is Verdict.OK


async def test_a_token_is_lent_where_somebody_operates_the_garage(garage: Garage) -> None:
    people = garage.house.people
    assert await people.lend_token(Right.OPERATE, garage.id) is None
    for email, role in (("attendant@example.com", Role.ATTENDANT), ("operator@example.com", Role.OPERATOR)):
        await garage.house.registration.add_person(
            garage_ids=[garage.id], email=email, name=email, password="a good one", role=role
        )
    token = await people.lend_token(Right.OPERATE, garage.id)
    assert token is not None
    viewer = await people.viewer_of(token)
    assert viewer is not None
    assert viewer.email == "operator@example.com"
    garage.clock.turn(minutes=6)
    assert await people.viewer_of(token) is None

"""C10: replay comes to what the books say, where the books were corrected since, or a clock was wrong for a time."""

import pytest

from evgraph.domain.rate import RateKind

from .station import FACTORY_CLOCK
from .story import Story


@pytest.fixture
def simulated_speed() -> int:
    return 1


@pytest.mark.parametrize("how", ["free", "checked out"])
async def test_c10_t7_a_session_that_we_closed_is_known_to_have_been_when_its_truth_is_told(
    story: Story, how: str
) -> None:
    """A stop that named nothing did not fit then, and would fit a session that runs."""
    await story.rate()
    session = await story.ask()
    await story.station.start(session.id_tag)
    story.go(10)
    await story.read(session, 10, 2000)
    if how == "free":
        await story.free(11)
    else:
        await story.check_out_offline(session, 11)
    story.go(300)
    await story.station.stop(transactionId=-1, meterStop=5000)
    assert await story.station.cents(session.id) == 100
    await story.agrees()
    await story.station.stop(transactionId=session.id, meterStop=2300, timestamp=story.stamp(12))
    assert await story.station.cents(session.id) == 130


@pytest.mark.parametrize("after", [None, "status", "readings"])
async def test_c10_t7_a_status_that_came_while_our_clock_ran_ahead(story: Story, after: str | None) -> None:
    await story.rate(RateKind.PER_MINUTE)
    session = await story.ask()
    await story.station.start(session.id_tag)
    story.go(10)
    await story.read(session, 10, 2000)
    story.go(24 * 60)
    await story.station.status("Available", stamp=story.stamp(12))
    story.go(20)
    await story.station.look()
    assert await story.station.cents(session.id) == 120
    await story.agrees()
    story.go(30)
    if after == "status":
        await story.station.status("Available")
    elif after == "readings":
        await story.read(None, 30, 2000)
    assert await story.station.cents(session.id) == 120


@pytest.mark.parametrize("minutes", [(10, 10.05, 11), (10, 11, 11.05), (10, 10.05, 10.1)])
async def test_c10_m4_intervals_by_a_clock_that_stands_still(story: Story, minutes: tuple[float, ...]) -> None:
    await story.rate()
    session = await story.ask()
    await story.station.start(session.id_tag, meter=0)
    value = {"value": "500", "measurand": "Energy.Active.Import.Interval", "unit": "Wh"}
    for minute in minutes:
        story.go(minute)
        entry = {"timestamp": FACTORY_CLOCK, "sampledValue": [value]}
        await story.station.call("MeterValues", {"connectorId": 1, "transactionId": session.id, "meterValue": [entry]})
    assert (await story.garage.session(session.id)).energy_wh == (500 if minutes[-1] < 11 else 1000)

"""X2, and every rule of a bill: whatever a charger does, the product bills what the calculator bills."""

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from .comparing import Comparison
from .conftest import Run
from .garage import Charger, Town
from .story import Story
from .strategies import HABITS, Script, scripts
from .summary import Compared

# In `make test` a minute at most, and the same stories each time; `make calculate` takes thousands of others.
IS_RANDOM = "EVGRAPH_STORIES" in os.environ
STORIES = int(os.environ.get("EVGRAPH_STORIES", "60"))
# To look for a shorter story that fails takes minutes.
PHASES = (Phase.generate, Phase.shrink) if "EVGRAPH_SHRINK" in os.environ else (Phase.generate,)


async def _compared(town: Town, script: Script) -> tuple[Comparison, list[str]]:
    charger = await Charger.found(town, connectors=script.connectors, kind=script.kind, cents=script.cents)
    story = Story(charger)
    try:
        await script.play(story)
        found = await story.finish()
    finally:
        await charger.hang_up()
    wh = {bill.transaction_id: bill.energy_wh for bill in found.bills.sessions}
    lies = [
        f"{name} drew {truth} Wh, and the calculator says {wh[story.ids[name]]}"
        for name, truth in script.truths.items()
        if name in story.ids and wh.get(story.ids[name], truth) != truth
    ]
    return found, lies


def _check(town: tuple[Town, Run], compared: Compared, script: Script) -> None:
    garage, run = town
    found, lies = run(_compared(garage, script))
    for habits in script.habits.values():
        compared.add(habits)
    assert (lies, found.differences) == ([], [])


def _stories(times: int) -> settings:
    return settings(
        max_examples=max(times, 1),
        deadline=None,
        database=None,
        derandomize=not IS_RANDOM,
        phases=PHASES,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.filter_too_much,
        ],
    )


@_stories(STORIES)
@given(script=scripts())
def test_x2_any_story_is_billed_alike(town: tuple[Town, Run], compared: Compared, script: Script) -> None:
    _check(town, compared, script)


@pytest.mark.parametrize("habit", HABITS)
def test_x2_every_habit_is_billed_alike(town: tuple[Town, Run], compared: Compared, habit: str) -> None:
    @_stories(STORIES // 15)
    @given(script=scripts(habit))
    def tell(script: Script) -> None:
        _check(town, compared, script)

    tell()
    assert habit in compared.counted

"""X2, and every rule of a bill: whatever a charger does, the product bills what the calculator bills."""

import os
from collections import Counter

from hypothesis import HealthCheck, given, settings

from .comparing import Comparison
from .conftest import Run
from .garage import Charger, Town
from .story import Story
from .strategies import Script, scripts

# In `make test` a minute at most; `make calculate` takes thousands.
STORIES = int(os.environ.get("EVGRAPH_STORIES", "60"))


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


@settings(
    max_examples=STORIES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(script=scripts())
def test_x2_any_story_is_billed_alike(town: tuple[Town, Run], compared: Counter[str], script: Script) -> None:
    garage, run = town
    found, lies = run(_compared(garage, script))
    for habits in script.habits.values():
        compared.update(habits)
    assert lies == []
    assert found.differences == []

"""The supervisor: whatever ends a task, it is logged, started again, and told of meanwhile."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from evgraph.models.failures import DatabaseUnavailable
from evgraph.services.supervision import Supervisor
from tests.patience import PATIENCE_S


@pytest.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(first_pause_s=0.05, longest_pause_s=0.1)
    yield supervisor
    await supervisor.stop()


class Work:
    """Ends as it is told, and then runs."""

    def __init__(self, *ends: BaseException | None) -> None:
        self.ends = list(ends)
        self.starts = 0
        self.runs = asyncio.Event()

    async def run(self) -> None:
        self.starts += 1
        if self.ends:
            end = self.ends.pop(0)
            if end is not None:
                raise end
            return
        self.runs.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (KeyError("a bug"), "It failed (KeyError)."),
        (DatabaseUnavailable("gone"), "It failed (DatabaseUnavailable)."),
        (asyncio.CancelledError(), "It was cancelled."),
        (None, "It ended."),
    ],
    ids=repr,
)
async def test_a_task_that_ends_is_told_of_and_starts_again(
    supervisor: Supervisor, end: BaseException, why: str
) -> None:
    work = Work(end, end)
    supervisor.start("frames", work.run)
    await asyncio.sleep(0.02)
    assert supervisor.down == {"frames": why}
    await asyncio.wait_for(work.runs.wait(), PATIENCE_S)
    assert (work.starts, supervisor.down) == (3, {})


async def test_one_that_ends_leaves_the_others_alone(supervisor: Supervisor) -> None:
    bad, good = Work(KeyError("a bug")), Work()
    supervisor.start("bad", bad.run)
    supervisor.start("good", good.run)
    await asyncio.wait_for(bad.runs.wait(), PATIENCE_S)
    assert good.starts == 1


async def test_stopped_it_is_not_started_again_in_its_pause_neither(supervisor: Supervisor) -> None:
    running, pausing = Work(), Work(KeyError("a bug"))
    supervisor.start("running", running.run)
    supervisor.start("pausing", pausing.run)
    await asyncio.sleep(0.02)
    await supervisor.stop()
    await asyncio.sleep(0.1)
    assert (running.starts, pausing.starts, supervisor.down) == (1, 1, {"pausing": "It failed (KeyError)."})

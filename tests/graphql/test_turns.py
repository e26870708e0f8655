"""Who asks while an answer is being made shares the next one; nobody gets one that was begun before they asked."""

import asyncio
from collections.abc import Callable

import pytest

from evgraph.answering.turns import Turns


class Answers:
    """Each is the number of its run, given when it is let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.fails = False
        self.gates: list[asyncio.Event] = []

    async def run(self) -> int:
        self.begun += 1
        number, gate = self.begun, asyncio.Event()
        self.gates.append(gate)
        await gate.wait()
        if self.fails:
            raise ZeroDivisionError
        return number


Ask = Callable[[], "asyncio.Task[int]"]


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def ask(answers: Answers) -> Ask:
    turns = Turns[int]()
    return lambda: asyncio.create_task(turns.of(answers.run))


async def _soon() -> None:
    for _ in range(4):
        await asyncio.sleep(0)


async def test_those_who_ask_meanwhile_share_the_next(answers: Answers, ask: Ask) -> None:
    first = ask()
    await _soon()
    second, third = ask(), ask()
    await _soon()
    assert answers.begun == 1
    answers.gates[0].set()
    await _soon()
    assert (await first, answers.begun) == (1, 2)
    fourth = ask()
    await _soon()
    answers.gates[1].set()
    assert (await second, await third) == (2, 2)
    await _soon()
    answers.gates[2].set()
    assert await fourth == 3
    fifth = ask()
    await _soon()
    answers.gates[3].set()
    assert await fifth == 4


async def test_who_goes_leaves_their_turn_to_the_next(answers: Answers, ask: Ask) -> None:
    first = ask()
    await _soon()
    second, third, fourth = ask(), ask(), ask()
    await _soon()
    first.cancel()
    second.cancel()
    await _soon()
    assert answers.begun == 2
    third.cancel()
    await _soon()
    answers.gates[2].set()
    assert await fourth == 3
    assert first.cancelled()
    assert second.cancelled()
    assert third.cancelled()


async def test_who_goes_in_the_moment_of_their_turn_leaves_it_too(answers: Answers, ask: Ask) -> None:
    first = ask()
    await _soon()
    second, third = ask(), ask()
    await _soon()
    answers.gates[0].set()
    # After the first has told it that it is its turn, and before it begins.
    asyncio.get_running_loop().call_soon(second.cancel)
    await _soon()
    assert (await first, second.cancelled(), answers.begun) == (1, True, 2)
    answers.gates[1].set()
    assert await third == 2


async def test_what_fails_fails_for_those_who_share_it_and_not_for_the_next(answers: Answers, ask: Ask) -> None:
    first = ask()
    await _soon()
    shared = [ask(), ask()]
    await _soon()
    answers.fails = True
    answers.gates[0].set()
    await _soon()
    later = ask()
    await _soon()
    answers.gates[1].set()
    await _soon()
    answers.fails = False
    answers.gates[2].set()
    for one in (first, *shared):
        with pytest.raises(ZeroDivisionError):
            await one
    assert await later == 3

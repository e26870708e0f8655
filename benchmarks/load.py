"""Two kinds of load: as much as is answered, and an even pace with boards that watch."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, monotonic_ns

from benchmarks.board import Board
from benchmarks.charger import Charger
from benchmarks.process import Meter, Server, Usage

_LAST_ANSWERS_S = 15.0
_LAST_UPDATES_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Waits:
    """How long something took, in milliseconds."""

    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, nanoseconds: list[int]) -> "Waits":
        ordered = sorted(nanoseconds) or [0]
        at = [ordered[min(int(len(ordered) * share), len(ordered) - 1)] / 1e6 for share in (0.5, 0.99)]
        return cls(p50_ms=at[0], p99_ms=at[1])


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A closed loop's outcome."""

    a_second: float
    a_cpu_second: float
    answer: Waits
    usage: Usage


@dataclass(frozen=True, kw_only=True)
class Told:
    """A paced run's outcome. `share`: of all the updates that all boards should have received, those that came until
    five seconds after the last reading; `board` is the waits of these."""

    share: float
    board: Waits
    answer: Waits
    usage: Usage


async def closed_loop(
    chargers: Sequence[Charger], server: Server, registers: Iterator[int], *, seconds: float, warm_up: float
) -> Answered:
    """Each charger sends its next reading when the one before is answered."""
    waits: list[int] = []
    until = monotonic() + warm_up + seconds

    def next_reading(charger: Charger, waited_ns: int) -> None:
        waits.append(waited_ns)
        if monotonic() < until:
            charger.meter(next(registers))

    for charger in chargers:
        charger.answered = next_reading
        charger.meter(next(registers))
    await asyncio.sleep(warm_up)
    waits.clear()
    meter = Meter(server)
    await asyncio.sleep(until - monotonic())
    usage, measured = meter.read(), waits.copy()
    await _rest(chargers)
    return Answered(
        a_second=len(measured) / usage.seconds,
        a_cpu_second=len(measured) / usage.server_s,
        answer=Waits.of(measured),
        usage=usage,
    )


async def paced(
    chargers: Sequence[Charger],
    server: Server,
    registers: Iterator[int],
    *,
    seconds: float,
    a_second: int,
    boards: int,
    token: str,
    garage_id: str,
) -> Told:
    """Readings at an even pace, from one charger after the other. No two ever tell the same register, and sessions
    begin at 0 Wh, so that a board's update is known by its energy."""
    count = round(seconds * a_second)
    expected = count * boards
    sent: dict[int, int] = {}
    answers: list[int] = []
    waits: list[int] = []
    all_told = asyncio.Event()

    def told(energy_wh: int, at_ns: int) -> None:
        sent_ns = sent.get(energy_wh)
        if sent_ns is not None:
            waits.append(at_ns - sent_ns)
            if len(waits) == expected:
                all_told.set()

    for charger in chargers:
        charger.answered = lambda _, waited_ns: answers.append(waited_ns)
    watching: list[Board] = []
    try:
        for _ in range(boards):
            board = Board(told)
            watching.append(board)
            await board.watch(server.port, token, garage_id, running=len(chargers))
        meter, begun = Meter(server), monotonic()
        for number in range(count):
            await asyncio.sleep(begun + number / a_second - monotonic())
            register = next(registers)
            sent[register] = monotonic_ns()
            chargers[number % len(chargers)].meter(register)
        usage = meter.read()
        await _rest(chargers)
        with suppress(TimeoutError):
            await asyncio.wait_for(all_told.wait(), _LAST_UPDATES_S)
        _raise_failures(watching)
    finally:
        for board in watching:
            board.close()
    return Told(share=len(waits) / expected, board=Waits.of(waits), answer=Waits.of(answers), usage=usage)


async def _rest(chargers: Sequence[Charger]) -> None:
    try:
        await asyncio.wait_for(asyncio.gather(*(charger.rest() for charger in chargers)), _LAST_ANSWERS_S)
    finally:
        _raise_failures(chargers)


def _raise_failures(clients: Sequence[Charger | Board]) -> None:
    for client in clients:
        if client.failure is not None:
            raise client.failure

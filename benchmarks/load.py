"""Two kinds of load on the road of a reading: as much as is answered, and an even pace with boards that watch."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from time import monotonic, monotonic_ns
from typing import Protocol

from benchmarks.board import Board
from benchmarks.charger import Charger
from benchmarks.measured import Run, Waits
from benchmarks.process import Meter, Server

_LAST_ANSWERS_S = 20.0
_LAST_UPDATES_S = 3.0
_OPENING_S = 60.0
# So many at once come through the door.
_TOGETHER = 16


async def closed_loop(
    chargers: Sequence[Charger], server: Server, registers: Iterator[int], *, seconds: float, warm_up: float
) -> Run:
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
    await rest(chargers)
    return Run(a_second=len(measured) / usage.seconds, waits=Waits.of(measured), usage=usage)


class Source(Protocol):
    """Where updates of energy come from. `answers`: how long each reading waited, where someone answers."""

    answers: list[int]

    def send(self, energy_wh: int) -> bool:
        """Whether it is one that the boards are told of."""

    async def rest(self) -> None:
        """Until all that was sent is answered."""


class Chargers:
    """In turn; the first of each `watched_every` is in the garage that the boards watch. Their sessions begin at 0 Wh,
    so that a register is the energy that a board shows."""

    def __init__(self, chargers: Sequence[Charger], watched_every: int = 1) -> None:
        self.answers: list[int] = []
        self._chargers = chargers
        self._watched_every = watched_every
        self._turn = 0
        for charger in chargers:
            charger.answered = lambda _, waited_ns: self.answers.append(waited_ns)

    def send(self, energy_wh: int) -> bool:
        at = self._turn % len(self._chargers)
        self._turn += 1
        self._chargers[at].meter(energy_wh)
        return at % self._watched_every == 0

    async def rest(self) -> None:
        await rest(self._chargers)


async def paced(
    source: Source,
    server: Server,
    registers: Iterator[int],
    boards: Sequence[Board],
    *,
    seconds: float,
    a_second: int,
    warm_up: float = 1.0,
) -> Run:
    """Updates at an even pace. No two ever tell the same energy, so that each is known again on a board.

    `a_second` of the run is the updates that were delivered, `waits` from when a charger has its reading to send until
    a board has it, `share` what came until three seconds after the last reading.
    """
    sent: dict[int, int] = {}
    waits: list[int] = []
    expected, all_told = 0, asyncio.Event()

    def told(energy_wh: int, at_ns: int) -> None:
        sent_ns = sent.get(energy_wh)
        if sent_ns is not None:
            waits.append(at_ns - sent_ns)
            if len(waits) == expected:
                all_told.set()

    for board in boards:
        board.told = told

    async def send(count: int, *, is_measured: bool) -> None:
        begun = monotonic()
        for number in range(count):
            wait = begun + number / a_second - monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            energy_wh, at_ns = next(registers), monotonic_ns()
            if source.send(energy_wh) and is_measured:
                sent[energy_wh] = at_ns

    await send(round(warm_up * a_second), is_measured=False)
    source.answers.clear()
    meter = Meter(server)
    await send(round(seconds * a_second), is_measured=True)
    usage, in_time = meter.read(), len(waits)
    answers = source.answers.copy()
    expected = len(sent) * len(boards)
    await source.rest()
    if len(waits) < expected:
        with suppress(TimeoutError):
            await asyncio.wait_for(all_told.wait(), _LAST_UPDATES_S)
    raise_failures(boards)
    return Run(
        a_second=in_time / usage.seconds,
        share=len(waits) / expected if expected else 1.0,
        waits=Waits.of(waits),
        answers=Waits.of(answers) if answers else None,
        usage=usage,
    )


@asynccontextmanager
async def watching(
    server: Server, count: int, *, token: str = "", garage_id: str = "", running: int = 0
) -> AsyncIterator[list[Board]]:
    """Boards that show the `running` sessions already. Raises TimeoutError, with how far it came, when the server is
    too slow for that."""
    boards: list[Board] = []
    door = asyncio.Semaphore(_TOGETHER)

    async def open_one() -> None:
        async with door:
            board = Board()
            boards.append(board)
            await board.watch(server.port, token, garage_id, running)

    opening = [asyncio.create_task(open_one()) for _ in range(count)]
    try:
        try:
            async with asyncio.timeout(_OPENING_S):
                await asyncio.gather(*opening)
        except TimeoutError as failure:
            shown = sum(board.updates >= running for board in boards)
            raise TimeoutError(
                f"{shown} of {count} boards, of {running} sessions each, were open in time."
            ) from failure
        yield boards
    finally:
        for task in opening:
            task.cancel()
        await asyncio.gather(*opening, return_exceptions=True)
        for board in boards:
            board.close()


async def rest(chargers: Sequence[Charger]) -> None:
    """Until each has the answer that it waits for. Raises what went wrong with one."""
    try:
        await asyncio.wait_for(asyncio.gather(*(charger.rest() for charger in chargers)), _LAST_ANSWERS_S)
    finally:
        raise_failures(chargers)


def raise_failures(clients: Sequence[Charger | Board]) -> None:
    for client in clients:
        if client.failure is not None:
            raise client.failure

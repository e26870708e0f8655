"""A fleet of chargers that serve one vehicle after the other, while the test makes trouble; then all is billed once."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from decimal import Decimal
from random import Random, SystemRandom
from typing import Any, TypeVar

import httpx

from evgraph.simulator import SimulatedChargePoint
from tests.journeys.client import GraphQLErrors
from tests.journeys.garage import Person, add_chargers

SMALLEST_BILLED_WH = 10
AGAIN_S = 0.05

Answer = TypeVar("Answer")


async def add_fleet(database_url: str, chargers: int) -> dict[str, str]:
    """Their keys, by identity."""
    return await add_chargers(database_url, [f"Fleet-{number}" for number in range(1, chargers + 1)])


@asynccontextmanager
async def serving_vehicles(
    operator: Person, chargers: list[SimulatedChargePoint], *, may_be_corrected: bool = False
) -> AsyncIterator[tuple[list["Bay"], Random]]:
    """The chargers start, and serve vehicles until the block is over and the last vehicle is gone. Then each session
    must be billed once. `may_be_corrected`: a clock that ran ahead may have closed a session before its stop came (T7).
    What is random is told when the test fails."""
    with _seed() as random:
        closing_time = asyncio.Event()
        async with asyncio.TaskGroup() as running:
            for charger in chargers:
                await charger.start()
            bays = [Bay(operator, charger, Random(random.random())) for charger in chargers]
            for bay in bays:
                running.create_task(bay.serve_vehicles_until(closing_time))
            yield bays, random
            closing_time.set()
        await _all_is_billed_once(operator, bays, may_be_corrected=may_be_corrected)


class Bay:
    """A charger and its attendant: one vehicle after the other, each until it is charged, billed and gone. How
    long that takes depends on how fast the server starts again: only the test's own limit ends their waiting."""

    def __init__(self, attendant: Person, charger: SimulatedChargePoint, random: Random) -> None:
        self.charger = charger
        self.vehicles = 0
        self._attendant = attendant
        self._random = random
        self._keys = 0

    async def serve_vehicles_until(self, closing: asyncio.Event) -> None:
        await self.charger.connected(None)
        board = await _stubbornly(self._attendant.board_now)
        port_id = board.port(f"{self.charger.identity}-1")["id"]
        while not closing.is_set():
            await self._serve_vehicle(port_id)

    async def _serve_vehicle(self, port_id: str) -> None:
        self.vehicles += 1
        plate = f"{self.charger.identity} {self.vehicles}"
        attendant, key = self._attendant, self._key()
        checked_in = await _stubbornly(lambda: attendant.check_in(plate, idempotencyKey=key))
        stay = checked_in["stay"]
        while True:
            await self._charge(checked_in["request"], port_id)
            ticket = await _stubbornly(lambda: attendant.ticket(stay))
            if ticket["activeRequest"]["status"] == "CHARGED":
                break
        closing_key = self._key()
        closed = await _stubbornly(lambda: attendant.check_out(stay, idempotencyKey=closing_key))
        assert closed["errors"] == []

    async def _charge(self, request: dict[str, Any], port_id: str) -> None:
        """From a start to the unplugging, in which order so ever; what became of it stands on the ticket."""
        key = self._key()
        if self._random.random() < 0.5:
            await self.charger.plug_in()
        await _stubbornly(lambda: self._attendant.start(request, port_id, idempotencyKey=key))
        if self.charger.connector(1).car is None:
            await self.charger.plug_in()
        with suppress(TimeoutError):
            await self.charger.wait_for_status(1, "Charging", self._random.uniform(0.5, 3))
        await asyncio.sleep(self._random.uniform(0, 1))
        await self.charger.unplug()
        await self.charger.told_everything(None)

    def waits_for_its_start(self) -> bool:
        transaction = self.charger.connector(1).transaction
        return transaction is not None and transaction.transaction_id is None

    def waits_for_its_stop(self) -> bool:
        return any(not transaction.stop_answered for transaction in self.charger.delivered[-1:])

    def _key(self) -> str:
        self._keys += 1
        return f"{self.charger.identity} {self._keys}"


async def _all_is_billed_once(operator: Person, bays: list[Bay], *, may_be_corrected: bool) -> None:
    sessions = await operator.all_of("sessions", "status transactionId energyWh stay { id } id")
    assert {session["status"] for session in sessions} <= {"ENDED", "FAILED"}, "A session is stuck."
    counted = {
        transaction.transaction_id: transaction.energy_wh for bay in bays for transaction in bay.charger.delivered
    }
    metered = {session["transactionId"]: session["energyWh"] for session in sessions if session["status"] == "ENDED"}
    assert metered == counted
    assert len(counted) >= len(bays)

    stays = await operator.all_of("stays", "id status lineItems { id quantity isCorrection session { id } }")
    assert len(stays) == sum(bay.vehicles for bay in bays), "A vehicle was checked in twice."
    assert {stay["status"] for stay in stays} == {"CLOSED"}
    billed: defaultdict[str, list[Decimal]] = defaultdict(list)
    for stay in stays:
        for item in stay["lineItems"]:
            assert may_be_corrected or not item["isCorrection"]
            billed[item["session"]["id"]].append(Decimal(item["quantity"]))
    assert {session_id: sum(quantities) for session_id, quantities in billed.items()} == {
        session["id"]: Decimal(session["energyWh"]) / 1000
        for session in sessions
        if session["stay"] is not None and session["energyWh"] >= SMALLEST_BILLED_WH
    }
    board = await operator.board_now()
    assert board.requests == {}
    ports = [board.port(f"{bay.charger.identity}-1") for bay in bays]
    assert all(port["isOpen"] and port["activeSession"] is None for port in ports)


async def _stubbornly(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """As a point of sale does when its server is gone, or has no database: the same again, until there is an answer."""
    while True:
        try:
            return await ask()
        except httpx.TransportError:
            await asyncio.sleep(AGAIN_S)
        except GraphQLErrors as failure:
            if {error["extensions"]["code"] for error in failure.errors} != {"INTERNAL"}:
                raise
            await asyncio.sleep(AGAIN_S)


@contextmanager
def _seed() -> Iterator[Random]:
    """A random one, told when the test fails."""
    seed = SystemRandom().getrandbits(32)
    try:
        yield Random(seed)
    except BaseException as failure:
        failure.add_note(f"The seed was {seed}.")
        raise

"""X1: killed at any moment, the server loses no answered message, bills nothing twice, and leaves nothing that a
restart does not resolve."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from random import Random, SystemRandom
from typing import Any, TypeVar

import httpx
import pytest

from evgraph.domain.people import Role
from evgraph.simulator import SimulatedChargePoint
from tests.journeys.client import GraphQLErrors
from tests.journeys.garage import Garage, Person, add_chargers

CHARGERS = 20
KILLS = 20
SMALLEST_BILLED_WH = 10
AGAIN_S = 0.05

Answer = TypeVar("Answer")


@pytest.mark.slow
async def test_x1_twenty_sigkills_cost_no_watt_hour_and_bill_none_twice(open_garage, database_url):
    keys = await add_chargers(database_url, [f"Fleet-{number}" for number in range(1, CHARGERS + 1)])
    async with open_garage(start_window_s=2, upkeep_every_s=0.2) as garage:
        garage.keys.update(keys)
        operator = await garage.sign_in(Role.OPERATOR)
        await operator.set_rate("PER_KWH", "25")
        # A charge of an hour takes a minute, with a sample every quarter of a second.
        chargers = [garage.charger(identity, speed=60, sample_interval=15) for identity in keys]
        with seed() as random:
            closing = asyncio.Event()
            async with asyncio.TaskGroup() as running:
                for charger in chargers:
                    await charger.start()
                bays = [Bay(operator, charger, Random(random.random())) for charger in chargers]
                for bay in bays:
                    running.create_task(bay.serve_vehicles_until(closing))
                await _kill_again_and_again(garage, bays, random)
                closing.set()
            await all_is_billed_once(operator, bays, CHARGERS)
        for charger in chargers:
            await charger.stop()


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


async def _kill_again_and_again(garage: Garage, bays: list[Bay], random: Random) -> None:
    """Anywhen; and while a charger waits for the answer to a start, or to a stop."""
    moments: list[Callable[[Bay], bool]] = [lambda bay: True, Bay.waits_for_its_start, Bay.waits_for_its_stop]
    for kill in range(KILLS):
        await asyncio.sleep(random.uniform(0.2, 2))
        has_come = moments[kill % len(moments)]
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                while not any(has_come(bay) for bay in bays):  # noqa: ASYNC110 - a moment of no event
                    await asyncio.sleep(0.002)
        await asyncio.sleep(random.uniform(0, 0.04))
        await garage.server.kill()
        await garage.server.start()


async def all_is_billed_once(
    operator: Person, bays: list[Bay], at_least: int, *, may_be_corrected: bool = False
) -> None:
    """`may_be_corrected`: a clock that ran ahead may have closed a session before its stop came (T7)."""
    sessions = await operator.all_of("sessions", "status transactionId energyWh stay { id } id")
    assert {session["status"] for session in sessions} <= {"ENDED", "FAILED"}, "A session is stuck."
    counted = {
        transaction.transaction_id: transaction.energy_wh for bay in bays for transaction in bay.charger.delivered
    }
    metered = {session["transactionId"]: session["energyWh"] for session in sessions if session["status"] == "ENDED"}
    assert metered == counted
    assert len(counted) >= at_least

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
def seed() -> Iterator[Random]:
    """A random one, told when the test fails."""
    seed = SystemRandom().getrandbits(32)
    try:
        yield Random(seed)
    except BaseException as failure:
        failure.add_note(f"The seed was {seed}.")
        raise

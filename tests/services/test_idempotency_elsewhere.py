"""One idempotencyKey at two places at once: two houses on one database, as two processes have them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from evgraph.bus import EventBus
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.stay import Channel
from evgraph.models import IdempotencyRow, SessionRow
from evgraph.services.charging import StartCharging
from evgraph.services.house import Services, open_house
from evgraph.services.interfaces import ChargerRejected
from evgraph.services.requests import MakeRequest
from evgraph.services.stays import CheckOut
from tests.services.conftest import Garage

Call = Callable[[Services], Awaitable[object]]


@dataclass
class Outcome:
    """What a call was answered, reduced to what a client is told for good."""

    refused: tuple[ErrorCode, str, object] | None
    answer: object


async def outcome(call: Awaitable[object]) -> Outcome:
    try:
        return Outcome(None, await call)
    except Refusal as refusal:
        return Outcome((refusal.code, refusal.message, refusal.field), None)


@pytest.fixture
def other(garage: Garage) -> Services:
    """Another process with the same chargers."""
    return open_house(bus=EventBus(), clock=garage.clock, gateway=garage.chargers)


async def test_a_start_at_two_places_is_answered_alike(garage, other):
    stay = await garage.check_in()
    call = await _a_start(garage, stay)
    first, second = await asyncio.gather(outcome(call(garage.house)), outcome(call(other)))
    assert first == second
    assert first.refused is None
    assert len(garage.chargers.started) == 1
    assert await outcome(call(other)) == first


async def test_a_start_elsewhere_waits_for_what_the_charger_answers(garage, other):
    garage.chargers.gate, garage.chargers.answer = asyncio.Event(), ChargerRejected("no")
    stay = await garage.check_in()
    call = await _a_start(garage, stay)
    first = asyncio.create_task(outcome(call(garage.house)))
    await garage.chargers.asked.wait()
    second = asyncio.create_task(outcome(call(other)))
    await asyncio.sleep(0.2)
    assert not second.done()
    garage.chargers.gate.set()
    assert await first == await second
    assert (await first).refused is not None
    assert len(garage.chargers.started) == 1
    assert await outcome(call(other)) == await first


async def test_a_start_whose_process_died_is_not_waited_for(garage):
    """What was asked for longer ago than any charger may take is told as it is."""
    other = open_house(bus=EventBus(), clock=garage.clock, gateway=garage.chargers, call_timeout_s=0.05)
    garage.chargers.gate = asyncio.Event()
    stay = await garage.check_in()
    call = await _a_start(garage, stay)
    first = asyncio.create_task(outcome(call(garage.house)))
    await garage.chargers.asked.wait()
    assert (await outcome(call(other))).refused is None
    assert not first.done()
    garage.chargers.gate.set()
    await first


@pytest.mark.parametrize("mutation", ["checkIn", "checkIn with a ticket number", "makeRequest", "checkOut"])
async def test_each_keyed_mutation_at_two_places_is_answered_alike(garage, other, mutation):
    call = await _calls(garage, mutation)
    outcomes = await asyncio.gather(*(outcome(call(house)) for house in (garage.house, other) for _ in range(3)))
    assert all(one == outcomes[0] for one in outcomes)
    assert outcomes[0].refused is None
    assert await outcome(call(other)) == outcomes[0]
    assert await IdempotencyRow.filter(key="tap").count() == 1


async def test_a_refusal_that_is_stored_first_counts_for_both(garage, other):
    """The other place is refused for what is no longer so, and its answer is stored before ours."""
    stay = await garage.check_in()
    request = await garage.request_of(stay)
    call = await _a_start(garage, stay)
    # The port is taken: the first call is refused.
    blocking = await garage.check_in("B 2")
    held = await garage.start(blocking)
    refused = await outcome(call(other))
    assert refused.refused is not None
    await garage.house.charging.stop(garage.operator, held.id)
    assert await outcome(call(garage.house)) == refused
    assert not await SessionRow.exists(request_id=request.id)


async def _a_start(garage: Garage, stay: object) -> Call:
    request = await garage.request_of(stay)  # type: ignore[arg-type]
    command = StartCharging(request_id=request.id, port_id=garage.port_id, idempotency_key="tap")
    return lambda house: house.charging.start(garage.operator, command)


async def _calls(garage: Garage, mutation: str) -> Call:
    if mutation.startswith("checkIn"):
        number = "7" if "ticket" in mutation else None
        command = garage.a_check_in(ticket_number=number, idempotency_key="tap")
        return lambda house: house.stays.check_in(garage.operator, command)
    if mutation == "makeRequest":
        stay = await garage.check_in(ev_charge=False)
        ask = MakeRequest(
            stay_id=stay.id,
            garage_id=None,
            ticket_number=None,
            estimated_checkout_at=None,
            channel=Channel.POS,
            idempotency_key="tap",
        )
        return lambda house: house.requests.make(garage.operator, ask)
    stay = await garage.check_in()
    leave = CheckOut(stay_id=stay.id, idempotency_key="tap")
    return lambda house: house.stays.check_out(garage.operator, leave)

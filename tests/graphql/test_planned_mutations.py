"""A mutation by its plan: done once, answered as graphql-core answers, errors and permissions included."""

from collections.abc import Callable
from typing import Any

import pytest

from evgraph.answering import Queries
from evgraph.domain.people import Role
from evgraph.execution import Plan
from evgraph.models import RequestRow, StayRow

CHECK_IN = """mutation In($input: CheckInInput!, $seen: Boolean = true) { came: checkIn(input: $input) { __typename
    ticket: stay { ticketNumber vehicle { make } activeRequest @include(if: $seen) { id status } }
    request { ...R } errors { code message field } } }
    fragment R on ChargingRequest { status stay { ticketNumber } session { id } }"""


@pytest.fixture
def short_road(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether it answered, of each operation that was asked."""
    answered: list[bool] = []
    answer = Queries.answer

    async def heard(*given: Any) -> bytes | None:
        said = await answer(*given)
        answered.append(said is not None)
        return said

    monkeypatch.setattr(Queries, "answer", heard)
    return answered


@pytest.fixture
def by_the_long_road(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    async def never(*given: Any) -> None:
        return None

    return lambda: monkeypatch.setattr(Queries, "answer", never)


def _given(world: Any, **more: Any) -> dict[str, Any]:
    return {
        "garageId": world.garage.id,
        "kind": "TRANSIENT",
        "evCharge": True,
        "channel": "POS",
        "vehicle": {"licensePlate": "JVR 8810", "make": "Tesla"},
        "idempotencyKey": "the same",
        **more,
    }


async def test_it_is_answered_as_graphql_core_answers(world, short_road, by_the_long_road) -> None:
    pos = await world.sign_in(Role.POS)
    short_road.clear()
    asked = [
        {"input": _given(world)},
        {"input": _given(world), "seen": False},
        {"input": _given(world, kind="MONTHLY")},
        {"input": _given(world, garageId=world.elsewhere.id, idempotencyKey="another")},
    ]
    short = [await pos.ask(CHECK_IN, **variables) for variables in asked]
    assert short_road == [True] * 4
    by_the_long_road()
    assert [await pos.ask(CHECK_IN, **variables) for variables in asked] == short
    assert short[0]["data"]["came"]["request"]["status"] == "NEEDS_CHARGING"
    assert short[2]["data"]["came"]["errors"][0]["code"] == "IDEMPOTENCY_CONFLICT"
    assert await StayRow.all().count() == 1


async def test_what_fails_is_told_as_graphql_core_tells_it(world, short_road, by_the_long_road) -> None:
    display, nobody = await world.sign_in(Role.DISPLAY), world.nobody()
    short_road.clear()
    asked = [
        (display, {"input": _given(world)}),
        (nobody, {"input": _given(world)}),
        (display, {"input": {"garageId": world.garage.id}}),
        (display, {}),
    ]
    short = [await who.ask(CHECK_IN, **variables) for who, variables in asked]
    assert short_road == [False] * 4
    assert [answer["errors"][0]["extensions"]["code"] for answer in short[:2]] == ["FORBIDDEN", "UNAUTHENTICATED"]
    assert short[0]["errors"][0]["path"] == ["came"]
    by_the_long_road()
    assert [await who.ask(CHECK_IN, **variables) for who, variables in asked] == short
    assert await StayRow.all().count() == 0


async def test_it_is_done_once_also_where_its_answer_fails(world, short_road, monkeypatch) -> None:
    pos = await world.sign_in(Role.POS)
    short_road.clear()

    async def fails(*given: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(Plan, "run_with", fails)
    answer = await pos.ask(CHECK_IN, input=_given(world, idempotencyKey=None))
    assert short_road == [False]
    assert "errors" not in answer
    assert answer["data"]["came"]["ticket"]["vehicle"] == {"make": "Tesla"}
    assert (await StayRow.all().count(), await RequestRow.all().count()) == (1, 1)


async def test_what_failed_is_not_tried_again(world, short_road, monkeypatch) -> None:
    pos = await world.sign_in(Role.POS)
    tried = []

    async def fails(*given: Any) -> Any:
        tried.append(given)
        raise ZeroDivisionError

    monkeypatch.setattr(world.house.stays, "check_in", fails)
    answer = await pos.ask(CHECK_IN, input=_given(world))
    assert (answer["data"], answer["errors"][0]["extensions"]["code"]) == (None, "INTERNAL")
    assert len(tried) == 1


async def test_several_changes_and_cookies_take_the_long_road(world, short_road) -> None:
    operator = await world.sign_in(Role.OPERATOR)
    short_road.clear()
    port = world.garage.ports[0]
    twice = await operator.data(
        """mutation($a: RenamePortInput!, $b: RenamePortInput!) { a: renamePort(input: $a) { port { name } }
        b: renamePort(input: $b) { port { name } } }""",
        a={"portId": port, "name": "First"},
        b={"portId": port, "name": "Second"},
    )
    assert (twice["a"]["port"]["name"], twice["b"]["port"]["name"]) == ("First", "Second")
    await operator.data("mutation { signOut { errors { code } } }")
    assert short_road == [False, False]

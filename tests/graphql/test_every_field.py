"""Every field of the schema, with each of its arguments: it costs the same number of queries however much there is, and
each of these queries uses an index (which the fixture around every test looks at)."""

from collections import Counter
from typing import Any

import pytest

from evgraph.graph import schema
from evgraph.schema.connection import encode_cursor
from evgraph.schema.global_ids import encode
from tests.conftest import POSTGRES
from tests.graphql.conftest import World
from tests.graphql.plenty import Plenty
from tests.graphql.walking import Asked, Walk
from tests.statements import Recorder, Statement

# What is listed of a value that is loaded already, and does not grow with what a garage holds.
OF_A_VALUE = {"ChargingSession.flags", "ChargingProfile.periods", "Query.nodes"}

# PostgreSQL answers several questions at once, in any order, and a loader asks what waits by then: a question more or
# less is no matter of how much there is.
MOST = 1.5 if POSTGRES else 1


def _walk(plenty: Plenty) -> Walk:
    after = {
        f"{field}(after": f'"{encode_cursor(field, 10**6)}"'
        for field in (
            *("stays", "sessions", "unassignedSessions", "flaggedSessions", "quarantine", "cards", "jobs"),
            *("securityEvents", "frames", "connections", "refusedConnections"),
        )
    }
    one = f'"{plenty.garage_id}"'
    literals = after | {
        "rateHistory(after": f'"{encode_cursor("rates", 10**6)}"',
        "garages(after": f'"{encode_cursor("garages", "a", 1)}"',
        "search": '"car a"',
        "portId": f'"{encode("Port", 1)}"',
        "port(id": f'"{encode("Port", 1)}"',
        "node(id": one,
        "nodes(ids": f"[{one}]",
        "session(id": f'"{encode("ChargingSession", 1)}"',
        "chargePoint(identity": '"AX48-P1"',
        "garage(!id": one,
        "stay(!id": f'"{encode("Stay", 1)}"',
        "garage(locationId": '"P-0"',
        "garage(id": one,
        "stay(id": f'"{encode("Stay", 1)}"',
        "stay(garageId": one,
        "stay(ticketNumber": '"EV000001"',
        "refusedConnections(identity": '"AX48-P1"',
    }
    return Walk(schema._schema, literals)


async def ask_all(plenty: Plenty, statements: Recorder, listed: Counter[str]) -> dict[str, tuple[Asked, list[str]]]:
    """By the field: what it was asked by, and which queries it cost."""
    costs = {}
    for asked in _walk(plenty).documents():
        with statements.counting() as counted:
            answer = await plenty.api.ask(asked.text)
        errors = [error["message"] for error in answer.get("errors", ())]
        assert not [why for why in errors if why != "Provide either id or locationId."], (asked, errors)
        _count(answer["data"], "Query", listed)
        costs[asked.field] = asked, _origins(counted)
    return costs


def _origins(sent: list[Statement]) -> list[str]:
    """Without who is asking, which is known for a while."""
    return [one.origin for one in sent if not one.origin.startswith("evgraph/services/people.py")]


def _count(value: Any, where: str, listed: Counter[str]) -> None:
    """How much stood in each list, by Type.field."""
    if isinstance(value, list):
        listed[where] += len(value)
        for one in value:
            _count(one, where, listed)
    elif isinstance(value, dict):
        for name, one in value.items():
            _count(one, f"{value.get('__typename', where.partition('.')[0])}.{name}", listed)


@pytest.mark.slow
async def test_every_field_costs_the_same_number_of_queries_however_much_there_is(
    world: World, statements: Recorder
) -> None:
    """Of one owner's pages a query is spared: so two are the fewest."""
    plenty = Plenty(world)
    await plenty.grow()
    await plenty.grow()
    few: Counter[str] = Counter()
    before = await ask_all(plenty, statements, few)
    await plenty.grow()
    await plenty.grow()
    many: Counter[str] = Counter()
    after = await ask_all(plenty, statements, many)
    grew = {
        field: (Counter(origins) - Counter(before[field][1]), asked.text)
        for field, (asked, origins) in after.items()
        if len(origins) > len(before[field][1]) * MOST
    }
    assert not grew, "\n".join(f"{field}: {what}" for field, what in grew.items())
    assert {field for asked, _ in after.values() for field in asked.fields} == _walk(plenty).fields()
    stayed = {field for field, count in few.items() if many[field] <= count} - OF_A_VALUE
    assert not stayed, f"There is no more of these than before: {stayed}"


async def test_any_number_of_nodes_costs_what_two_do(world: World, statements: Recorder) -> None:
    plenty = Plenty(world)
    for _ in range(3):
        await plenty.grow()
    for kind, selection in _walk(plenty).node_documents():
        document = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ {selection} }} }}"
        counted = []
        # Two ports have one charge point, of whose pages a query is spared.
        for number in (3, 4) if kind == "Port" else (2, 3):
            # Before these are the ids of others.
            first = 3 if kind == "Garage" else 6
            ids = [encode(kind, key) for key in range(first, first + number)]
            with statements.counting() as sent:
                answer = await plenty.api.data(document, ids=ids)
            assert [node["__typename"] for node in answer["nodes"] if node] == [kind] * number
            counted.append(Counter(_origins(sent)))
        assert sum(counted[1].values()) <= sum(counted[0].values()) * MOST, (kind, counted[1] - counted[0])

"""What one document may ask for."""

import pytest
from graphql import get_introspection_query, parse

from evgraph.domain.people import Role
from evgraph.graph import schema
from evgraph.resolvers.limits import MAX_COST, Documents, cost_of

_FRAGMENTS = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
_STAYS = "stays(first: 200) { edges { node { requests { session { samples(points: 2000) { at } } } } } }"


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (
            "{ garages { edges { node { " + "ports { chargePoint { " * 8 + "id" + " } }" * 8 + " } } } }",
            "deeper than 15",
        ),
        ("{ " + " ".join(f"v{n}: viewer {{ id }}" for n in range(51)) + " }", "more than 50 aliases"),
        ("{ viewer { " + "id " * 5000 + "} }", "Document contains more than 4000 tokens"),
        (f"{{ ...F0 }} {_FRAGMENTS} fragment F60 on Query {{ a: viewer {{ id }} }}", "more than 50 aliases"),
        ("{ ...F } fragment F on Query { ...F }", "Cannot spread fragment 'F' within itself"),
        ("{ ...F }", "Unknown fragment 'F'"),
        ("{ " + "... { " * 1000 + "viewer { id }" + " }" * 1000 + " }", "nested too deep"),
        ("{ node(id: " + "[" * 1500 + "]" * 1500 + ") { id } }", "nested too deep"),
        (f"{{ garages(first: 200) {{ edges {{ node {{ {_STAYS} }} }} }} }}", "asks for too much at once"),
    ],
)
async def test_a_document_that_asks_for_too_much_is_refused(world, document, told):
    display = await world.sign_in(Role.DISPLAY)
    answer = await display.ask(document)
    assert told in answer["errors"][0]["message"]
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_a_long_chain_of_fragments_is_followed(world):
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(150))
    document = f"{{ ...F0 }} {chain} fragment F150 on Query {{ viewer {{ name }} }}"
    assert await world.nobody().data(document) == {"viewer": None}


async def test_a_chain_of_fragments_that_cannot_be_followed_is_refused(world):
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(480))
    answer = await world.nobody().ask(f"{{ ...F0 }} {chain} fragment F480 on Query {{ viewer {{ name }} }}")
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_a_variable_counts_as_what_it_holds(world):
    display = await world.sign_in(Role.DISPLAY)
    document = "query($n: Int) { garages(first: $n) { edges { node { id ports { chargePoint { ports { id } } } } } } }"
    small, large = (cost_of(parse(document), {"n": n}, None) for n in (1, 200))
    assert large > 100 * small
    assert "errors" not in await display.ask(document, n=1)


async def test_introspection_is_answered(world):
    answer = await world.nobody().ask(get_introspection_query())
    assert "errors" not in answer
    assert answer["data"]["__schema"]["queryType"]["name"] == "Query"


def test_a_fragment_is_weighed_once_however_often_it_is_spread():
    document = parse(f"{{ ...F0 }} {_FRAGMENTS} fragment F60 on Query {{ viewer {{ id }} }}")
    assert cost_of(document, {}, None) > MAX_COST


def test_the_last_documents_are_kept_and_no_more():
    documents = Documents(most=2, longest=40)
    first, _ = documents.read("{ viewer { id } }", schema._schema)
    assert documents.read("{ viewer { id } }", schema._schema)[0] is first
    documents.read("{ viewer { name } }", schema._schema)
    documents.read("{ viewer { email } }", schema._schema)
    assert documents.read("{ viewer { id } }", schema._schema)[0] is not first
    long = "{ viewer { id name email organization } }"
    assert documents.read(long, schema._schema)[0] is not documents.read(long, schema._schema)[0]

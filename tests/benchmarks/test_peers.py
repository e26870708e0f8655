"""What is asked of the peers is what is asked of EVGraph, and their lock file names no registry."""

import json
from pathlib import Path

import pytest
from graphql import GraphQLEnumType, GraphQLObjectType, build_schema, parse, validate

from benchmarks import operations, peers
from benchmarks.plain_graph import schema as plain
from evgraph.graph import sdl

PEERS = build_schema((operations.FOLDER / "peers.graphql").read_text())
EVGRAPH = build_schema(sdl())


@pytest.mark.parametrize("document", [operations.BOARD, operations.ENERGY])
@pytest.mark.parametrize("schema", [EVGRAPH, PEERS, plain._schema])
def test_everybody_can_be_asked_the_same(document: str, schema: object) -> None:
    assert validate(schema, parse(document)) == []  # type: ignore[arg-type]


def test_the_peers_serve_a_part_of_our_schema() -> None:
    for name, theirs in PEERS.type_map.items():
        ours = EVGRAPH.type_map.get(name)
        assert ours is not None, name
        if isinstance(theirs, GraphQLObjectType) and not name.startswith("__"):
            assert isinstance(ours, GraphQLObjectType)
            types = {field: str(theirs.fields[field].type) for field in theirs.fields}
            assert types == {field: str(ours.fields[field].type) for field in types}
        if isinstance(theirs, GraphQLEnumType):
            assert isinstance(ours, GraphQLEnumType)
            assert set(theirs.values) <= set(ours.values)


def test_the_lock_file_holds_hashes_and_no_addresses() -> None:
    locked = json.loads((Path(peers.__file__).parent / "peers" / "package-lock.json").read_text())
    packages = [package for path, package in locked["packages"].items() if path]
    assert all("integrity" in package for package in packages)
    assert not any("resolved" in package for package in packages)

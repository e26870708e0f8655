"""The schema file is what the code serves, and serves all that was published."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate
from graphql.utilities import find_breaking_changes

import evgraph.schema
from evgraph.graph import SDL_FILE, schema, sdl

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def published() -> GraphQLSchema:
    return build_schema((HERE / "published.graphql").read_text())


@pytest.fixture(scope="module")
def served() -> GraphQLSchema:
    return build_schema(sdl())


def test_the_committed_sdl_is_what_the_code_serves():
    assert SDL_FILE.read_text() == sdl(), "Run: python -m evgraph.graph"


def test_nothing_that_was_published_is_missing_or_different(published, served):
    assert [change.description for change in find_breaking_changes(published, served)] == []


def test_what_was_published_is_documented_in_the_same_words(published, served):
    for name, type_ in published.type_map.items():
        if name.startswith("__"):
            continue
        assert _words(served.type_map[name]) == _words(type_), name
        for member in ("fields", "values"):
            for key, part in getattr(type_, member, {}).items():
                said = _words(getattr(served.type_map[name], member)[key])
                assert said == _words(part) or not part.description, f"{name}.{key}"


def test_arguments_and_inputs_keep_their_defaults(published, served):
    for name, type_ in published.type_map.items():
        for key, field in getattr(type_, "fields", {}).items():
            other = served.type_map[name].fields[key]
            assert getattr(other, "default_value", None) == getattr(field, "default_value", None), f"{name}.{key}"
            for argument, definition in getattr(field, "args", {}).items():
                assert other.args[argument].default_value == definition.default_value, f"{name}.{key}({argument})"


def test_the_example_operations_fit_the_schema(served):
    document = parse((SDL_FILE.parent / "examples.graphql").read_text())
    assert validate(served, document) == []
    shown = _root_fields(document)
    assert shown["query"] == set(served.query_type.fields)
    assert shown["mutation"] == set(served.mutation_type.fields)
    assert shown["subscription"] == set(served.subscription_type.fields)


@pytest.mark.slow
def test_each_noun_can_be_imported_first():
    """They point at one another in rings: whichever comes first, the others follow."""
    nouns = [f"evgraph.schema.{module.name}" for module in pkgutil.iter_modules(evgraph.schema.__path__)]
    program = """
import os, sys, strawberry, strawberry.dataloader
for noun in sys.argv[1:]:
    child = os.fork()
    if not child:
        __import__(noun)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(noun)
"""
    subprocess.run([sys.executable, "-c", program, *nouns], check=True)


def test_introspection_tells_what_the_api_is_about():
    assert "public API of EVGraph" in (schema._schema.description or "")


def _words(part):
    return " ".join((part.description or "").split())


def _root_fields(document):
    found = {}
    for operation in (node for node in document.definitions if isinstance(node, OperationDefinitionNode)):
        fields = {selection.name.value for selection in operation.selection_set.selections}
        found.setdefault(operation.operation.value, set()).update(fields)
    return found

"""docs/chargers.md tells of every message of OCPP 1.6 and its security extension how it is served; here it is held to
the code and to the schema."""

import re
from pathlib import Path

import pytest
from ocpp.v16.enums import Action

import evgraph
from evgraph.graph import schema
from evgraph.ocpp import handlers
from evgraph.ocpp.dispatch import HANDLERS

ROOT = Path(evgraph.__file__).parents[1]
ROW = re.compile(r"^\| (\w+) \| (in|out) \| (.+) \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "chargers.md").read_text())


def _file(action: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower() + ".py"


def test_each_message_stands_in_the_table():
    assert {action for action, _, _ in ROWS} == {action.value for action in Action}
    assert len(ROWS) == len({(action, way) for action, way, _ in ROWS}) == len(Action) + 1  # DataTransfer twice


@pytest.mark.parametrize(("action", "way"), [(action, way) for action, way, _ in ROWS])
def test_each_message_has_a_file_of_its_own(action: str, way: str):
    folder = Path(handlers.__file__).parent if way == "in" else Path(handlers.__file__).parents[1] / "calls"
    assert (folder / _file(action)).is_file()
    assert (action in HANDLERS) or way == "out"


def test_what_the_table_names_of_the_api_is_there():
    named = {name for _, _, words in ROWS for name in re.findall(r"`([\w.]+)`", words)}
    roots = {field for kind in ("Mutation", "Subscription", "Query") for field in schema._schema.get_type(kind).fields}
    for name in named:
        if "." in name:
            type_name, field = name.split(".")
            assert field in schema._schema.get_type(type_name).fields, name
        else:
            assert name in roots, name
    assert len(named) > 20

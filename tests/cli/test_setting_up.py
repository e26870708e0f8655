"""What the commands that set up a garage say, and what they refuse."""

import pytest
from typer.testing import CliRunner, Result

from evgraph.cli import cli

WHO = ["--name", "Olivia", "--password", "a good password"]


@pytest.fixture
def house(database_url, monkeypatch):
    """Two garages in a database of its own."""
    monkeypatch.setenv("EVGRAPH_DATABASE_URL", database_url)
    monkeypatch.setenv("NO_COLOR", "1")
    for location_id in ("NYC-1", "NYC-2"):
        assert say("garage", "add", location_id, "--name", location_id, "--organization", "Midtown").exit_code == 0


def say(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(cli, arguments, input=given, env={"COLUMNS": "200"})


def add(*arguments: str) -> str:
    done = say("user", "add", "olivia@example.com", *WHO, *arguments)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.usefixtures("house")
def test_a_changed_role_is_said_with_what_it_was():
    assert add("--garage", "NYC-1", "--role", "operator") == "olivia@example.com is OPERATOR in NYC-1.\n"
    changed = add("--garage", "NYC-1", "--role", "display")
    assert changed == "olivia@example.com was OPERATOR in NYC-1, is DISPLAY now; name and password are unchanged.\n"
    both = add("--garage", "NYC-1", "--garage", "NYC-2", "--role", "display")
    assert both == (
        "olivia@example.com was DISPLAY in NYC-1 before, is DISPLAY in NYC-2 now; name and password are unchanged.\n"
    )


@pytest.mark.usefixtures("house")
def test_a_password_that_is_left_out_is_asked_for():
    arguments = ("user", "add", "sam@example.com", "--name", "Sam", "--garage", "NYC-1", "--role", "pos")
    done = say(*arguments, given="a good password\na good password\n")
    assert done.exit_code == 0, done.output
    assert "sam@example.com is POS in NYC-1." in done.output
    help_ = say("user", "add", "--help").output
    (line,) = [line for line in help_.splitlines() if "--password" in line]
    assert "required" not in line

"""What the commands that set up a garage say, and what they refuse."""

import shlex

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


KEYS = [
    "0123456789abcdef0123456789abcdef",
    "0123456789ABCDEF0123456789ABCDEF01234567",
    "sixteen letters!",
    "twenty letters long.",
    "as long a key as any charger takes: 40..",
]


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("key", KEYS)
def test_c1_a_key_that_a_charger_may_have_is_taken(key):
    done = say("charge-point", "add", "AX48-1", "--garage", "NYC-1", "--key", key)
    assert done.exit_code == 0, done.output
    assert f"key        {key} " in done.output


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--key", ""], "A key has 16 to 40 characters"),
        (["--key", "too short"], "A key has 16 to 40 characters"),
        (["--key", "0" * 41], "A key has 16 to 40 characters"),
        (["--key", "sixteen letters ä" * 3], "A key has 16 to 40 characters"),
        (["--key", "sixteen letters!\n"], "A key has no line breaks"),
        (["--key", " sixteen letters!"], "no spaces around it"),
        (["--key", KEYS[0], "--no-key"], "It has a key or none."),
        (["--url", "http://127.0.0.1:8000"], "--url: it is the address at which chargers reach this server"),
        (["--url", "charging.example.com"], "--url: it is the address"),
        (["--url", "ws://"], "--url: it is the address"),
        (["--url", "ws://host:port"], "--url: it is the address"),
    ],
)
def test_what_no_charger_can_be_set_to_is_refused(arguments, words):
    done = say("charge-point", "add", "AX48-1", "--garage", "NYC-1", *arguments)
    assert done.exit_code == (2 if "--url" in arguments else 1)
    assert words in done.output
    assert say("charge-point", "add", "AX48-1", "--garage", "NYC-1").exit_code == 0


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("url", ["wss://example.com", "wss://example.com/", "wss://example.com/ocpp/"])
def test_c1_the_url_of_a_charger_is_whole(url):
    done = say("charge-point", "add", "AX48-1", "--garage", "NYC-1", "--url", url)
    assert "URL        wss://example.com/ocpp/AX48-1\n" in done.output, done.output


@pytest.mark.parametrize("command", [["simulate", "run"], ["replay"]], ids=" ".join)
def test_m5_what_belongs_to_a_speed_is_in_the_help(command):
    assert "EVGRAPH_SIMULATED_SPEED" in say(*command, "--help").output


@pytest.mark.usefixtures("house")
def test_the_doctor_without_an_operator_prints_a_command_that_runs():
    assert say("garage", "add", "a lot", "--name", "x", "--organization", "Midtown").exit_code == 0
    assert say("charge-point", "add", "AX48-1", "--garage", "a lot").exit_code == 0
    done = say("doctor", "AX48-1")
    assert done.exit_code == 2
    command = shlex.split(done.output.partition("Run: evgraph ")[2])
    added = say(*command, given="a good password\na good password\n")
    assert added.exit_code == 0, added.output
    # Now it fails for want of a server.
    assert "No server answers" in say("doctor", "AX48-1", "--url", "http://127.0.0.1:9").output

"""Cards by the command line, beside a server that runs or not."""

from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from evgraph.cli import cli

Run = Callable[..., str]


@pytest.fixture
def run(database_url: str) -> Run:
    runner = CliRunner()

    def command(*words: str, code: int = 0) -> str:
        done = runner.invoke(cli, [*words, "--database-url", database_url], env={"COLUMNS": "120"})
        assert done.exit_code == code, done.output
        return done.output

    command("garage", "add", "NYC-1", "--name", "First", "--organization", "Midtown Parking")
    command("charge-point", "add", "AX48-1", "--garage", "NYC-1")
    return command


def test_s6_a_card_is_added_blocked_unblocked_and_removed_in_any_case(run: Run) -> None:
    garage = ("--garage", "NYC-1")
    assert "Card a1b2 is registered" in run("card", "add", "a1b2", *garage, "--name", "Mike", "--parent", "staff")
    assert "already" in run("card", "add", "A1b2", *garage, code=1)
    assert "a1b2 is blocked" in run("card", "block", "a1B2", *garage)
    listed = run("card", "list", *garage)
    assert all(word in listed for word in ("a1b2", "Mike", "staff", "BLOCKED"))
    run("card", "unblock", "A1B2", *garage)
    assert "ACTIVE" in run("card", "list", *garage)
    assert "is removed" in run("card", "remove", "a1b2", *garage)
    assert "a1b2" not in run("card", "list", *garage)
    assert "no card a1b2" in run("card", "block", "a1b2", *garage, code=1)

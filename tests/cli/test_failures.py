"""Each command that fails ends at once, not zero, with one clear line and no traceback."""

import ctypes
import os
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evgraph.cli import cli
from evgraph.settings import Settings, misspelled

# <linux/capability.h>, <linux/prctl.h>
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, PR_CAPBSET_DROP = 1, 2, 24
# Far below what a hanging command would take, far above what a busy machine does.
ENDS_WITHIN_S = 60
GARBAGE = b"this is not a database, and it is long enough to be read as one" * 200
COMMANDS = [
    ["migrate"],
    ["migrate", "--yes", "--to", "zero"],
    ["garage", "list"],
    ["charge-point", "refused"],
    ["replay"],
    ["doctor", "AX48-1"],
    ["serve", "--port", "0"],
]


def without_rights_over_all_files() -> None:
    """In a child: what a root user may do in spite of a file's rights, it may do no longer."""
    if os.geteuid() == 0:
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def run(*arguments: str, within_s: float = ENDS_WITHIN_S, **environment: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: a thread that keeps it from ending would not show otherwise."""
    return subprocess.run(
        [sys.executable, "-m", "evgraph", *arguments],
        capture_output=True,
        text=True,
        timeout=within_s,
        env=os.environ | {"NO_COLOR": "1"} | environment,
        stdin=subprocess.DEVNULL,
        check=False,
        preexec_fn=without_rights_over_all_files,
    )


def says(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode not in (0, None), done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error:")]
    assert len(errors) == 1, done.stderr
    for word in words:
        assert word in errors[0]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_file_that_is_no_database_is_said_and_the_command_ends(tmp_path, command):
    file = tmp_path / "not.sqlite3"
    file.write_bytes(GARBAGE)
    says(run(*command, "--database-url", f"sqlite://{file}"), "The database cannot be used: file is not a database")
    assert file.read_bytes() == GARBAGE


def test_a_corrupt_database_is_said(tmp_path):
    file = tmp_path / "corrupt.sqlite3"
    assert run("migrate", "--database-url", f"sqlite://{file}").returncode == 0
    pages = bytearray(file.read_bytes())
    pages[100:4096] = b"\xff" * 3996
    file.write_bytes(pages)
    says(
        run("garage", "list", "--database-url", f"sqlite://{file}"), "The database cannot be used: database disk image"
    )


@pytest.mark.parametrize("where", ["a folder", "below a file", "where nothing can be made"])
def test_a_place_where_no_database_can_be_is_said(tmp_path, where):
    (tmp_path / "file").write_text("")
    place = {"a folder": tmp_path, "below a file": tmp_path / "file" / "x.sqlite3"}.get(
        where, Path("/proc/x/y.sqlite3")
    )
    says(run("migrate", "--database-url", f"sqlite://{place}"))


ADD = ["garage", "add", "NYC-1", "--name", "x", "--organization", "x"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "locked"),
    [
        (["migrate"], "the file"),
        (ADD, "the file"),
        (ADD, "its folder"),
        (["garage", "list"], "the file, for reading too"),
        (["serve", "--port", "0"], "the file"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_a_database_without_the_right_to_write_is_said_with_its_place(tmp_path, command, locked):
    folder = tmp_path / "var"
    file = folder / "evgraph.sqlite3"
    assert run("migrate", "--database-url", f"sqlite://{file}").returncode == 0
    place, mode = {
        "the file": (file, 0o400),
        "its folder": (folder, 0o500),
        "the file, for reading too": (file, 0o000),
    }[locked]
    place.chmod(mode)
    try:
        done = run(*command, "--database-url", f"sqlite://{file}")
    finally:
        place.chmod(0o700)
    says(done, f"cannot be written to: this user has no right to write {place}.", "Let the server's user write")


def test_a_new_database_that_cannot_be_made_is_said_with_its_folder(tmp_path):
    folder = tmp_path / "var"
    folder.mkdir(mode=0o500)
    says(run("migrate", "--database-url", f"sqlite://{folder}/new/x.sqlite3"), f"no right to write {folder}.")


@pytest.mark.parametrize(("fault", "words"), [("missing", "There is no folder"), ("locked", "The folder")])
def test_a_backup_names_the_folder_that_it_cannot_write_to(tmp_path, database_url, fault, words):
    folder = tmp_path / "backups"
    if fault == "locked":
        folder.mkdir(mode=0o500)
    says(run("backup", str(folder / "x"), "--database-url", database_url), f"{words} {folder}")


def test_the_first_migration_says_that_it_made_the_file(tmp_path):
    url = f"sqlite://{tmp_path}/new.sqlite3"
    assert run("migrate", "--database-url", url).stdout == (
        f"The database {tmp_path}/new.sqlite3 was made.\nThe database is up to date.\n"
    )
    assert run("migrate", "--database-url", url).stdout == "The database is up to date.\n"


@pytest.mark.parametrize("command", [["migrate"], ["serve", "--port", "0"], ["backup", "unmade.zip"]], ids=" ".join)
def test_a_postgresql_that_is_not_there_is_said(command):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    done = run(*command, "--database-url", f"postgresql://evgraph:hidden@127.0.0.1:{port}/evgraph")
    says(done)
    assert "hidden" not in done.stderr


def test_a_postgresql_that_does_not_answer_is_not_waited_for():
    """Half-open: it takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://evgraph:hidden@127.0.0.1:{silent.getsockname()[1]}/evgraph"
        begun = time.monotonic()
        says(run("garage", "list", "--database-url", url), "does not answer")
        assert time.monotonic() - begun < ENDS_WITHIN_S


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://u:hidden@127.0.0.1:banana/x", "The port in the database address"),
        ("postgresql://u:hidden@127.0.0.1:99999/x", "The port in the database address"),
        ("mysql://u:hidden@127.0.0.1/x", "mysql:// is not a database address"),
        ("//u:hidden@127.0.0.1/x", "is not a database address"),
        ("sqlite://", "A SQLite database needs a file"),
        ("sqlite://x?busy_timeout=soon", "busy_timeout is a number of milliseconds"),
    ],
)
def test_a_bad_address_is_said_without_its_password(url, words):
    done = CliRunner().invoke(cli, ["garage", "list", "--database-url", url])
    assert done.exit_code == 1
    assert words in done.output
    assert "hidden" not in done.output


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("EVGRAPH_PORT", "99999"),
        ("EVGRAPH_PORT", "http"),
        ("EVGRAPH_LOG_LEVEL", "loud"),
        ("EVGRAPH_LOG_FORMAT", "xml"),
        ("EVGRAPH_PING_INTERVAL_S", "-1"),
        ("EVGRAPH_MAX_FRAME_BYTES", "7"),
        ("EVGRAPH_FRAMES_KEPT_DAYS", "many"),
    ],
)
@pytest.mark.parametrize("command", [["serve"], ["garage", "list"]], ids=" ".join)
def test_a_bad_setting_is_named(monkeypatch, command, variable, value):
    monkeypatch.setenv(variable, value)
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 1
    (error,) = [line for line in done.output.splitlines() if line.startswith("Error:")]
    assert variable in error
    assert value in error


@pytest.mark.parametrize("options", [["--port", "99999"], ["--log-format", "xml"]], ids=" ".join)
def test_a_bad_option_is_named(options):
    done = CliRunner().invoke(cli, ["serve", *options])
    assert done.exit_code == 1
    assert f"EVGRAPH_{options[0].removeprefix('--').replace('-', '_').upper()}" in done.output


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["replay", "--from", "banana"], "Invalid value for '--from': Give a date (2026-11-01)"),
        (["replay", "--to", "2026-13-01"], "Invalid value for '--to': Give a date (2026-11-01)"),
        (["replay", "--from", "2026-11-02", "--to", "2026-11-01"], "--to: It must be later than --from."),
        (["replay", "--ticket", "EV9"], "--ticket: There is no ticket EV9."),
        (["replay", "--charge-point", "AX48-9"], "--charge-point: There is no charge point AX48-9."),
        (["replay", "--nonsense"], "No such option: --nonsense"),
        (["user", "add", "x@example.com"], "Missing option '--garage'. See `"),
        (["garage", "nonsense"], "No such command 'nonsense'."),
        (["nonsense"], "No such command 'nonsense'."),
        (["simulate", "run"], "Say which charge points: --identity, --keys-file or --count."),
        (["charge-point", "accept", "AX48-9", "--as", "maybe"], "Invalid value for '--as'"),
        (["demo", "--port", "http"], "Invalid value for '--port'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_call_is_said_in_one_line(monkeypatch, database_url, command, words):
    monkeypatch.setenv("EVGRAPH_DATABASE_URL", database_url)
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 2
    (line,) = done.output.splitlines()
    assert line.startswith("Error: ")
    assert words in line


@pytest.mark.parametrize("command", [[], ["garage"], ["simulate"]], ids=" ".join)
def test_a_group_without_a_command_shows_its_help(command):
    assert "Usage:" in CliRunner().invoke(cli, command).output


def test_a_port_in_use_is_said(migrated):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        says(run("serve", "--port", str(port), "--database-url", migrated), f"Cannot listen on 127.0.0.1:{port}")


def test_the_demo_says_what_is_wrong_with_its_database(tmp_path):
    (tmp_path / "evgraph.sqlite3").write_bytes(GARBAGE)
    says(run("demo", "--folder", str(tmp_path), "--port", "0"), "The database cannot be used: file is not a database")


def test_a_panel_whose_port_is_in_use_is_said(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("simulate", "run", "--count", "1", "--panel-port", str(port))
        demo = run("demo", "--folder", str(tmp_path), "--port", "0", "--panel-port", str(port))
    for one in (done, demo):
        says(one, f"Cannot listen on 127.0.0.1:{port}", "Choose another port with --panel-port.")
    assert list(tmp_path.iterdir()) == []


def test_the_demo_refuses_one_port_for_both(tmp_path):
    done = CliRunner().invoke(cli, ["demo", "--folder", str(tmp_path), "--port", "9", "--panel-port", "9"])
    assert done.exit_code == 1
    assert "The server and the panel cannot both have port 9." in done.output


def test_a_host_that_is_not_ours_is_said(migrated):
    says(run("serve", "--port", "0", "--host", "no.such.host.invalid", "--database-url", migrated), "Cannot listen on")


def test_a_misspelled_variable_is_warned_of_by_its_nearest_name(monkeypatch):
    monkeypatch.setenv("EVGRAPH_DATABSE_URL", "x")
    monkeypatch.setenv("EVGRAPH_QQQQ", "x")
    done = CliRunner().invoke(cli, ["simulate", "dialects"])
    assert done.exit_code == 0
    assert "EVGRAPH_DATABSE_URL is not a setting and is ignored. Did you mean EVGRAPH_DATABASE_URL?" in done.output
    assert "EVGRAPH_QQQQ is not a setting and is ignored." in done.output


def test_no_setting_is_taken_for_a_misspelled_one():
    known = {f"EVGRAPH_{name.upper()}": "" for name in Settings.model_fields}
    assert misspelled(known | {"EVGRAPH_TOKEN": "", "EVGRAPH_DATABASE_URL_FILE": "", "EVGRAPH_TEST_DATABASE": ""}) == []
    assert misspelled({"EVGRAPH_LOGLEVEL": ""}) == [("EVGRAPH_LOGLEVEL", "EVGRAPH_LOG_LEVEL")]


def test_a_secret_comes_from_a_file(monkeypatch, migrated, tmp_path):
    secret = tmp_path / "url"
    secret.write_text(f"{migrated}\n")
    monkeypatch.delenv("EVGRAPH_DATABASE_URL", raising=False)
    monkeypatch.setenv("EVGRAPH_DATABASE_URL_FILE", str(secret))
    assert Settings().database_url == migrated
    assert CliRunner().invoke(cli, ["garage", "list"]).exit_code == 0


@pytest.mark.parametrize("fault", ["missing", "a folder", "empty", "twice"])
def test_a_bad_secret_file_is_said(monkeypatch, tmp_path, fault):
    secret = tmp_path / "url"
    if fault == "a folder":
        secret.mkdir()
    elif fault != "missing":
        secret.write_text("" if fault == "empty" else "sqlite://hidden")
    monkeypatch.setenv("EVGRAPH_DATABASE_URL_FILE", str(secret))
    if fault == "twice":
        monkeypatch.setenv("EVGRAPH_DATABASE_URL", "sqlite://other")
    done = CliRunner().invoke(cli, ["garage", "list"])
    assert done.exit_code == 1
    assert "EVGRAPH_DATABASE_URL_FILE" in done.output
    assert "hidden" not in done.output


def test_every_command_has_help():
    root = CliRunner().invoke(cli, ["--help"]).output
    assert "backup" in root
    for command in (["backup"], ["restore"], *([*command[:1]] for command in COMMANDS)):
        done = CliRunner().invoke(cli, [*command, "--help"])
        assert done.exit_code == 0


def test_c1_who_was_refused_and_why_is_printed_whole(tmp_path):
    """However narrow the terminal is that is not there."""
    file = tmp_path / "evgraph.sqlite3"
    assert run("migrate", "--database-url", f"sqlite://{file}").returncode == 0
    told = ["AX48-" + "1" * 43, "2001:db8:85a3:8d3:1319:8a2e:370:7348", "bad credentials: none that can be read"]
    with closing(sqlite3.connect(file)) as written:
        written.execute(
            "INSERT INTO refused_connection (identity, remote, reason, at) VALUES (?, ?, ?, '2026-11-30 21:00:00')",
            told,
        )
        written.commit()
    printed = run("charge-point", "refused", "--database-url", f"sqlite://{file}", COLUMNS="40").stdout
    (line,) = [line for line in printed.splitlines() if "AX48-" in line]
    assert all(one in line for one in told)

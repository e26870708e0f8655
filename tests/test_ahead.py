"""The clock that `make test-ahead` moves: every wall clock, and nothing else."""

import asyncio
import json
import os
import sqlite3
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
import uvloop

from evgraph.services.authority import Authority, KeyKind
from tests.ahead import ahead_by, environment

NOW = datetime(2026, 11, 30, 13, 0, tzinfo=UTC)
# Far more than a busy machine takes for anything here.
FAR, NEAR_S = timedelta(days=366), 600


@pytest.mark.parametrize(
    ("argument", "ahead"),
    [
        ("366", timedelta(days=366)),
        ("-0.5", timedelta(hours=-12)),
        ("2026-12-01T13:00:00Z", timedelta(days=1)),
        ("2026-11-30T08:00:01-05:00", timedelta(seconds=1)),
        ("2028-02-29T13:00:00Z", timedelta(days=456)),
    ],
)
def test_the_clock_is_moved_by_days_or_to_an_instant(argument: str, ahead: timedelta) -> None:
    assert ahead_by(argument, NOW) == ahead


@pytest.mark.parametrize("argument", ["", "tomorrow", "2028-02-29", "2027-02-29T00:00:00Z"])
def test_an_argument_that_is_no_instant_is_refused(argument: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of datetime's own
        ahead_by(argument, NOW)


def clocks() -> dict[str, float]:
    cookie = SimpleCookie({"name": "value"})
    cookie["name"]["expires"] = 0
    with sqlite3.connect(":memory:") as database:
        (in_sqlite,) = database.execute("SELECT strftime('%s', 'now')").fetchone()
    return {
        "time": time.time(),
        "datetime": datetime.now(UTC).timestamp(),
        "local time": time.mktime(time.localtime()),
        "cookies": parsedate_to_datetime(cookie["name"].OutputString().partition("expires=")[2]).timestamp(),
        "SQLite": float(in_sqlite),
        "a process of its own": float(subprocess.run(["date", "+%s"], capture_output=True, check=True).stdout),
    }


def is_expired(folder: str) -> bool:
    """Whether OpenSSL takes the server's certificate for expired."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/server.pem", f"{folder}/server.key")
    trusting = ssl.create_default_context(cafile=f"{folder}/root.pem")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(to_server, to_client, server_side=True)
    client = trusting.wrap_bio(to_client, to_server, server_hostname="garage.test")
    for end in (client, server, client):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLCertVerificationError as refused:
            return refused.verify_message == "certificate has expired"
    return False


async def sleep() -> float:
    begun = time.monotonic()
    await asyncio.sleep(0.1)
    return time.monotonic() - begun


def tell(folder: str) -> None:
    """In a process of its own."""
    waited = {"asyncio": asyncio.run(sleep()), "uvloop": uvloop.run(sleep())}
    seen = Path(folder, "root.pem").stat().st_mtime
    print(json.dumps([clocks(), time.monotonic(), waited, seen, is_expired(folder)]))  # noqa: T201


@pytest.mark.skipif(sys.platform != "linux", reason="libfaketime moves the clock of Linux")
def test_every_wall_clock_is_moved_and_no_monotonic_one(tmp_path: Path) -> None:
    authority = Authority.create(
        tmp_path / "ca", name="Midtown Parking", organization=None, kind=KeyKind.P_256, now=datetime.now(UTC)
    )
    made, secret = authority.issue_server(["garage.test"], datetime.now(UTC) - timedelta(days=1))
    (tmp_path / "root.pem").write_text(authority.root_pem)
    (tmp_path / "server.pem").write_bytes(made)
    (tmp_path / "server.key").write_bytes(secret)
    told = []
    for ahead in (timedelta(0), 10 * FAR):
        done = subprocess.run(
            [sys.executable, "-c", f"from tests.test_ahead import tell; tell({str(tmp_path)!r})"],
            env=os.environ | environment(ahead),
            capture_output=True,
            text=True,
            check=True,
        )
        told.append(json.loads(done.stdout))
    (now, monotonic, _, seen, is_old), (later, monotonic_later, waited, seen_later, is_old_later) = told
    for name, moment in now.items():
        assert abs(later[name] - moment - (10 * FAR).total_seconds()) < NEAR_S, name
    assert 0 < monotonic_later - monotonic < NEAR_S
    assert all(0.1 <= seconds < NEAR_S for seconds in waited.values())
    assert seen_later == seen
    assert (is_old, is_old_later) == (False, True)

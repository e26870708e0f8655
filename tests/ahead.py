"""Run a command with the wall clock moved: `python -m tests.ahead 366 python -m pytest`.

The first argument is a number of days (`366`, `-0.5`) or an instant (`2028-02-29T23:59:00Z`) at which the command
starts. libfaketime moves what the C library returns for the wall clock, in the command and in every process that it
starts: Python, OpenSSL, SQLite, PostgreSQL, and Node. Time goes on from there at its usual pace. The monotonic clock,
which event loops and time limits go by, and the times of files stay as they are.
"""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

_CLOSE_ENOUGH_S = 60


def ahead_by(argument: str, now: datetime) -> timedelta:
    """How far to move the clock. Raises ValueError for what is neither a number of days nor an instant with offset."""
    try:
        return timedelta(days=float(argument))
    except ValueError:
        instant = datetime.fromisoformat(argument)
    if instant.tzinfo is None:
        raise ValueError(f"{argument} has no UTC offset: add Z.")
    return instant - now


def environment(ahead: timedelta) -> dict[str, str]:
    """The variables that move the clock of a process by `ahead`. Raises LookupError where libfaketime is missing."""
    found = find_spec("libfaketime")
    if found is None or found.origin is None:
        raise LookupError("libfaketime is not installed: run `make lint` once, or install requirements-dev.txt.")
    (library,) = Path(found.origin).parent.rglob("libfaketime.so.1")
    return {
        "LD_PRELOAD": f"{library}:{os.environ.get('LD_PRELOAD', '')}".rstrip(":"),
        "FAKETIME": f"{ahead.total_seconds():+.3f}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


def moves(variables: dict[str, str], ahead: timedelta) -> bool:
    """Whether a process with these variables starts with its clock moved by `ahead`."""
    say = "import time; print(time.time())"
    said = subprocess.run(
        [sys.executable, "-c", say], env=os.environ | variables, capture_output=True, text=True, check=True
    )
    return abs(float(said.stdout) - time.time() - ahead.total_seconds()) < _CLOSE_ENOUGH_S


def main() -> None:
    argument, *command = sys.argv[1:]
    now = datetime.now(UTC)
    ahead = ahead_by(argument, now)
    variables = environment(ahead)
    if not moves(variables, ahead):
        # The loader warns of a library for another kind of machine, and goes on without it.
        sys.exit("The clock did not move. The libfaketime package carries a library for Linux on x86-64 only.")
    os.write(1, f"The clock is moved to {now + ahead:%Y-%m-%d %H:%M:%S} UTC.\n".encode())
    os.execvpe(command[0], command, os.environ | variables)


if __name__ == "__main__":
    main()

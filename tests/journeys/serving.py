"""What runs in the server's own process. It imports next to nothing, for the fork server loads the house beforehand."""

import os
import sys
from pathlib import Path


def serve(settings: dict[str, str], log: str) -> None:
    """`python -m evgraph serve` with these environment variables; what it prints goes to the file `log`."""
    with open(log, "ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.update(settings)
    sys.argv = ["evgraph", "serve"]
    from evgraph.cli import main

    main()


def clock_file(log: str) -> Path:
    """Holds by how many seconds the clock of a server that `serve_by_a_stepping_clock` is ahead; missing: by none."""
    return Path(f"{log}.clock")


def serve_by_a_stepping_clock(settings: dict[str, str], log: str) -> None:
    """As `serve`; its clock may be set while it runs."""
    from datetime import UTC, datetime, timedelta

    from evgraph.services.clock import SystemClock

    file = clock_file(log)

    def now(_: SystemClock) -> datetime:
        ahead = float(file.read_text() or 0) if file.exists() else 0.0
        return datetime.now(UTC) + timedelta(seconds=ahead)

    SystemClock.now = now  # type: ignore[method-assign]
    serve(settings, log)


def serve_until_saved(settings: dict[str, str], log: str) -> None:
    """As `serve`; killed by SIGKILL between the first commit of a reading and its answer."""
    from evgraph.domain.events import EnergyMetered

    _serve_until(EnergyMetered, settings, log)


def serve_until_billed(settings: dict[str, str], log: str) -> None:
    """As `serve`; killed by SIGKILL right after the first commit of a line item."""
    from evgraph.domain.events import LineItemAdded

    _serve_until(LineItemAdded, settings, log)


def _serve_until(last: type, settings: dict[str, str], log: str) -> None:
    import signal

    from evgraph.bus import EventBus
    from evgraph.domain.events import Event

    def killed(bus: EventBus, event: Event) -> None:
        # It is told of after the commit, and before the charger is answered.
        if isinstance(event, last):
            os.kill(os.getpid(), signal.SIGKILL)

    EventBus.publish = killed  # type: ignore[method-assign]
    serve(settings, log)

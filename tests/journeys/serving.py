"""What runs in the server's own process. It imports next to nothing, for the fork server loads the house beforehand."""

import os
import sys


def serve(settings: dict[str, str], log: str) -> None:
    """`python -m evgraph serve` with these environment variables; what it prints goes to the file `log`."""
    with open(log, "ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.update(settings)
    sys.argv = ["evgraph", "serve"]
    from evgraph.cli import main

    main()


def serve_until_saved(settings: dict[str, str], log: str) -> None:
    """As `serve`; killed by SIGKILL between the first commit of a reading and its answer."""
    import signal

    from evgraph.bus import EventBus
    from evgraph.domain.events import EnergyMetered, Event

    def killed(bus: EventBus, event: Event) -> None:
        # It is told of after the commit, and before the charger is answered.
        if isinstance(event, EnergyMetered):
            os.kill(os.getpid(), signal.SIGKILL)

    EventBus.publish = killed  # type: ignore[method-assign]
    serve(settings, log)

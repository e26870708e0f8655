"""EVGraph as `evgraph serve` runs it, with a watch on its event loop: `python -m benchmarks.watched --port PORT`.

Each time that the loop comes late to a task that wants to run each 5 ms, a line goes to the file that
EVGRAPH_BENCHMARK_LAGS names: the monotonic clock, how late it was, and how long the loop's own thread ran meanwhile, in
seconds. Where the latter is less, others had the core: the server's other threads, other programs, the hypervisor.
"""

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, thread_time
from typing import TextIO

import typer

LAGS = "EVGRAPH_BENCHMARK_LAGS"
_EVERY_S = 0.005
_WORTH_TELLING_S = 0.005


@dataclass(frozen=True, kw_only=True)
class Lags:
    """The worst, the worst of what the loop itself was busy for, and how long it was more than 50 ms late in all."""

    worst_ms: float
    worst_own_ms: float
    late_s: float


def lags(file: Path, since: float, until: float) -> Lags:
    """Between two instants of the monotonic clock, which is the same for all processes."""
    told = [tuple(map(float, line.split())) for line in file.read_text().splitlines() if line.count(" ") == 2]
    within = [(late, own) for at, late, own in told if since <= at <= until + late]
    return Lags(
        worst_ms=max((late for late, _ in within), default=0.0) * 1000,
        worst_own_ms=max((own for _, own in within), default=0.0) * 1000,
        late_s=sum(late for late, _ in within if late > 0.05),
    )


async def _watch(told: TextIO) -> None:
    while True:
        begun, own = monotonic(), thread_time()
        await asyncio.sleep(_EVERY_S)
        now = monotonic()
        late = now - begun - _EVERY_S
        if late > _WORTH_TELLING_S:
            told.write(f"{now:.6f} {late:.6f} {thread_time() - own:.6f}\n")


def main(port: int = 8000) -> None:
    from evgraph.app import check_database, listen, server
    from evgraph.cli.common import settings_of
    from evgraph.cli.serving import prepare_process
    from evgraph.logs import set_up_logs

    settings = settings_of(port=port)
    set_up_logs(settings.log_format, settings.log_level)
    prepare_process()
    running = server(settings)
    asyncio.run(check_database(settings))

    async def serve(told: TextIO) -> None:
        watch = asyncio.create_task(_watch(told))
        try:
            await running.serve(sockets=[listen(settings)])
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    with (
        Path(os.environ[LAGS]).open("a", buffering=1) as told,
        asyncio.Runner(loop_factory=running.config.get_loop_factory()) as runner,
    ):
        runner.run(serve(told))


if __name__ == "__main__":
    typer.run(main)

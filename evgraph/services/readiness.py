"""Whether the server can do its work: what /readyz says, each check by itself."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from evgraph.models import probe
from evgraph.models.failures import DatabaseUnavailable
from evgraph.services.frame_writer import FrameWriter
from evgraph.services.metering import Metering
from evgraph.services.supervision import Supervisor
from evgraph.services.upkeep import Upkeep
from evgraph.services.write_health import WriteHealth

# A probe is not made more often, however often anybody asks; who asks waits so long for it.
PROBE_EVERY_S = 1.0
PROBE_WAIT_S = 2.0
# Older than these, something hangs.
OLDEST_READING_S = 15.0
OLDEST_FRAME_S = 30.0
OLDEST_LOOK_S = 60.0
# So long counts a failure that a small write does not refute (a full disk), where nothing is saved meanwhile.
FAILURE_COUNTS_S = 60.0

log = structlog.get_logger("evgraph.readiness")


@dataclass(frozen=True, slots=True)
class Check:
    """`why`: a sentence, where it is not ok."""

    name: str
    why: str | None = None

    @property
    def is_ok(self) -> bool:
        return self.why is None


class Readiness:
    """`checks` may be asked as often as one likes. Where readings are saved, the database is asked nothing for it."""

    def __init__(
        self,
        writes: WriteHealth,
        metering: Metering,
        frame_writer: FrameWriter,
        upkeep: Upkeep,
        supervisor: Supervisor,
    ) -> None:
        self._writes = writes
        self._metering = metering
        self._frame_writer = frame_writer
        self._upkeep = upkeep
        self._supervisor = supervisor
        self._read = _Probe(self._probe_read)
        self._write = _Probe(self._probe_write)
        self._another: str | None = None
        self._was_ready = True

    async def checks(self) -> list[Check]:
        now = asyncio.get_running_loop().time()
        is_fresh = self._writes.saved_at is not None and now - self._writes.saved_at < PROBE_EVERY_S
        read, write = await asyncio.gather(self._read.why(), _nothing() if is_fresh else self._write.why())
        checks = [
            Check("database", self._another),
            Check("read", read),
            Check("write", write or self._latest_failure()),
            Check("readings", _late("The oldest unsaved reading waits", self._metering.oldest_s, OLDEST_READING_S)),
            Check("frames", _late("The oldest unsaved frame waits", self._frame_writer.behind_s, OLDEST_FRAME_S)),
            Check("upkeep", self._why_upkeep()),
            Check("tasks", " ".join(f"{name}: {why}" for name, why in self._supervisor.down.items()) or None),
        ]
        self._log(checks)
        return checks

    async def _probe_read(self) -> None:
        migrations = await probe.read()
        self._another = await probe.why_another(migrations)

    async def _probe_write(self) -> None:
        await probe.write()
        self._writes.probed()

    def _latest_failure(self) -> str | None:
        failure, failed_at = self._writes.failure, self._writes.failed_at
        if failure is None or failed_at is None:
            return None
        if asyncio.get_running_loop().time() - failed_at > FAILURE_COUNTS_S:
            return None
        return failure.why

    def _why_upkeep(self) -> str | None:
        late = _late("The latest look was complete", self._upkeep.behind_s, OLDEST_LOOK_S, "ago")
        failing = self._upkeep.failing(OLDEST_LOOK_S)
        return late or (f"It fails again and again: {', '.join(failing)}." if failing else None)

    def _log(self, checks: list[Check]) -> None:
        failed = {check.name: check.why for check in checks if not check.is_ok}
        if failed and self._was_ready:
            log.warning("not ready", **failed)
        elif not failed and not self._was_ready:
            log.info("ready again")
        self._was_ready = not failed


class _Probe:
    """One at a time, and its result for all who ask meanwhile; one that hangs is not joined by another."""

    def __init__(self, probe: Callable[[], Awaitable[None]]) -> None:
        self._probe = probe
        self._task: asyncio.Task[str | None] | None = None
        self._began_at = 0.0

    async def why(self) -> str | None:
        """None where it succeeded."""
        loop = asyncio.get_running_loop()
        if self._task is None or (self._task.done() and loop.time() - self._began_at >= PROBE_EVERY_S):
            self._began_at = loop.time()
            self._task = asyncio.create_task(self._result())
        await asyncio.wait({self._task}, timeout=max(0.0, self._began_at + PROBE_WAIT_S - loop.time()))
        if self._task.done():
            return self._task.result()
        return f"The database has not answered for {loop.time() - self._began_at:.0f} s."

    async def _result(self) -> str | None:
        try:
            await self._probe()
        except DatabaseUnavailable as failure:
            return failure.why
        except Exception as failure:
            return f"The database cannot be used ({type(failure).__name__})."
        return None


async def _nothing() -> None:
    return None


def _late(what: str, age_s: float, most_s: float, unit: str = "") -> str | None:
    if age_s <= most_s:
        return None
    return f"{what} {age_s:.0f} s {unit}".rstrip() + "."

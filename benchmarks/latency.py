"""How long it takes: from a charger's frame to a board, and from an attendant's tap to the charger."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, monotonic_ns
from typing import Any

import orjson

from benchmarks import busy_garage, house
from benchmarks.charger import Charger
from benchmarks.contenders import Contender, Machine, crowded
from benchmarks.databases import Sqlite
from benchmarks.http_client import Http
from benchmarks.load import Chargers, paced, watching
from benchmarks.measured import PACED_HEAD, Line, Role, Row, Run, Section, Waits, paced_lines, waits_row
from benchmarks.plan import Plan
from benchmarks.process import Meter, Server
from benchmarks.progress import Tell

GARAGES, BOARDS, READINGS_A_SECOND, TAPS_A_SECOND = 10, 200, 1_000, 20
_EACH_SENDS_A_SECOND = 2
_ANSWER_S = 15.0
TO_BOARD, TAP_IDLE, TAP_LOADED = "frame to board", "tap to charger, idle", "tap to charger, under that load"
FLOOR = "limit: a query over HTTP, and a page on the disk"
_PAGE = bytes(4096)
# Milliseconds that CitrineOS 1.8 took: p50 and p95. The goal is under half.
_CITRINE = {TAP_IDLE: (5.9, 32.0), TAP_LOADED: (14.9, 36.0)}


async def measure(machine: Machine, plan: Plan, tell: Tell) -> list[Section]:
    runs: dict[str, list[Run]] = {TO_BOARD: [], TAP_IDLE: [], FLOOR: [], TAP_LOADED: []}
    a_second = max(READINGS_A_SECOND * plan.charge_points_together // 10_000, 1)
    boards = min(BOARDS, plan.most_boards)
    many = max(a_second // _EACH_SENDS_A_SECOND, GARAGES)
    tell(f"Latency: plugging in {many} chargers")
    database = Sqlite(machine.folder / "evgraph.sqlite3")
    async with crowded(machine, database, many, GARAGES) as (contender, tapped):
        held = await handheld(contender, tapped)
        for round_ in range(1, plan.rounds + 1):
            tell(f"Latency, run {round_} of {plan.rounds}: taps")
            runs[TAP_IDLE].append(await held.taps(plan.latency / 2))
            runs[FLOOR].append(await held.floor(plan.latency / 2, machine.folder / "page"))
            tell(
                f"Latency, run {round_} of {plan.rounds}: {a_second} readings a second, {boards} boards, then taps too"
            )
            to_board, loaded = await _under_load(contender, held, plan, a_second, boards)
            runs[TO_BOARD].append(to_board)
            runs[TAP_LOADED].append(loaded)
    return [_section(runs, a_second, boards)]


async def _under_load(contender: Contender, held: "Handheld", plan: Plan, a_second: int, count: int) -> tuple[Run, Run]:
    """Frames to boards, and taps while such a load goes on."""
    source = Chargers(contender.chargers, watched_every=GARAGES)
    async with watching(
        contender.server,
        count,
        token=contender.token,
        garage_id=contender.garage_id,
        running=len(contender.chargers[::GARAGES]),
    ) as boards:

        async def load() -> Run:
            return await paced(
                source,
                contender.server,
                contender.registers,
                boards,
                seconds=plan.latency,
                a_second=a_second,
                warm_up=plan.warm_up,
            )

        to_board = await load()
        async with asyncio.TaskGroup() as group:
            group.create_task(load())
            await asyncio.sleep(plan.warm_up)
            loaded = await held.taps(plan.latency)
        return to_board, loaded


@dataclass(frozen=True, kw_only=True)
class Handheld:
    """An attendant who starts the same vehicle again and again, and a charger that says no each time."""

    server: Server
    token: str
    charger: Charger
    body: bytes

    async def taps(self, seconds: float, a_second: int | None = TAPS_A_SECOND) -> Run:
        """On a connection of their own: the server closes one that rests. Null for one right after the other."""
        waits: list[int] = []
        http = await Http().open(self.server.port, self.token)
        meter, begun, number = Meter(self.server), monotonic(), 0
        while monotonic() - begun < seconds:
            waits.append(await self._tap(http))
            number += 1
            if a_second is not None:
                await asyncio.sleep(max(begun + number / a_second - monotonic(), 0))
        usage = meter.read()
        http.close()
        return Run(a_second=len(waits) / usage.seconds, waits=Waits.of(waits), usage=usage)

    async def floor(self, seconds: float, file: Path) -> Run:
        """What no tap can do without, as seldom: a way to a server that rests, and back, and a commit's one page."""
        waits: list[int] = []
        http = await Http().open(self.server.port, self.token)
        meter, begun = Meter(self.server), monotonic()
        with file.open("wb", buffering=0) as disk:
            while monotonic() - begun < seconds:
                since_ns = monotonic_ns()
                await http.ask("{ __typename }")
                disk.seek(0)
                disk.write(_PAGE)
                os.fdatasync(disk.fileno())
                waits.append(monotonic_ns() - since_ns)
                await asyncio.sleep(max(begun + len(waits) / TAPS_A_SECOND - monotonic(), 0))
        usage = meter.read()
        http.close()
        return Run(a_second=len(waits) / usage.seconds, waits=Waits.of(waits), usage=usage)

    async def _tap(self, http: Http) -> int:
        """Nanoseconds from the mutation's bytes to RemoteStartTransaction's."""
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[int] = loop.create_future()
        answer: asyncio.Future[bytes] = loop.create_future()

        def was_asked(action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
            if action != "RemoteStartTransaction":
                return None
            asked.set_result(monotonic_ns())
            return {"status": "Rejected"}

        self.charger.asked = was_asked
        tapped_ns = monotonic_ns()
        http.post(self.body, answer.set_result)
        async with asyncio.timeout(_ANSWER_S):
            given = orjson.loads(await answer)
        if not asked.done():
            raise RuntimeError(f"The charger was not asked: {given}")
        return asked.result() - tapped_ns


async def handheld(contender: Contender, charger: Charger) -> Handheld:
    port = contender.server.port
    token, garage_id = await house.sign_in(port, house.ATTENDANT)
    api = await Http().open(port, token)
    try:
        ports = await busy_garage.ports_of(api, garage_id)
        request_id = await busy_garage.check_in(api, garage_id)
    finally:
        api.close()
    given = {"requestId": request_id, "portId": ports[f"AX48-{GARAGES + 1}"]}
    body = orjson.dumps({"query": busy_garage.START, "variables": {"input": given}})
    return Handheld(server=contender.server, token=token, charger=charger, body=body)


def _section(runs: dict[str, list[Run]], a_second: int, boards: int) -> Section:
    lines = {
        name: Line(name=name, role=Role.LIMIT if name == FLOOR else Role.OURS, runs=of) for name, of in runs.items()
    }
    return Section(
        name="latency",
        title=f"From end to end, at {a_second:,} readings a second and {boards} boards",
        head=PACED_HEAD,
        lines=paced_lines(list(lines.values())),
        rows=_rows(lines, a_second, boards),
        how=_HOW,
    )


def _rows(lines: dict[str, Line], a_second: int, boards: int) -> Sequence[Row]:
    at = f"{a_second:,} readings a second, {boards} boards"
    rows = [
        waits_row(f"{TO_BOARD}, {at}: p50", lines[TO_BOARD], [], lambda wait: wait.p50_ms),
        waits_row(f"{TO_BOARD}, {at}: p99", lines[TO_BOARD], [], lambda wait: wait.p99_ms),
        waits_row(f"{TO_BOARD}, {at}: p99.9", lines[TO_BOARD], [], lambda wait: wait.p999_ms),
    ]
    for name, (p50, p95) in _CITRINE.items():
        others = [lines[FLOOR]] if name == TAP_IDLE else []
        rows.append(waits_row(f"{name}: p50", lines[name], others, lambda wait: wait.p50_ms, most=p50 / 2))
        rows.append(waits_row(f"{name}: p95", lines[name], [], lambda wait: wait.p95_ms, most=p95 / 2))
    return rows


_HOW = """\
500 charge points in ten garages send two readings a second each, evenly paced; 200 boards watch one of the garages, and
are owed 20,000 updates a second.

- **frame to board**: from when a charger has its reading to send until a board received the update with that energy.
- **tap to charger**: from when `startCharging` is sent over HTTP until RemoteStartTransaction is on the charger's
  socket, between them the transaction that takes the port. The charger says no each time, and is tapped again, 20 times
  a second.
- **limit**: a trivial query to the same server, and then one page written and synced to the same disk, as seldom. What
  rests in between is slow to wake: asked one right after the other, taps take half as long.
- **CitrineOS** 1.8 cannot run here. Measured once, elsewhere, on a machine of this kind, it took 5.9 ms (p50) and 32 ms
  (p95) when idle, 14.9 and 36 ms under load; the goals are half of these.
"""

"""C10: what is booked is derived again from the frames, and whatever differs is found."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from evgraph.domain.charging_session import SessionStatus, StopReason
from evgraph.domain.people import Role
from evgraph.models import FrameRow, LineItemRow, RateRow, SessionRow, database
from evgraph.models.records import to_columns
from evgraph.ocpp.replay import Kind, Selection, UnknownSelection
from tests.journeys.garage import delivers
from tests.journeys.proof import derived_again


@pytest.fixture
async def billed(open_garage, database_url) -> str:
    """The ticket's number. A vehicle was charged, billed and checked out; the server has stopped."""
    async with open_garage() as garage:
        operator = await garage.sign_in(Role.OPERATOR)
        await operator.set_rate("PER_KWH", "249.9")
        async with garage.charger() as charger, operator.board() as screen:
            port = screen.port("AX48-1-1")
            await screen.shows_port(port["id"], isOpen=True)
            checked_in = await operator.check_in()
            await charger.plug_in()
            await operator.started(checked_in["request"], port["id"])
            await delivers(charger, 60)
            await charger.unplug()
            await screen.shows(checked_in["request"], "CHARGED")
            await operator.check_out(checked_in["stay"])
    return checked_in["stay"]["ticketNumber"]


async def _one(row_type: Any) -> Any:
    return await row_type.all().order_by("id").first()


async def _set(row_type: Any, **columns: Any) -> None:
    await row_type.filter(id=(await _one(row_type)).id).update(**columns)


async def _moved_end() -> None:
    session = await _one(SessionRow)
    await _set(SessionRow, ended_at=session.ended_at + timedelta(minutes=1))


async def _moved_start() -> None:
    session = await _one(SessionRow)
    await _set(SessionRow, started_at=session.started_at - timedelta(minutes=1))


async def _more_energy() -> None:
    await _set(SessionRow, energy_wh=(await _one(SessionRow)).energy_wh + 1000)


async def _more_cents() -> None:
    await _set(LineItemRow, amount_cents=(await _one(LineItemRow)).amount_cents + 1)


async def _billed_twice() -> None:
    item = (await _one(LineItemRow)).value()
    await LineItemRow.create(**to_columns(replace(item, sequence=2)))


async def _invented_session() -> None:
    session = (await _one(SessionRow)).value()
    await SessionRow.create(**to_columns(replace(session, reported_start="invented", meter_start_wh=7)))


async def _lost_session() -> None:
    await _set(SessionRow, status=SessionStatus.FAILED)


async def _other_stop() -> None:
    stop = await FrameRow.filter(action="StopTransaction", direction="RECEIVED").first()
    assert stop is not None
    frame = json.loads(stop.frame)
    frame[3]["meterStop"] += 1000
    await FrameRow.filter(id=stop.id).update(frame=json.dumps(frame))


FALSIFIED: list[tuple[Callable[[], Awaitable[None]], set[Kind]]] = [
    (_more_energy, {Kind.ENERGY}),
    (_moved_end, {Kind.END}),
    (_moved_start, {Kind.START}),
    (lambda: _set(SessionRow, meter_start_wh=1), {Kind.METER_START}),
    (lambda: _set(SessionRow, stop_reason=StopReason.OTHER), {Kind.REASON}),
    (_more_cents, {Kind.LINE_ITEMS}),
    (_billed_twice, {Kind.LINE_ITEMS}),
    (lambda: LineItemRow.all().delete(), {Kind.LINE_ITEMS}),
    (lambda: _set(RateRow, amount_cents="500"), {Kind.LINE_ITEMS}),
    (_invented_session, {Kind.NOT_TOLD}),
    (_lost_session, {Kind.NOT_BOOKED}),
    (_other_stop, {Kind.ENERGY, Kind.LINE_ITEMS}),
]


@asynccontextmanager
async def _falsified(database_url: str, falsify: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """With the books as `falsify` leaves them; as they were before, afterwards."""
    rows = (RateRow, SessionRow, LineItemRow, FrameRow)
    await database.open_database(database_url)
    before = {row_type: await row_type.all().order_by("id") for row_type in rows}
    await falsify()
    await database.close_database()
    yield
    await database.open_database(database_url)
    for row_type in (LineItemRow, SessionRow):
        await row_type.exclude(id__in=[row.id for row in before[row_type]]).delete()
    for row_type, kept in before.items():
        for row in kept:
            if await row_type.exists(id=row.id):
                await row.save(force_update=True)
            else:
                await row.save(force_create=True)
    await database.close_database()


async def test_c10_each_falsification_of_the_books_is_found(billed, database_url):
    clean = await derived_again(database_url)
    assert (clean.proven, clean.differences, clean.untold) == (1, [], [])
    for falsify, kinds in FALSIFIED:
        async with _falsified(database_url, falsify):
            report = await derived_again(database_url)
        assert {difference.kind for difference in report.differences} == kinds, falsify
        assert report.untold == []
    assert (await derived_again(database_url)).differences == []


async def test_c10_a_session_whose_frames_are_no_longer_kept_is_said_to_be_so(billed, database_url):
    async with _falsified(database_url, lambda: FrameRow.all().delete()):
        report = await derived_again(database_url)
    assert (report.proven, report.differences) == (0, [])
    assert [(one.charge_point, one.session_id) for one in report.untold] == [("AX48-1", 1)]


async def test_c10_what_is_looked_at_can_be_chosen(billed, database_url):
    async with _falsified(database_url, _more_energy):
        (difference,) = (await derived_again(database_url)).differences
        began = difference.started_at
        for selection, found in [
            (Selection(ticket_number=billed), 1),
            (Selection(charge_point="AX48-1"), 1),
            (Selection(charge_point="AX48-2"), 0),
            (Selection(since=began, until=began + timedelta(seconds=1)), 1),
            (Selection(since=began + timedelta(seconds=1)), 0),
            (Selection(until=began), 0),
        ]:
            assert len((await derived_again(database_url, selection)).differences) == found, selection
        for selection in (Selection(ticket_number="none"), Selection(charge_point="none")):
            with pytest.raises(UnknownSelection):
                await derived_again(database_url, selection)


@pytest.mark.slow
async def test_c10_the_command_tells_by_its_exit_code_and_in_words(billed, database_url):
    code, said = await _replay(database_url, "--ticket", billed)
    assert (code, said.splitlines()[-1]) == (0, "Nothing differs from the books.")
    async with _falsified(database_url, _more_cents):
        code, said = await _replay(database_url)
        assert code == 1
        assert "sum of the line items" in " ".join(said.split())
        assert "1 session differs from the books." in said
        code, said = await _replay(database_url, "--json")
        (difference,) = json.loads(said)["differences"]
        assert code == 1
        assert difference["booked"] == difference["derived"] + 1
    assert (await _replay(database_url, "--ticket", "none"))[0] == 2
    assert (await _replay(database_url, "--from", "yesterday"))[0] == 2
    assert (await _replay("sqlite:///nowhere/at/all.sqlite3"))[0] == 2


async def _replay(database_url: str, *options: str) -> tuple[int, str]:
    """The exit code, and what it printed."""
    environment = os.environ | {"EVGRAPH_DATABASE_URL": database_url, "NO_COLOR": "1", "COLUMNS": "200"}
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "evgraph", "replay", *options,
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await running.communicate()
    assert running.returncode is not None
    return running.returncode, out.decode()

"""T5, T7, M4: a session that is closed as forgotten while its readings and its stop are under way comes out the same as
one that is closed after them, or never: the same energy, the same bill."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus, StopReason
from evgraph.domain.energy import Reading
from evgraph.domain.port import PortStatus
from evgraph.domain.rate import RateKind
from evgraph.domain.stay import Stay
from evgraph.domain.transactions import TransactionStop
from evgraph.models import MeterSampleRow, QuarantinedMessageRow
from evgraph.services.books import Books, Change

from .conftest import Garage

START = 1000
Outcome = tuple[int, datetime | None, int]


async def _free(garage: Garage, kind: RateKind = RateKind.PER_KWH) -> tuple[Stay, ChargingSession]:
    """It charged 20 minutes and 2 kWh, and its connector has been reported free since; its time runs out at 25."""
    await garage.set_rate(kind, "25")
    stay = await garage.check_in()
    session = await garage.start(stay)
    await garage.begin(session, meter=START)
    garage.clock.turn(minutes=20)
    await garage.meter(session.id, START + 2000)
    await garage.report(PortStatus.AVAILABLE)
    return stay, await garage.session(session.id)


async def _told(garage: Garage, session: ChargingSession, minute: float, wh: int, *, named: bool = True) -> None:
    """A reading that was taken at this minute of the charge."""
    assert session.started_at is not None
    reading = Reading(at=session.started_at + timedelta(minutes=minute), register_wh=START + wh)
    await garage.house.metering.record(
        garage.charge_point_id,
        connector_id=1,
        transaction_id=session.id if named else None,
        readings=[reading],
        raw="[a frame]",
    )


async def _outcome(garage: Garage, stay: Stay, session: ChargingSession) -> Outcome:
    ended = await garage.session(session.id)
    assert ended.status is SessionStatus.ENDED
    items = await garage.line_items(stay)
    assert [item.is_correction for item in items] == [False] + [True] * (len(items) - 1)
    return ended.energy_wh, ended.ended_at, sum(item.amount_cents for item in items)


async def _look(garage: Garage) -> int:
    return await garage.house.transactions.close_forgotten()


@pytest.mark.parametrize("kind", [RateKind.PER_KWH, RateKind.PER_MINUTE, RateKind.FLAT_FEE])
async def test_t7_readings_and_stop_before_and_after_the_look_make_one_bill(garage: Garage, kind: RateKind) -> None:
    """Each order of the look and what was queued; readings among themselves keep theirs."""
    found: set[tuple[int, timedelta, int]] = set()
    for order in permutations(["look", "first", "second", "stop"]):
        if order.index("first") > order.index("second"):
            continue
        stay, session = await _free(garage, kind)
        assert session.started_at is not None
        garage.clock.turn(minutes=6)
        for what in order:
            if what == "look":
                await _look(garage)
            elif what == "stop":
                await garage.end(session.id, meter=START + 4000, at=session.started_at + timedelta(minutes=23))
            else:
                minute, wh = {"first": (21, 2500), "second": (22, 3800)}[what]
                await _told(garage, session, minute, wh)
        energy_wh, ended_at, cents = await _outcome(garage, stay, session)
        assert ended_at is not None
        found.add((energy_wh, ended_at - session.started_at, cents))
        assert not (await garage.session(session.id)).flags
        garage.clock.turn(minutes=10)
    (energy_wh, lasted, cents), *others = found
    assert (energy_wh, lasted, others) == (4000, timedelta(minutes=23), [])
    assert cents == {RateKind.PER_KWH: 100, RateKind.PER_MINUTE: 575, RateKind.FLAT_FEE: 25}[kind]


@pytest.mark.parametrize("is_late", [False, True])
async def test_t7_readings_count_where_the_stop_never_comes(garage: Garage, is_late: bool) -> None:
    stay, session = await _free(garage)
    garage.clock.turn(minutes=6)
    if is_late:
        assert await _look(garage) == 1
    await _told(garage, session, 22, 3800)
    await _told(garage, session, 23, 3800)
    garage.clock.turn(minutes=2)
    assert await _look(garage) == int(not is_late)
    assert session.started_at is not None
    assert await _outcome(garage, stay, session) == (3800, session.started_at + timedelta(minutes=22), 95)
    # It is still no more than the charger's readings: its stop has the last word.
    assert (await garage.session(session.id)).flags == {SessionFlag.ESTIMATED}
    await garage.end(session.id, meter=START + 4000)
    assert (await _outcome(garage, stay, session))[0::2] == (4000, 100)


async def test_t7_late_readings_of_its_time_count_without_an_id_and_later_ones_are_nobodys(garage: Garage) -> None:
    stay, session = await _free(garage)
    garage.clock.turn(minutes=6)
    await _look(garage)
    await _told(garage, session, 19.5, 9000, named=False)
    assert (await _outcome(garage, stay, session))[0] == 2000, "older than the newest (M4)"
    await _told(garage, session, 22, 3800, named=False)
    assert (await _outcome(garage, stay, session))[0] == 2000
    kept = await MeterSampleRow.filter(session_id=None).order_by("at").values_list("register_wh", flat=True)
    assert list(kept) == [START + 9000, START + 3800]
    assert not await QuarantinedMessageRow.exists()
    await _told(garage, session, 20.5, 2100)
    assert (await _outcome(garage, stay, session))[0] == 2100, "the first one does not count later, either"


async def test_t7_what_the_port_counted_for_the_next_vehicle_is_not_billed_to_the_one_before(garage: Garage) -> None:
    stay, session = await _free(garage)
    garage.clock.turn(minutes=6)
    await _look(garage)
    await garage.begin("CARD", meter=START + 2600, reported_at="2026-11-22T09:14:00Z")
    await _told(garage, session, 21, 2500)
    await _told(garage, session, 30, 5000)
    assert (await _outcome(garage, stay, session))[0::2] == (2500, 63)


async def test_t5_a_stop_with_readings_of_a_meter_that_was_reset_counts_them_after_the_look_too(garage: Garage) -> None:
    outcomes = []
    for is_late in (False, True):
        stay, session = await _free(garage)
        garage.clock.turn(minutes=6)
        if is_late:
            await _look(garage)
        assert session.started_at is not None
        readings = tuple(
            Reading(at=session.started_at + timedelta(minutes=minute), register_wh=register)
            for minute, register in ((22, 700), (21, 0))
        )
        stop = TransactionStop(
            transaction_id=session.id, id_tag=None, meter_stop_wh=900, at=session.started_at + timedelta(minutes=23),
            reason=StopReason.EV_DISCONNECTED, readings=readings, clock_replaced=False, raw="[a frame]",
        )  # fmt: skip
        await garage.house.transactions.transaction_stopped(garage.charge_point_id, stop)
        ended = await garage.session(session.id)
        outcomes.append(
            (ended.energy_wh, ended.stop_reason, sum(i.amount_cents for i in await garage.line_items(stay)))
        )
        garage.clock.turn(minutes=10)
    assert outcomes == [(2900, StopReason.EV_DISCONNECTED, 73)] * 2


async def test_t3_a_stop_that_names_nothing_is_the_truth_of_the_only_session_that_was_closed(garage: Garage) -> None:
    stay, session = await _free(garage)
    garage.clock.turn(minutes=6)
    await _look(garage)
    await garage.end(-1, meter=START + 9000, id_tag="ANOTHER")
    assert (await _outcome(garage, stay, session))[0] == 2000
    await garage.end(-1, meter=START + 2600)
    assert (await _outcome(garage, stay, session))[0::2] == (2600, 65)
    (kept,) = await QuarantinedMessageRow.all()
    assert kept.energy_wh == START + 9000


async def test_t7_the_look_sees_what_came_while_it_waited_for_the_garage(
    garage: Garage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It found the session forgotten, and had to wait for a change that was told of it."""
    books = Books(garage.house.bus, garage.clock, garage.house.frames)
    for what_came, is_closed in (("Charging", False), ("a reading", False), ("stop", False), ("nothing", True)):
        _, session = await _free(garage)
        garage.clock.turn(minutes=6)

        async def came(what_came: str = what_came, session: ChargingSession = session) -> None:
            if what_came == "Charging":
                await garage.report(PortStatus.CHARGING)
            elif what_came == "a reading":
                await garage.meter(session.id, START + 2200)
            elif what_came == "stop":
                await garage.end(session.id, meter=START + 2200)

        monkeypatch.setattr(garage.house.transactions, "_books", _SomebodyFirst(books, came))
        assert await _look(garage) == int(is_closed), what_came
        ended = await garage.session(session.id)
        assert (SessionFlag.ESTIMATED in ended.flags) is is_closed
        if ended.status is SessionStatus.CHARGING:
            await garage.end(session.id, meter=START + 2200)
        garage.clock.turn(minutes=1)
        await garage.report(PortStatus.AVAILABLE)


class _SomebodyFirst:
    """Books of which somebody else has the garage before the first change that is opened."""

    def __init__(self, books: Books, came: Callable[[], Awaitable[None]]) -> None:
        self._books = books
        self._came: Callable[[], Awaitable[None]] | None = came

    def now(self) -> datetime:
        return self._books.now()

    @asynccontextmanager
    async def change(self, *garage_ids: int) -> AsyncIterator[Change]:
        came, self._came = self._came, None
        if came is not None:
            await came()
        async with self._books.change(*garage_ids) as change:
            yield change

"""C10: every frame is kept, with its effect or before it; C1: so is every connection."""

import asyncio
from datetime import timedelta

import pytest

from evgraph.bus import EventBus
from evgraph.domain.charge_point import FrameDirection, FrameKind
from evgraph.domain.events import FrameLogged
from evgraph.models import ConnectionRow, FrameRow, GarageRow
from evgraph.services import frames as frame_log
from evgraph.services import retention
from evgraph.services.connections import RESTARTED, Connections
from evgraph.services.frames import FrameLog, as_it_came
from evgraph.services.retention import Retention
from tests.patience import PATIENCE_S


def _add(garage, text="[a frame]", *, frames=None, at=None, charge_point_id=None):
    (frames or garage.house.frames).add(
        garage.id,
        charge_point_id or garage.charge_point_id,
        at or garage.clock.now(),
        FrameDirection.RECEIVED,
        FrameKind.CALL,
        "m1",
        "MeterValues",
        text,
    )


async def _kept():
    return [row.value() for row in await FrameRow.all().order_by("id")]


class Failed(Exception):
    pass


@pytest.fixture
def books(garage):
    return garage.house.metering._books


async def test_c10_a_frame_is_written_in_the_change_that_follows_it(garage, books):
    _add(garage, "[1]")
    _add(garage, "[2]")
    async with books.change(garage.id):
        assert await _kept() == []
    kept = await _kept()
    assert [frame.frame for frame in kept] == ["[1]", "[2]"]
    first = kept[0]
    assert (first.charge_point_id, first.at) == (garage.charge_point_id, garage.clock.now())
    assert (first.direction, first.kind, first.message_id, first.action) == (
        FrameDirection.RECEIVED,
        FrameKind.CALL,
        "m1",
        "MeterValues",
    )
    assert garage.house.frames.count == 0


async def test_c10_a_frame_of_another_garage_waits_for_a_change_there(garage, books):
    other = await garage.house.registration.add_garage(organization="Midtown", location_id="NYC-035", name="35th")
    _add(garage)
    async with books.change(other.id):
        pass
    assert await _kept() == []
    await garage.house.frame_writer.write()
    assert len(await _kept()) == 1


async def test_c10_a_frame_outlives_the_change_that_failed_with_it(garage, books):
    _add(garage, "[1]")
    with pytest.raises(Failed):
        async with books.change(garage.id):
            raise Failed
    with pytest.raises(Failed), garage.house.frames.taken() as taken:
        await _in_transaction(taken.write([garage.id]))
    assert await _kept() == []
    _add(garage, "[2]")
    assert garage.house.frames.count == 2
    await garage.house.frame_writer.write()
    assert [frame.frame for frame in await _kept()] == ["[1]", "[2]"]


async def _in_transaction(writing):
    from tortoise.transactions import in_transaction

    async with in_transaction("default"):
        await writing
        raise Failed


async def test_c10_what_no_database_takes_is_kept_in_a_form_that_it_does(garage):
    _add(garage, 'a\x00b \ud83d "é€😀"')
    await garage.house.frame_writer.write()
    (frame,) = await _kept()
    assert frame.frame == 'a\u2400b \\ud83d "é€😀"'
    assert as_it_came(frame.frame) == 'a\x00b \\ud83d "é€😀"'


async def test_c10_while_nothing_can_be_written_the_oldest_frames_go_and_are_counted_once(garage, monkeypatch, capsys):
    monkeypatch.setattr(frame_log, "MOST_WAITING", 3)
    for number in range(5):
        _add(garage, f"[{number}]")
    await garage.house.frame_writer.write()
    assert [frame.frame for frame in await _kept()] == ["[2]", "[3]", "[4]"]
    told = capsys.readouterr().out
    assert told.count("the oldest are dropped") == 1
    assert "frames=2" in told


async def test_c10_frames_that_wait_are_bounded_in_size_too(garage, monkeypatch):
    monkeypatch.setattr(frame_log, "MOST_CHARACTERS", 10)
    for text in ("[1]", "[22]", "[333333]"):
        _add(garage, text)
    assert [frame.frame for frame in garage.house.frames.waiting()] == ["[333333]"]


async def test_c10_who_watches_a_charge_point_sees_its_frames_once_they_are_kept(garage):
    house = garage.house
    writing = asyncio.create_task(house.frame_writer.run())
    with house.frames.watch(garage.id, garage.charge_point_id) as feed:
        _add(garage, "[another's]", charge_point_id=garage.other_charge_point_id)
        _add(garage, "[1]")
        async with asyncio.timeout(PATIENCE_S):
            event = await anext(feed)
    assert isinstance(event, FrameLogged)
    assert (event.charge_point_id, event.frame) == (garage.charge_point_id, (await _kept())[-1])
    _add(garage, "[2]")
    await house.frame_writer.write()
    assert [one for one in feed._waiting if isinstance(one, FrameLogged)] == []
    writing.cancel()


async def test_c10_where_no_frame_is_kept_who_watches_sees_them_all_the_same(garage):
    frames = FrameLog(EventBus(), kept_days=0)
    _add(garage, "[unseen]", frames=frames)
    with frames.watch(garage.id, garage.charge_point_id) as feed:
        _add(garage, "[1]", frames=frames)
        event = await anext(feed)
    assert isinstance(event, FrameLogged)
    assert event.frame.frame == "[1]"
    assert frames.count == 0


async def test_c10_frames_go_after_so_many_days_the_oldest_first(garage, monkeypatch):
    monkeypatch.setattr(retention, "FRAMES_AT_ONCE", 2)
    start = garage.clock.now()
    for day in range(6):
        _add(garage, f"[{day}]", at=start + timedelta(days=day))
    await garage.house.frame_writer.write()
    garage.clock.turn(days=14, seconds=1)
    monkeypatch.setattr(retention, "FRAMES_BUDGET_S", 0)
    forgetting = Retention(garage.clock, frames_kept_days=10)
    await forgetting.forget_frames()
    assert [frame.frame for frame in await _kept()] == ["[2]", "[3]", "[4]", "[5]"]
    await forgetting.forget_frames()
    await forgetting.forget_frames()
    assert [frame.frame for frame in await _kept()] == ["[5]"]
    garage.clock.turn(days=1)
    await forgetting.forget_frames()
    assert await _kept() == []


async def test_c10_zero_days_forget_all(garage):
    _add(garage)
    await garage.house.frame_writer.write()
    garage.clock.turn(seconds=1)
    await Retention(garage.clock, frames_kept_days=0).forget_frames()
    assert await _kept() == []


async def test_c10_two_processes_that_log_at_one_instant_do_not_collide(garage):
    frames = garage.house.frames
    other = FrameLog(EventBus())
    other._process = frames._process ^ 1
    _add(garage, "[1]")
    _add(garage, "[2]", frames=other)
    assert len({frame.id for frame in (*frames.waiting(), *other.waiting())}) == 2


async def test_c1_a_connection_is_kept_and_one_that_was_left_open_ends_with_the_restart(garage):
    connections = Connections(garage.clock)
    first = await connections.opened(
        garage.charge_point_id, remote="10.0.0.7", subprotocol="ocpp1.6", security_profile=1
    )
    garage.clock.turn(minutes=5)
    await connections.closed(first, code=1006, reason="The connection broke off.")
    await connections.closed(first, code=1000, reason="again")
    await connections.opened(garage.charge_point_id, remote="10.0.0.7", subprotocol=None, security_profile=0)
    garage.clock.turn(minutes=5)
    await connections.forget()
    ended, left = [row.value() for row in await ConnectionRow.all().order_by("id")]
    assert (ended.close_code, ended.close_reason) == (1006, "The connection broke off.")
    assert ended.disconnected_at == ended.connected_at + timedelta(minutes=5)
    assert (ended.remote, ended.subprotocol, ended.security_profile) == ("10.0.0.7", "ocpp1.6", 1)
    assert (left.disconnected_at, left.close_code, left.close_reason) == (garage.clock.now(), None, RESTARTED)


async def test_c1_connections_go_after_thirty_days_and_open_ones_stay(garage):
    connections = Connections(garage.clock)
    for ends in (True, False):
        made = await connections.opened(garage.charge_point_id, remote="r", subprotocol=None, security_profile=0)
        if ends:
            await connections.closed(made, code=1000, reason=None)
    garage.clock.turn(days=31)
    await Retention(garage.clock).tidy()
    (left,) = await ConnectionRow.all()
    assert left.disconnected_at is None


async def test_the_garages_revision_does_not_move_for_frames(garage):
    before = (await GarageRow.get(id=garage.id)).revision
    _add(garage)
    await garage.house.frame_writer.write()
    assert (await GarageRow.get(id=garage.id)).revision == before

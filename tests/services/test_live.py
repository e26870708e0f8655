"""Followings, by a clock that the tests turn."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from evgraph.bus import Feed
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.events import BoardChanged, EnergyMetered, SessionChanged
from evgraph.services.live import Lost, take
from evgraph.services.live_board import InTurn
from evgraph.services.live_energy import Paced

AT = datetime(2026, 11, 22, 8, 48, tzinfo=UTC)
SESSION = ChargingSession(
    id=7,
    garage_id=1,
    charge_point_id=1,
    port_id=1,
    connector_id=1,
    request_id=None,
    stay_id=None,
    rate_id=None,
    status=SessionStatus.CHARGING,
    flags=frozenset(),
    id_tag="TAG",
    asked_at=AT,
    started_at=AT,
)


def metered(energy_wh: int, *, seconds: float | None = None, id_: int = 7) -> EnergyMetered:
    at = AT + timedelta(seconds=energy_wh if seconds is None else seconds)
    return EnergyMetered(
        garage_id=1, session=replace(SESSION, id=id_, energy_wh=energy_wh, last_meter_at=at), rate=None, at=at
    )


def changed(revision: int) -> BoardChanged:
    return BoardChanged(garage_id=1, revision=revision, rate=None, ports=(), cards=(), removed_request_ids=())


def energies(news) -> list[int]:
    return [one.session.energy_wh for one in news]


def test_a_session_is_told_of_ten_times_a_second_and_its_last_reading_always():
    following = Paced({}, None)
    told = []
    for reading in range(1, 1001):
        now = reading / 1000
        if following.due is not None and following.due <= now:
            told += [(now, wh) for wh in energies(following.ripe(now))]
        told += [(now, wh) for wh in energies(following.take(metered(reading), now))]
    assert following.due == pytest.approx(told[-1][0] + 0.1)
    end = following.due
    told += [(end, wh) for wh in energies(following.ripe(end))]
    assert 10 <= len(told) <= 11
    assert all(later - earlier >= 0.0999 for (earlier, _), (later, _) in pairwise(told))
    assert [wh for _, wh in told] == sorted(wh for _, wh in told)
    assert told[-1][1] == 1000
    assert following.due is None


def test_sessions_do_not_wait_for_one_another():
    following = Paced({}, None)
    assert energies(following.take(metered(1, id_=1), 0)) == [1]
    assert energies(following.take(metered(2, id_=2), 0)) == [2]
    assert energies(following.take(metered(3, id_=1), 0.05)) == []
    assert energies(following.ripe(0.09)) == []
    assert energies(following.take(metered(4, id_=2), 0.2)) == [4]
    assert energies(following.ripe(0.2)) == [3]


@pytest.mark.parametrize("late_by", [0, 0.001, 0.05, 10])
@pytest.mark.parametrize("waiting", [1, 2, 5])
def test_what_was_held_is_not_told_after_what_is_newer(late_by, waiting):
    """A busy event loop looks for what is held when its pause is long over, and finds newer readings in the feed."""
    feed, following = Feed(1000), Paced({}, None)
    feed.put(metered(1))
    told = energies(take(feed, following, 0))
    feed.put(metered(2))
    told += energies(take(feed, following, 0.05))
    assert told == [1]
    now = following.due + late_by
    for reading in range(3, 3 + waiting):
        feed.put(metered(reading))
    told += energies(take(feed, following, now))
    while following.due is not None:
        told += energies(take(feed, following, following.due))
    assert told == sorted(set(told))
    assert told[-1] == 2 + waiting


def test_what_was_read_already_and_what_is_older_is_no_news():
    read = metered(5)
    following = Paced({7: read.session}, None)
    assert energies(following.take(read, 0)) == []
    assert energies(following.take(metered(4), 0)) == []
    assert energies(following.take(metered(6, seconds=5), 0)) == [6]


def test_a_session_that_ended_is_told_of_to_its_last_reading_and_then_forgotten():
    following = Paced({}, None)
    assert energies(following.take(metered(1), 0)) == [1]
    assert energies(following.take(metered(2), 0.01)) == []
    ended = SessionChanged(garage_id=1, session=replace(SESSION, status=SessionStatus.ENDED))
    assert energies(following.take(ended, 0.02)) == [2]
    assert (following.place, following.due) == ({}, None)


def test_one_session_is_followed_alone():
    following = Paced({}, 7)
    assert energies(following.take(metered(1, id_=8), 0)) == []
    assert energies(following.take(metered(2), 0)) == [2]


def test_changes_that_come_in_the_wrong_order_are_told_in_turn():
    following = InTurn(10)
    told = [change.revision for r in (9, 12, 13, 10, 11, 14) for change in following.take(changed(r), 0)]
    assert told == [11, 12, 13, 14]
    assert following.due is None


def test_a_change_that_does_not_come_is_lost_a_second_later():
    following = InTurn(10)
    assert list(following.take(changed(12), 5.0)) == []
    assert list(following.take(changed(13), 5.9)) == []
    assert following.due == 6.0
    with pytest.raises(Lost):
        following.ripe(6.0)

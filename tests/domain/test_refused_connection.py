"""C1: how many refused attempts are kept."""

from datetime import UTC, datetime, timedelta

from evgraph.domain.refused_connection import FROM_ONE_ADDRESS, IN_ALL, SAME, AttemptLimits, printable

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_c1_the_same_attempt_is_kept_ten_times_and_then_once_a_minute() -> None:
    limits = AttemptLimits()
    # For an hour, every five seconds.
    kept = [limits.allow("CP1", "10.0.0.9", NOW + timedelta(seconds=5 * number)) for number in range(720)]
    assert all(kept[: SAME.at_once])
    assert SAME.at_once + 58 <= sum(kept) <= SAME.at_once + 60
    # Another from the same address has a trace all the same.
    assert limits.allow("CP2", "10.0.0.9", NOW + timedelta(hours=1))


def test_c1_a_flood_from_one_address_is_cut_off_and_others_are_kept() -> None:
    limits = AttemptLimits()
    kept = sum(limits.allow(f"CP{number}", "203.0.113.9", NOW) for number in range(5000))
    assert kept == FROM_ONE_ADDRESS.at_once
    assert limits.allow("CP1", "10.0.0.9", NOW)
    assert limits.allow("CP1", "203.0.113.9", NOW + timedelta(minutes=1))


def test_c1_a_flood_from_everywhere_stays_below_what_the_table_is_kept_to() -> None:
    limits = AttemptLimits()
    at = [NOW + timedelta(seconds=number / 10) for number in range(36_000)]
    kept = sum(limits.allow(f"CP{number}", f"10.{number}", now) for number, now in enumerate(at))
    assert IN_ALL.at_once < kept <= IN_ALL.at_once + 60 * IN_ALL.a_minute < 10_000


def test_c1_a_clock_that_is_put_back_stops_nothing() -> None:
    limits = AttemptLimits()
    for _ in range(SAME.at_once):
        assert limits.allow("CP1", "10.0.0.9", NOW)
    earlier = NOW - timedelta(days=1)
    assert not limits.allow("CP1", "10.0.0.9", earlier)
    assert limits.allow("CP1", "10.0.0.9", earlier + timedelta(minutes=1))


def test_c1_what_strangers_write_can_be_shown() -> None:
    assert printable("CP\u00fc \x1b[2J\x00\n\u202e") == "CP\u00fc \ufffd[2J\ufffd\ufffd\ufffd"

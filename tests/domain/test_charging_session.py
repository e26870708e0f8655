"""A session's life: every move from every status, and what the meter makes of late, doubled and falling readings."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evgraph.domain import session_end, session_metering
from evgraph.domain.charging_session import (
    INTERRUPTED,
    AuthorizationStatus,
    ChargingSession,
    SessionFlag,
    SessionStatus,
    StopReason,
)
from evgraph.domain.energy import Reading
from evgraph.domain.port import PortStatus
from evgraph.domain.refusals import ErrorCode, IllegalMove
from evgraph.domain.session_clock import SessionTime, lies_before_start
from evgraph.domain.session_end import (
    PENDING_FOR,
    ended_by_person,
    given_up,
    has_pending_charges,
    was_ended_by_person,
)
from evgraph.domain.session_start import (
    asked,
    rate_taken_at,
    remote_start_accepted,
    start_failed,
    transaction_started,
    unassigned,
)
from evgraph.domain.session_status import booted, status_seen
from evgraph.domain.transactions import TransactionStop

# Here nobody knows what the port can deliver, and any register is believed: test_leaps.py is about those that are not.
readings_taken = partial(session_metering.readings_taken, supply=None)
transaction_stopped = partial(session_end.transaction_stopped, supply=None)
superseded = partial(session_end.superseded, supply=None)


NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
METER_START = 10_000


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def own(minutes: float) -> SessionTime:
    """By the charger's own stamp."""
    return SessionTime(at(minutes), is_replaced=False, is_own=True)


def starting() -> ChargingSession:
    return asked(
        garage_id=1,
        charge_point_id=2,
        port_id=3,
        connector_id=1,
        request_id=5,
        stay_id=6,
        id_tag="ONCE",
        now=NOON,
    )


def started(session: ChargingSession, meter_start_wh: int = METER_START) -> ChargingSession:
    return transaction_started(
        session, meter_start_wh=meter_start_wh, at=at(1), reported_start="2026-03-01T12:01:00Z", rate_id=9
    )


def charging(meter_start_wh: int = METER_START) -> ChargingSession:
    return started(remote_start_accepted(starting(), NOON), meter_start_wh)


def failed() -> ChargingSession:
    return start_failed(starting(), ErrorCode.CHARGER_TIMEOUT, "The charger did not answer.", at(3))


def stopped(session: ChargingSession, meter_stop_wh: int | None = None, minutes: float = 60) -> ChargingSession:
    return transaction_stopped(session, meter_stop_wh=meter_stop_wh, at=at(minutes), reason=StopReason.LOCAL)


def ended() -> ChargingSession:
    return stopped(charging(), METER_START + 4000)


def truth_told(
    closed: ChargingSession, running: ChargingSession, *, meter_stop_wh: int, at: datetime, reason: StopReason
) -> ChargingSession:
    """`running`: the session as its readings leave it, counted anew."""
    told = transaction_stopped(running, meter_stop_wh=meter_stop_wh, at=at, reason=reason)
    return session_end.truth_told(closed, told, is_own_time=True)


def a_stop(minutes: float, *, clock_replaced: bool = False) -> TransactionStop:
    return TransactionStop(
        transaction_id=None,
        id_tag=None,
        meter_stop_wh=11_000,
        at=at(minutes),
        reason=StopReason.LOCAL,
        readings=(),
        clock_replaced=clock_replaced,
        raw="",
    )


def metered(session: ChargingSession, *registers: int, first_minute: int = 2) -> ChargingSession:
    """A reading a minute, one message each."""
    for minute, register in enumerate(registers, first_minute):
        session = readings_taken(session, [Reading(at=at(minute), register_wh=register)])
    return session


STATES: dict[SessionStatus, Callable[[], ChargingSession]] = {
    SessionStatus.STARTING: starting,
    SessionStatus.CHARGING: charging,
    SessionStatus.ENDED: ended,
    SessionStatus.FAILED: failed,
}
MOVES: dict[str, Callable[[ChargingSession], ChargingSession]] = {
    "remote start accepted": lambda s: remote_start_accepted(s, at(1)),
    "start failed": lambda s: start_failed(s, ErrorCode.CHARGER_REJECTED, "The charger said no.", at(90)),
    "transaction started": started,
    "readings taken": lambda s: readings_taken(s, [Reading(at=at(90), register_wh=METER_START + 9000)]),
    "status seen": lambda s: status_seen(s, PortStatus.AVAILABLE, at(90), at(90)),
    "booted": booted,
    "transaction stopped": lambda s: stopped(s, METER_START + 9000, minutes=90),
    "superseded": lambda s: superseded(s, METER_START + 9000, own(90)),
    "given up": lambda s: given_up(s, at(90)),
}
STAYS, ILLEGAL = "stays as it is", "illegal"
TABLE = {
    #                       STARTING    CHARGING    ENDED      FAILED
    "remote start accepted": ("STARTING", STAYS, STAYS, STAYS),
    "start failed": ("FAILED", STAYS, STAYS, STAYS),
    "transaction started": ("CHARGING", ILLEGAL, ILLEGAL, "CHARGING"),
    "readings taken": (STAYS, "CHARGING", STAYS, STAYS),
    "status seen": (STAYS, "CHARGING", STAYS, STAYS),
    "booted": (STAYS, "CHARGING", STAYS, STAYS),
    "transaction stopped": (ILLEGAL, "ENDED", STAYS, ILLEGAL),
    "superseded": (ILLEGAL, "ENDED", STAYS, ILLEGAL),
    "given up": (ILLEGAL, "ENDED", STAYS, ILLEGAL),
}


@pytest.mark.parametrize(
    ("move", "status", "outcome"),
    [
        (move, status, outcome)
        for move, row in TABLE.items()
        for status, outcome in zip(("STARTING", "CHARGING", "ENDED", "FAILED"), row, strict=True)
    ],
)
def test_every_move_from_every_status(move: str, status: str, outcome: str):
    session = STATES[SessionStatus(status)]()
    assert session.status == status
    if outcome == ILLEGAL:
        with pytest.raises(IllegalMove, match=f"got {status}"):
            MOVES[move](session)
    elif outcome == STAYS:
        assert MOVES[move](session) is session
    else:
        after = MOVES[move](session)
        assert after.status == outcome
        assert after != session


def test_the_table_knows_every_move():
    assert MOVES.keys() == TABLE.keys()


@pytest.mark.parametrize(
    ("status", "holds_its_port", "transaction_id"),
    [("STARTING", True, None), ("CHARGING", True, 77), ("ENDED", False, 77), ("FAILED", False, None)],
)
def test_s1_a_session_holds_its_port_until_it_is_over(status: str, holds_its_port: bool, transaction_id: int | None):
    session = replace(STATES[SessionStatus(status)](), id=77)
    assert (session.is_active, session.transaction_id) == (holds_its_port, transaction_id)


# ------------------------------------------------------------------------------------------------------- starting


def test_s1_the_deadline_stands_before_the_charger_is_asked():
    session = starting()
    assert (session.status, session.start_deadline) == (SessionStatus.STARTING, at(3))
    assert (session.energy_wh, session.rate_id, session.started_at) == (0, None, None)


def test_s1_the_window_begins_anew_when_the_charger_accepts():
    session = remote_start_accepted(starting(), at(1))
    assert (session.accepted_at, session.start_deadline) == (at(1), at(4))


def test_s1_the_window_can_be_another():
    session = remote_start_accepted(starting(), at(1), window=timedelta(seconds=30))
    assert session.start_deadline == at(1.5)


def test_s2_a_start_that_overtakes_the_answer_opens_the_session():
    overtaken = started(starting())
    assert overtaken.status is SessionStatus.CHARGING
    assert remote_start_accepted(overtaken, at(2)) is overtaken


def test_s2_the_charger_opens_the_session_with_its_own_figures():
    session = charging(meter_start_wh=12_345)
    assert (session.started_at, session.meter_start_wh, session.energy_wh) == (at(1), 12_345, 0)
    assert (session.authorization, session.reported_start) == (AuthorizationStatus.ACCEPTED, "2026-03-01T12:01:00Z")
    assert session.start_deadline is None
    assert session.flags == frozenset()


def test_t10_a_session_takes_the_rate_of_its_start():
    assert charging().rate_id == 9
    assert stopped(metered(charging(), 11_000), 12_000).rate_id == 9


def test_t10_the_rate_is_that_of_the_start_and_never_of_before_it_was_asked_for():
    assert rate_taken_at(starting(), at(5)) == at(5)
    assert rate_taken_at(starting(), at(-5)) == NOON
    assert rate_taken_at(None, at(-5)) == at(-5)


def test_b7_a_start_by_our_clock_is_flagged():
    session = transaction_started(
        starting(), meter_start_wh=0, at=at(1), reported_start="1970-01-01T00:00:00Z", rate_id=9, clock_replaced=True
    )
    assert session.flags == {SessionFlag.CLOCK_REPLACED}


def test_s4_a_start_that_came_to_nothing_says_why():
    session = failed()
    assert (session.status, session.ended_at) == (SessionStatus.FAILED, at(3))
    assert (session.failure_code, session.failure) == (ErrorCode.CHARGER_TIMEOUT, "The charger did not answer.")
    # It may have begun by then, and its charger be late to say so (S5).
    assert session.start_deadline == starting().start_deadline


def test_s4_the_first_failure_stands():
    session = failed()
    assert start_failed(session, ErrorCode.CHARGER_OFFLINE, "The charger is offline.", at(9)) is session


def test_s5_a_late_start_revives_a_failed_session():
    session = started(failed())
    assert (session.status, session.started_at, session.ended_at) == (SessionStatus.CHARGING, at(1), None)
    assert (session.failure_code, session.failure) == (None, None)
    assert metered(session, METER_START + 700).energy_wh == 700


def test_s6_a_transaction_that_nobody_asked_for_runs_and_is_metered():
    session = unassigned(
        garage_id=1,
        charge_point_id=2,
        port_id=3,
        connector_id=1,
        id_tag="CARD",
        authorization=AuthorizationStatus.BLOCKED,
        meter_start_wh=500,
        at=at(1),
        reported_start="2026-03-01T12:01:00Z",
        rate_id=9,
        clock_replaced=True,
        now=at(2),
    )
    assert (session.status, session.stay_id, session.request_id) == (SessionStatus.CHARGING, None, None)
    assert (session.authorization, session.flags) == (AuthorizationStatus.BLOCKED, {SessionFlag.CLOCK_REPLACED})
    assert (session.started_at, session.asked_at) == (at(1), at(2))
    assert stopped(metered(session, 900), 1700).energy_wh == 1200


# ------------------------------------------------------------------------------------------------------- metering


@pytest.mark.parametrize(
    ("registers", "energy_wh", "flags"),
    [
        ([], 0, set()),
        ([10_000], 0, set()),
        ([10_001], 1, set()),
        ([10_500, 11_000, 14_321], 4321, set()),
        ([10_500, 10_500, 10_500], 500, set()),
        ([10_500, 0], 500, {"METER_RESET"}),
        ([10_500, 0, 250], 750, {"METER_RESET"}),
        ([10_500, 10_400, 10_600], 700, {"METER_RESET"}),
        ([10_500, 10_400, 10_400], 500, {"METER_RESET"}),
        ([10_500, 100, 300, 50, 80], 730, {"METER_RESET"}),
        ([9_999], 0, set()),
        ([9_998], 0, {"METER_RESET"}),
        ([0, 4000], 4000, {"METER_RESET"}),
        ([10_500, 900_000, 900_100], 890_100, set()),
    ],
)
def test_m2_energy_goes_on_from_a_register_that_fell(registers: list[int], energy_wh: int, flags: set[str]):
    session = metered(charging(), *registers)
    assert (session.energy_wh, session.flags) == (energy_wh, flags)


def test_m1_a_fresh_meter_starts_at_nothing():
    assert metered(charging(meter_start_wh=0), 0, 40, 90).energy_wh == 90


def test_m1_a_reading_brings_energy_power_and_its_time():
    session = readings_taken(charging(), [Reading(at=at(5), register_wh=10_800, power_w=7200)])
    assert (session.energy_wh, session.power_w, session.last_meter_at) == (800, 7200, at(5))


def test_m1_power_that_is_not_told_stays_as_it_was():
    session = readings_taken(charging(), [Reading(at=at(5), register_wh=10_800, power_w=7200)])
    assert metered(session, 10_900, first_minute=6).power_w == 7200
    assert readings_taken(session, [Reading(at=at(6), power_w=0)]).power_w == 0


def test_b2_a_reading_of_nothing_still_shows_that_the_session_runs():
    session = readings_taken(charging(), [Reading(at=at(5))])
    assert (session.last_meter_at, session.energy_wh, session.power_w) == (at(5), 0, None)


def test_b7_a_reading_by_our_clock_is_flagged():
    session = readings_taken(charging(), [Reading(at=at(5), register_wh=10_100, clock_replaced=True)])
    assert session.flags == {SessionFlag.CLOCK_REPLACED}


@pytest.mark.parametrize(
    ("minute", "register"),
    [(5, 99_000), (4.99, 99_000), (1, 99_000), (5, 10_800), (3, 0)],
    ids=["same moment", "older", "at the start", "the very same", "older and lower"],
)
def test_m4_a_reading_not_newer_than_the_newest_changes_nothing(minute: float, register: int):
    session = metered(charging(), 10_800, first_minute=5)
    late = Reading(at=at(minute), register_wh=register, power_w=5, clock_replaced=True)
    assert readings_taken(session, [late]) is session


def test_m4_a_reading_from_before_the_start_changes_nothing():
    session = charging()
    assert readings_taken(session, [Reading(at=at(0.99), register_wh=9000)]) is session


def test_m1_a_reading_at_the_very_start_counts():
    session = readings_taken(charging(), [Reading(at=at(1), register_wh=METER_START)])
    assert (session.last_meter_at, session.flags) == (at(1), frozenset())


def test_m4_the_readings_of_one_message_count_in_the_order_of_their_time():
    readings = [
        Reading(at=at(4), register_wh=10_900, power_w=3000),
        Reading(at=at(2), register_wh=10_300, power_w=1000),
        Reading(at=at(3), register_wh=10_600, power_w=2000),
    ]
    session = readings_taken(charging(), readings)
    assert (session.energy_wh, session.power_w, session.flags) == (900, 3000, frozenset())


def test_m4_no_interval_of_a_message_is_lost_by_its_place_in_it():
    readings = [Reading(at=at(minute), interval_wh=100) for minute in (4, 2, 5, 3)]
    assert readings_taken(charging(), readings).energy_wh == 400


def test_m2_a_register_that_fell_is_known_by_its_time_and_not_by_its_place():
    readings = [
        Reading(at=at(3), register_wh=50),
        Reading(at=at(4), register_wh=80),
        Reading(at=at(2), register_wh=10_500),
    ]
    session = readings_taken(charging(), readings)
    assert (session.energy_wh, session.flags) == (530, {SessionFlag.METER_RESET})


def test_m1_of_two_registers_of_one_instant_the_higher_counts():
    readings = [Reading(at=at(2), register_wh=10_300), Reading(at=at(2), register_wh=10_400)]
    assert readings_taken(charging(), readings).energy_wh == 400
    assert readings_taken(charging(), readings[::-1]).energy_wh == 400


def with_intervals(session: ChargingSession, *intervals: int) -> ChargingSession:
    readings = [Reading(at=at(minute), interval_wh=wh) for minute, wh in enumerate(intervals, 2)]
    return readings_taken(session, readings)


@pytest.mark.parametrize(
    ("intervals", "energy_wh"), [([100, 200, 50], 350), ([0, 0], 0), ([100, -40, 10], 110), ([], 0)]
)
def test_m1_without_a_register_the_intervals_add_up(intervals: list[int], energy_wh: int):
    session = with_intervals(charging(), *intervals)
    assert (session.energy_wh, session.flags) == (energy_wh, frozenset())


def test_m1_a_register_comes_before_an_interval_of_the_same_reading():
    session = readings_taken(charging(), [Reading(at=at(2), register_wh=10_300, interval_wh=290)])
    assert session.energy_wh == 300


@pytest.mark.parametrize(
    ("meter_stop_wh", "energy_wh", "flags"),
    [
        (10_350, 350, set()),
        (10_360, 360, set()),
        (10_340, 350, set()),
        (10_000, 350, set()),
        (0, 350, {"METER_RESET"}),
        (None, 350, set()),
    ],
)
def test_t1_the_last_register_stands_in_for_intervals_and_is_never_added_to_them(
    meter_stop_wh: int | None, energy_wh: int, flags: set[str]
):
    session = stopped(with_intervals(charging(), 100, 200, 50), meter_stop_wh)
    assert (session.energy_wh, session.flags) == (energy_wh, flags)


def test_m1_a_register_between_intervals_counts_what_they_told():
    session = with_intervals(charging(), 100, 105)
    session = metered(session, 10_200, first_minute=4)
    assert (session.energy_wh, session.flags) == (205, frozenset())
    session = metered(session, 10_290, 10_400, first_minute=5)
    assert (session.energy_wh, session.flags) == (400, frozenset())


def test_m1_intervals_count_no_more_once_there_was_a_register():
    session = metered(charging(), 10_400)
    session = readings_taken(session, [Reading(at=at(3), interval_wh=60)])
    session = metered(session, 20, 50, first_minute=4)
    assert (session.energy_wh, session.flags) == (430, {SessionFlag.METER_RESET})


REGISTERS = st.integers(min_value=0, max_value=10**9)
READINGS = st.builds(
    Reading,
    at=st.integers(min_value=-5, max_value=60).map(at),
    register_wh=st.none() | REGISTERS,
    interval_wh=st.none() | st.integers(min_value=-100, max_value=10_000),
    power_w=st.none() | st.integers(min_value=0, max_value=22_000),
    clock_replaced=st.booleans(),
)


@given(
    st.lists(st.lists(READINGS, max_size=4), max_size=8),
    REGISTERS,
    st.none() | REGISTERS,
    st.integers(min_value=-5, max_value=90),
)
def test_m2_energy_never_falls_whatever_readings_come(
    messages: list[list[Reading]], meter_start_wh: int, meter_stop_wh: int | None, minute: int
):
    seen = [charging(meter_start_wh)]
    for message in messages:
        seen.append(readings_taken(seen[-1], message))
    seen.append(stopped(seen[-1], meter_stop_wh, minute))
    # meterStop counts even one Wh below the last register (M2), or below what intervals came to before it (T1).
    has_intervals = any(reading.interval_wh for message in messages for reading in message)
    assert all(before.energy_wh <= after.energy_wh for before, after in pairwise(seen[:-1]))
    assert has_intervals or seen[-2].energy_wh - seen[-1].energy_wh <= 1
    assert all(before.flags <= after.flags for before, after in pairwise(seen))
    assert seen[0].energy_wh == 0
    assert seen[-1].lasted(at(999)) >= timedelta(0)


RISING = st.lists(st.integers(min_value=METER_START, max_value=10**6), min_size=1, max_size=12, unique=True).map(
    lambda registers: [Reading(at=at(2 + n), register_wh=wh, power_w=n) for n, wh in enumerate(sorted(registers))]
)


@given(RISING.flatmap(lambda rising: st.tuples(st.just(rising), st.permutations(rising * 2))))
def test_m4_doubled_and_shuffled_readings_of_one_message_count_once(two: tuple[list[Reading], list[Reading]]):
    in_order, shuffled = two
    assert readings_taken(charging(), shuffled) == readings_taken(charging(), in_order)


@given(RISING.flatmap(lambda rising: st.tuples(st.just(rising), st.permutations(rising * 2))))
def test_m4_messages_in_any_order_come_to_the_newest_register(two: tuple[list[Reading], list[Reading]]):
    in_order, shuffled = two
    session = charging()
    for reading in shuffled:
        session = readings_taken(session, [reading])
    assert session == readings_taken(charging(), in_order)
    newest = max(in_order, key=lambda reading: reading.at)
    assert session.flags == frozenset()
    assert METER_START + session.energy_wh == newest.register_wh


# ------------------------------------------------------------------------------------------------ full, and quiet


def test_m6_suspended_ev_is_full_since_it_was_first_said():
    charged = metered(charging(), METER_START + 10)
    session = status_seen(charged, PortStatus.SUSPENDED_EV, at(30), at(31))
    assert session.full_since == at(30)
    # A vehicle that has not charged yet is not full.
    waiting = metered(charging(), METER_START + 9)
    assert status_seen(waiting, PortStatus.SUSPENDED_EV, at(30), at(31)).full_since is None
    assert status_seen(session, PortStatus.SUSPENDED_EV, at(40), at(41)).full_since == at(30)


@pytest.mark.parametrize(
    ("status", "full_since"),
    [(status, None if status is PortStatus.CHARGING else at(30)) for status in PortStatus],
)
def test_m6_only_charging_again_ends_full(status: PortStatus, full_since: datetime | None):
    session = status_seen(metered(charging(), METER_START + 10), PortStatus.SUSPENDED_EV, at(30), at(30))
    assert status_seen(session, status, at(40), at(40)).full_since == full_since


def test_t7_available_starts_the_wait_for_the_end_by_our_clock():
    session = status_seen(charging(), PortStatus.AVAILABLE, at(30), at(31))
    assert session.available_since == at(31)
    assert status_seen(session, PortStatus.AVAILABLE, at(33), at(34)).available_since == at(31)


@pytest.mark.parametrize("status", [status for status in PortStatus if status is not PortStatus.AVAILABLE])
def test_t7_another_status_ends_the_wait(status: PortStatus):
    session = status_seen(charging(), PortStatus.AVAILABLE, at(30), at(31))
    assert status_seen(session, status, at(33), at(34)).available_since is None


def test_t7_a_newer_reading_begins_the_wait_anew_and_an_older_one_does_not():
    session = metered(charging(), 10_100, first_minute=20)
    session = status_seen(session, PortStatus.AVAILABLE, at(30), at(31))
    assert metered(session, 10_200, first_minute=32).available_since == at(32)
    assert metered(session, 10_200, first_minute=30).available_since == at(31), "Its status overtook that reading."
    assert metered(session, 10_050, first_minute=19).available_since == at(31)


# ------------------------------------------------------------------------------------------------------- stopping


def test_t1_a_stop_ends_the_session_at_its_last_register():
    session = readings_taken(charging(), [Reading(at=at(5), register_wh=10_800, power_w=7200)])
    session = transaction_stopped(session, meter_stop_wh=27_234, at=at(90), reason=StopReason.EV_DISCONNECTED)
    assert (session.status, session.energy_wh) == (SessionStatus.ENDED, 17_234)
    assert (session.ended_at, session.stop_reason, session.power_w) == (at(90), StopReason.EV_DISCONNECTED, None)
    assert session.flags == frozenset()


@pytest.mark.parametrize(
    ("registers", "meter_stop_wh", "energy_wh", "flags"),
    [
        ([], 10_000, 0, set()),
        ([], 13_000, 3000, set()),
        ([11_000], 11_000, 1000, set()),
        ([11_000], 13_000, 3000, set()),
        ([11_000], None, 1000, set()),
        ([], None, 0, set()),
        ([11_000], 10_900, 1000, {"METER_RESET"}),
        ([11_000, 200], 700, 1500, {"METER_RESET"}),
        ([11_000, 200], 100, 1000, {"METER_RESET"}),
        # T6: below meterStart, with no reset on record.
        ([11_000], 9000, 1000, {"METER_RESET"}),
        ([11_000], 0, 1000, {"METER_RESET"}),
        ([], 9998, 0, {"METER_RESET"}),
        # M2: by one Wh it is rounding.
        ([], 9999, 0, set()),
        ([11_000], 10_999, 999, set()),
        ([], 0, 0, {"METER_RESET"}),
    ],
)
def test_t6_energy_is_what_the_readings_showed_when_the_register_falls_at_the_stop(
    registers: list[int], meter_stop_wh: int | None, energy_wh: int, flags: set[str]
):
    session = stopped(metered(charging(), *registers), meter_stop_wh)
    assert (session.energy_wh, session.flags) == (energy_wh, flags)


def test_t1_a_session_may_end_where_it_began():
    session = stopped(charging(meter_start_wh=0), 0)
    assert (session.energy_wh, session.flags) == (0, frozenset())


def test_t3_a_stop_from_before_the_start_is_another_sessions_where_the_clocks_can_be_believed():
    assert not lies_before_start(charging(), a_stop(1))
    assert lies_before_start(charging(), a_stop(0))
    assert not lies_before_start(charging(), a_stop(0, clock_replaced=True))
    by_our_clock = replace(charging(), flags=frozenset({SessionFlag.CLOCK_REPLACED}))
    assert not lies_before_start(by_our_clock, a_stop(0))


def test_m4_readings_that_come_with_the_stop_count():
    session = transaction_stopped(
        metered(charging(), 11_000),
        meter_stop_wh=None,
        at=at(60),
        reason=StopReason.LOCAL,
        readings=[Reading(at=at(60), register_wh=12_500), Reading(at=at(1), register_wh=METER_START)],
    )
    assert (session.energy_wh, session.last_meter_at, session.flags) == (2500, at(60), frozenset())


def test_t2_a_stop_that_comes_twice_changes_nothing():
    session = ended()
    again = transaction_stopped(
        session,
        meter_stop_wh=99_000,
        at=at(600),
        reason=StopReason.REMOTE,
        readings=[Reading(at=at(600), register_wh=99_000)],
        clock_replaced=True,
    )
    assert again is session


def test_b7_a_stop_by_our_clock_is_flagged():
    session = transaction_stopped(
        charging(), meter_stop_wh=11_000, at=at(60), reason=StopReason.LOCAL, clock_replaced=True
    )
    assert session.flags == {SessionFlag.CLOCK_REPLACED}


def test_a_stop_from_before_the_start_ends_the_session_where_it_began():
    session = stopped(charging(), 11_000, minutes=-30)
    assert (session.ended_at, session.lasted(at(999))) == (at(1), timedelta(0))


@pytest.mark.parametrize(("status", "lasted"), [("STARTING", 0), ("CHARGING", 99), ("ENDED", 59), ("FAILED", 0)])
def test_a_session_lasts_from_its_start_to_its_end_or_to_now(status: str, lasted: int):
    assert STATES[SessionStatus(status)]().lasted(at(100)) == timedelta(minutes=lasted)


def test_a_session_that_begins_in_the_future_has_lasted_nothing():
    assert charging().lasted(at(0)) == timedelta(0)


def test_t8_a_charger_that_lost_its_power_or_rebooted_interrupts_a_charge():
    assert {reason.value for reason in INTERRUPTED} == {"PowerLoss", "Reboot", "HardReset", "SoftReset"}


# --------------------------------------------------------------------- closed by us, and the truth that comes later


@pytest.mark.parametrize(
    ("registers", "next_start_wh", "energy_wh", "flags"),
    [
        ([11_000], 11_000, 1000, {"SUPERSEDED"}),
        ([11_000], 11_400, 1400, {"SUPERSEDED"}),
        ([11_000], 10_900, 1000, {"SUPERSEDED"}),
        ([11_000], 0, 1000, {"SUPERSEDED"}),
        ([], 10_000, 0, {"SUPERSEDED"}),
        ([], 10_700, 700, {"SUPERSEDED"}),
        ([11_000, 300], 500, 1200, {"SUPERSEDED", "METER_RESET"}),
        ([11_000, 300], 100, 1000, {"SUPERSEDED", "METER_RESET"}),
    ],
)
def test_s7_a_superseded_session_ends_at_its_last_register_or_the_next_start_if_higher(
    registers: list[int], next_start_wh: int, energy_wh: int, flags: set[str]
):
    session = superseded(metered(charging(), *registers), next_start_wh, own(50))
    assert (session.energy_wh, session.flags) == (energy_wh, flags)
    assert (session.status, session.ended_at, session.stop_reason) == (SessionStatus.ENDED, at(50), StopReason.OTHER)


def test_s7_the_next_start_does_not_add_to_intervals():
    assert superseded(with_intervals(charging(), 300, 200), 10_500, own(50)).energy_wh == 500
    assert superseded(with_intervals(charging(), 300, 200), 10_400, own(50)).energy_wh == 500
    assert superseded(with_intervals(charging(), 300, 200), 10_900, own(50)).energy_wh == 900


def test_t7_a_forgotten_session_is_closed_with_its_last_reading():
    session = given_up(metered(charging(), 10_400, 11_000), at(3))
    assert (session.status, session.energy_wh, session.ended_at) == (SessionStatus.ENDED, 1000, at(3))
    assert session.flags == {SessionFlag.ESTIMATED}


def test_t12_a_person_ends_a_session_at_its_last_reading_or_at_its_start():
    for running, ended_at in ((metered(charging(), 10_400, 11_000), at(3)), (charging(), at(1))):
        session = ended_by_person(replace(running, available_since=at(20)), at(50))
        assert (session.status, session.ended_at, session.closed_at) == (SessionStatus.ENDED, ended_at, at(50))
        assert (session.flags, session.stop_reason) == ({SessionFlag.ESTIMATED}, StopReason.REMOTE)
        assert was_ended_by_person(session)
        assert ended_by_person(session, at(99)) is session
    assert not was_ended_by_person(given_up(charging(), at(3), closed_at=at(50)))


def test_t12_charges_are_pending_until_the_stop_and_for_seven_days_at_most():
    closed = given_up(metered(charging(), 11_000), at(3), closed_at=at(50))
    assert has_pending_charges([ended(), closed], at(50))
    assert has_pending_charges([closed], at(50) + PENDING_FOR)
    assert not has_pending_charges([closed], at(50) + PENDING_FOR + timedelta(microseconds=1))
    stopped_late = truth_told(
        closed, metered(charging(), 11_000), meter_stop_wh=14_500, at=at(45), reason=StopReason.LOCAL
    )
    assert not has_pending_charges([], at(50))
    assert not has_pending_charges([stopped_late], at(51))
    for other in (charging(), ended(), superseded(charging(), 12_000, own(50))):
        assert not has_pending_charges([other], at(51))


def test_t2_a_session_that_ended_in_time_is_not_given_up_or_superseded_later():
    session = ended()
    assert given_up(session, at(99)) is session
    assert superseded(session, 99_000, own(99)) is session


@pytest.mark.parametrize(
    ("registers", "meter_stop_wh", "energy_wh", "flags"),
    [
        ([11_000], 11_000, 1000, set()),
        ([11_000], 14_500, 4500, set()),
        ([], 14_500, 4500, set()),
        ([11_000, 300], 500, 1200, {"METER_RESET"}),
        # M2 and T6 hold as they would have in time: what was read was delivered.
        ([11_000], 10_600, 1000, {"METER_RESET"}),
        ([11_000], 9000, 1000, {"METER_RESET"}),
        ([11_000], 0, 1000, {"METER_RESET"}),
    ],
)
def test_t7_the_truth_of_an_estimated_session_takes_its_energy_up(
    registers: list[int], meter_stop_wh: int, energy_wh: int, flags: set[str]
):
    running = metered(charging(), *registers)
    told = truth_told(
        given_up(running, at(3)), running, meter_stop_wh=meter_stop_wh, at=at(45), reason=StopReason.POWER_LOSS
    )
    assert (told.energy_wh, told.flags) == (energy_wh, flags)
    assert (told.status, told.ended_at, told.stop_reason) == (SessionStatus.ENDED, at(45), StopReason.POWER_LOSS)


def test_t7_a_fresh_meter_that_reports_nothing_at_the_stop_does_not_take_back_what_was_read():
    running = metered(charging(meter_start_wh=0), 2500, 5000)
    told = truth_told(given_up(running, at(4)), running, meter_stop_wh=0, at=at(4), reason=StopReason.POWER_LOSS)
    assert (told.energy_wh, told.flags) == (5000, {SessionFlag.METER_RESET})


@pytest.mark.parametrize(
    ("registers", "meter_stop_wh", "energy_wh", "flags"),
    [
        ([11_000], 12_000, 2000, {"SUPERSEDED"}),
        ([11_000], 11_300, 1300, {"SUPERSEDED"}),
        ([11_000], 11_000, 1000, {"SUPERSEDED"}),
        ([11_000], 10_500, 1000, {"SUPERSEDED", "METER_RESET"}),
        ([], 10_000, 0, {"SUPERSEDED"}),
        ([], 12_500, 2500, {"SUPERSEDED"}),
        ([20_000, 300], 800, 10_500, {"SUPERSEDED", "METER_RESET"}),
    ],
)
def test_t5_the_truth_of_a_superseded_session_takes_its_energy_up_or_down(
    registers: list[int], meter_stop_wh: int, energy_wh: int, flags: set[str]
):
    running = metered(charging(), *registers)
    told = truth_told(
        superseded(running, 12_000, own(50)),
        running,
        meter_stop_wh=meter_stop_wh,
        at=at(40),
        reason=StopReason.EV_DISCONNECTED,
    )
    assert (told.energy_wh, told.flags) == (energy_wh, flags)
    assert (told.ended_at, told.stop_reason) == (at(40), StopReason.EV_DISCONNECTED)


def test_t5_the_truth_may_shorten_a_session_but_not_to_before_its_start():
    running = metered(charging(), 11_000)
    told = truth_told(given_up(running, at(50)), running, meter_stop_wh=11_000, at=at(-9), reason=StopReason.LOCAL)
    assert (told.ended_at, told.lasted(at(999))) == (at(1), timedelta(0))


def test_t5_a_truth_after_checkout_leaves_that_flag_standing():
    session = given_up(charging(), at(3))
    session = replace(session, flags=session.flags | {SessionFlag.AFTER_CHECKOUT})
    told = truth_told(session, charging(), meter_stop_wh=11_000, at=at(45), reason=StopReason.LOCAL)
    assert told.flags == {SessionFlag.AFTER_CHECKOUT}


CLOSERS: list[Callable[[ChargingSession], ChargingSession]] = [
    lambda session: given_up(session, at(70)),
    lambda session: superseded(session, 500_000, own(70)),
    lambda session: ended_by_person(session, at(70)),
]


@pytest.mark.parametrize("close", CLOSERS, ids=["given up", "superseded", "ended by a person"])
@given(registers=st.lists(REGISTERS, max_size=6), meter_stop_wh=REGISTERS)
def test_x2_a_stop_tells_the_same_in_time_too_late_and_twice(
    close: Callable[[ChargingSession], ChargingSession], registers: list[int], meter_stop_wh: int
):
    running = metered(charging(), *registers)
    in_time = stopped(running, meter_stop_wh)
    late = truth_told(close(running), running, meter_stop_wh=meter_stop_wh, at=at(60), reason=StopReason.LOCAL)
    assert late.energy_wh == in_time.energy_wh
    assert late.flags - {SessionFlag.SUPERSEDED} == in_time.flags
    assert (late.status, late.ended_at, late.stop_reason) == (in_time.status, in_time.ended_at, in_time.stop_reason)
    assert not session_end.was_closed_by_us(late)

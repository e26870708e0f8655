"""M5: registers that no port of that power can have reached, and what becomes of them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evgraph.domain.charging_session import AuthorizationStatus, ChargingSession, SessionFlag, StopReason
from evgraph.domain.energy import Reading
from evgraph.domain.session_clock import SessionTime
from evgraph.domain.session_end import given_up, superseded, transaction_stopped, truth_told
from evgraph.domain.session_metering import readings_taken
from evgraph.domain.session_registers import leap_confirmed
from evgraph.domain.session_start import unassigned
from evgraph.domain.supply import Supply, step_wh

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AX48 = Supply(max_power_w=11_500)
START = 12_345
# What an AX48 delivers in a minute is 191 Wh, and 1.5 times that is 287.
LEAP = {SessionFlag.METER_LEAP}
RESET = {SessionFlag.METER_RESET}


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def charging(meter_start_wh: int = START, *, clock_replaced: bool = False) -> ChargingSession:
    return unassigned(
        garage_id=1,
        charge_point_id=2,
        port_id=3,
        connector_id=1,
        id_tag="CARD",
        authorization=AuthorizationStatus.ACCEPTED,
        meter_start_wh=meter_start_wh,
        at=NOON,
        reported_start="2026-03-01T12:00:00Z",
        rate_id=9,
        clock_replaced=clock_replaced,
        now=NOON,
    )


def metered(session: ChargingSession, *registers: int, supply: Supply | None = AX48) -> ChargingSession:
    """A reading a minute, from the first minute or the one after the last reading."""
    first = session.last_meter_at or NOON
    for minute, register in enumerate(registers, 1):
        reading = Reading(at=first + timedelta(minutes=minute), register_wh=register)
        session = readings_taken(session, [reading], supply=supply)
    return session


def stopped(session: ChargingSession, meter_stop_wh: int, minutes: float = 60) -> ChargingSession:
    return transaction_stopped(
        session, meter_stop_wh=meter_stop_wh, at=at(minutes), reason=StopReason.LOCAL, supply=AX48
    )


@pytest.mark.parametrize(
    ("registers", "energy_wh", "flags"),
    [
        pytest.param([START + 191, START + 382], 382, set(), id="full power"),
        pytest.param([START + 280], 280, set(), id="a little more than full power"),
        pytest.param([START + 310], 0, LEAP, id="more than it can"),
        pytest.param([START + 100, START + 900_001], 100, LEAP, id="a leap waits"),
        pytest.param([START + 100, START + 9001, START + 9101], 9101, LEAP, id="confirmed by the next"),
        pytest.param([START + 100, START + 9001, START + 9001], 9001, LEAP, id="confirmed by the very same"),
        pytest.param([START + 100, START + 9001, START + 200, START + 300], 300, LEAP, id="back on the old line"),
        pytest.param([START + 100, START + 9001, START + 8990], 100, LEAP, id="below the leap is no confirmation"),
        pytest.param([START + 100, START + 9001, START + 20_001], 100, LEAP, id="a leap does not confirm a leap"),
        pytest.param(
            [START + 100, START + 9001, START + 20_001, START + 20_100], 20_100, LEAP, id="but what follows it does"
        ),
        pytest.param([START + 100, 50, 100], 150, RESET, id="a reset is no leap"),
        pytest.param([START + 100, 50, START + 200], 200, RESET, id="fallen for a moment"),
        pytest.param([START + 100, 50, 90, START + 250], 250, RESET, id="fallen for two"),
        pytest.param([START + 100, 50, 900_050, 900_100], 900_150, RESET | LEAP, id="a leap after a reset"),
    ],
)
def test_m5_a_leap_moves_the_energy_only_when_the_next_reading_confirms_it(
    registers: list[int], energy_wh: int, flags: set[SessionFlag]
):
    session = metered(charging(), *registers)
    assert (session.energy_wh, session.flags) == (energy_wh, flags)


def test_m5_a_leap_is_kept_until_it_is_decided():
    waiting = metered(charging(), START + 100, START + 9001)
    assert (waiting.leapt_to_wh, waiting.leapt_at, waiting.last_meter_at) == (START + 9001, at(2), at(2))
    for register in (START + 9100, START + 200):
        decided = metered(waiting, register)
        assert (decided.leapt_to_wh, decided.leapt_at, decided.register_at) == (None, None, at(3))


def test_m5_the_time_counts_from_the_last_register_that_was_believed():
    session = metered(charging(), START + 100)
    session = readings_taken(session, [Reading(at=at(9.9), power_w=9000)], supply=AX48)
    assert readings_taken(session, [Reading(at=at(10), register_wh=START + 1900)], supply=AX48).flags == set()
    after_a_leap = metered(session, START + 50_000)
    late = readings_taken(after_a_leap, [Reading(at=at(60), register_wh=START + 9000)], supply=AX48)
    assert late.energy_wh == 9000


@pytest.mark.parametrize("seconds", [0, 0.2, 1])
@pytest.mark.parametrize("more_wh", [0, 1, 5, 9])
def test_m5_readings_close_together_are_no_leap_for_a_few_wh(seconds: float, more_wh: int):
    session = metered(charging(), START + 100)
    close = Reading(at=at(1) + timedelta(seconds=seconds, milliseconds=1), register_wh=START + 100 + more_wh)
    session = readings_taken(session, [close], supply=AX48)
    assert (session.energy_wh, session.flags) == (100 + more_wh, set())


@pytest.mark.parametrize(
    ("start", "register"), [(12_340, 12_350), (12_300, 12_400), (12_000, 13_000), (12_345, 13_000), (0, 1000)]
)
def test_m5_a_step_of_a_coarse_meter_is_no_leap(start: int, register: int):
    quick = Reading(at=at(0.05), register_wh=register)
    session = readings_taken(charging(start), [quick], supply=AX48)
    assert (session.energy_wh, session.flags) == (register - start, set())


def test_m5_a_step_is_what_divides_the_coarser_of_two_registers():
    assert [step_wh(*two) for two in [(1,), (12, 7), (120, 7), (1200, 7), (12_000, 7), (0,)]] == [
        1,
        1,
        10,
        100,
        1000,
        1000,
    ]


def test_m5_a_port_whose_power_nobody_knows_is_believed():
    session = metered(charging(), START + 900_001, supply=None)
    assert (session.energy_wh, session.flags) == (900_001, set())


def test_m5_a_simulated_port_delivers_as_much_faster_as_it_is_said_to():
    faster = Supply(max_power_w=11_500, times=20)
    assert metered(charging(), START + 191 * 20, supply=faster).flags == set()
    assert metered(charging(), START + 191 * 33, supply=faster).flags == LEAP


def test_m5_where_a_stamp_is_ours_time_says_nothing():
    session = charging(clock_replaced=True)
    assert metered(session, START + 50_001).energy_wh == 50_001
    unknown = Reading(at=at(1), register_wh=START + 50_001, clock_replaced=True)
    session = readings_taken(charging(), [unknown], supply=AX48)
    assert session.energy_wh == 50_001
    # Nor of the time since then; but of that between the two that follow.
    session = metered(session, START + 90_001)
    assert (session.energy_wh, SessionFlag.METER_LEAP in session.flags) == (90_001, False)
    assert SessionFlag.METER_LEAP in metered(session, START + 99_001).flags


@pytest.mark.parametrize("start", [12_345, 1_234, 12_000, 400_000])
@pytest.mark.parametrize("times", [1, 2, 30])
def test_m5_wh_labelled_kwh_are_never_energy_however_often_they_are_told(start: int, times: int):
    """A full car sends the same wrong number for hours; it is not billed 12 MWh."""
    session = metered(charging(start), start + 100)
    session = metered(session, *[(start + 100) * 1000] * times)
    assert (session.energy_wh, session.flags, session.leapt_to_wh) == (100, LEAP, None)
    session = stopped(session, start + 100, minutes=200)
    assert (session.energy_wh, session.flags) == (100, LEAP)


@pytest.mark.parametrize("told", [12, 13])
def test_m5_kwh_labelled_wh_are_no_reset(told: int):
    session = metered(charging(), START + 100, told, told, told, START + 700)
    assert (session.energy_wh, session.flags) == (700, LEAP)


def test_m5_a_charger_that_mislabels_all_its_readings_is_billed_by_its_stop():
    session = metered(charging(), *[(START + minute * 150) // 1000 for minute in range(1, 50)])
    assert (session.energy_wh, session.flags) == (0, LEAP)
    assert stopped(session, START + 7500, minutes=50).energy_wh == 7500
    session = metered(charging(), *[(START + minute * 150) * 1000 for minute in range(1, 50)])
    assert stopped(session, START + 7500, minutes=50).energy_wh == 7500


def test_m5_intervals_are_judged_by_the_whole_sessions_time():
    session = readings_taken(charging(), [Reading(at=at(60), interval_wh=9000)], supply=AX48)
    assert (session.energy_wh, session.flags) == (9000, set())
    session = readings_taken(session, [Reading(at=at(61), interval_wh=190_000)], supply=AX48)
    assert (session.energy_wh, session.flags) == (9000, LEAP)
    session = readings_taken(session, [Reading(at=at(62), interval_wh=190)], supply=AX48)
    assert session.energy_wh == 9190


# ---------------------------------------------------------------------------------------------------- at the stop


@pytest.mark.parametrize(
    ("registers", "meter_stop_wh", "energy_wh", "flags"),
    [
        pytest.param([], START + 11_000, 11_000, set(), id="no reading, within the time"),
        pytest.param([], START + 18_500, 0, LEAP, id="no reading, beyond the time"),
        pytest.param([START + 100], START + 11_000, 11_000, set(), id="readings that ceased"),
        pytest.param([START + 100, START + 9001], START + 9100, 9100, LEAP, id="an announced leap"),
        pytest.param([START + 100, START + 9001], START + 250, 250, LEAP, id="an announced leap that was none"),
        pytest.param([START + 100], (START + 100) * 1000, 100, LEAP, id="Wh as if they were kWh"),
        pytest.param([START + 100], 12, 100, LEAP, id="kWh as if they were Wh"),
        pytest.param([START + 100], 900, 100, RESET, id="a reset"),
        pytest.param([START + 100], 900_001, 100, LEAP, id="anything"),
    ],
)
def test_m5_a_leap_at_the_stop_counts_where_the_time_was_enough_for_it(
    registers: list[int], meter_stop_wh: int, energy_wh: int, flags: set[SessionFlag]
):
    session = stopped(metered(charging(), *registers), meter_stop_wh)
    assert (session.energy_wh, session.flags) == (energy_wh, flags)


def test_t1_a_stop_that_leaps_from_the_last_reading_is_still_meter_stop_minus_meter_start():
    session = metered(charging(), *[START + 1] * 59)
    session = stopped(session, START + 11_000)
    assert (session.energy_wh, session.flags) == (11_000, LEAP)
    assert session.leapt_to_wh is None


def test_m5_the_readings_of_a_stop_do_not_confirm_it():
    wrong = START + 900_001
    session = transaction_stopped(
        charging(),
        meter_stop_wh=wrong,
        at=at(60),
        reason=StopReason.LOCAL,
        readings=[Reading(at=at(60), register_wh=wrong)],
        supply=AX48,
    )
    assert (session.energy_wh, session.flags, session.leapt_to_wh) == (0, LEAP, wrong)


LEAPT = 900_050 - START


@pytest.mark.parametrize(
    ("registers", "meter_stop_wh", "energy_wh", "flags"),
    [
        pytest.param([900_000, 900_050], START + 2500, 2500, LEAP, id="another connector's registers"),
        pytest.param([900_000, START + 100, 900_050, 900_100], START + 2500, 2500, LEAP, id="now and then"),
        pytest.param([900_000, 900_050], START, 0, LEAP, id="and nothing of its own"),
        pytest.param([900_000, 900_050], 900_100, LEAPT + 50, LEAP, id="a meter that was swapped"),
        pytest.param([900_000, 900_050], START - 1, LEAPT, LEAP | RESET, id="below its start"),
        pytest.param([900_000, 900_050], START + 20_001, LEAPT, LEAP | RESET, id="beyond reach as well"),
        pytest.param(
            [START + 9000, START + 9100], START + 2500, 9100, LEAP | RESET, id="a leap that time was enough for"
        ),
        pytest.param([START + 50, 7, 900_000, 900_050], START + 2500, 900_093, LEAP | RESET, id="after a reset"),
    ],
)
def test_m5_t1_meter_stop_refutes_a_leap_that_the_whole_sessions_time_was_too_short_for(
    registers: list[int], meter_stop_wh: int, energy_wh: int, flags: set[SessionFlag]
):
    session = stopped(metered(charging(), *registers), meter_stop_wh)
    assert (session.energy_wh, session.flags) == (energy_wh, flags)


def test_m5_a_stop_by_our_clock_is_believed():
    session = transaction_stopped(
        charging(),
        meter_stop_wh=START + 50_001,
        at=at(1),
        reason=StopReason.LOCAL,
        clock_replaced=True,
        supply=AX48,
    )
    assert session.energy_wh == 50_001


def test_m5_the_next_start_bears_out_a_leap_at_the_stop():
    session = stopped(charging(), START + 20_001)
    assert leap_confirmed(session, START + 20_000) is session
    confirmed = leap_confirmed(session, START + 20_001)
    assert (confirmed.energy_wh, confirmed.flags, confirmed.leapt_to_wh) == (20_001, LEAP, None)
    assert leap_confirmed(confirmed, START + 30_000) is confirmed
    assert leap_confirmed(charging(), START + 30_000).energy_wh == 0


LIFETIME = 157_440


def counted_from_zero() -> ChargingSession:
    """A meter whose register is told at the start, and that of the session in readings."""
    session = charging(LIFETIME)
    for minute in (10, 20, 30, 40):
        session = readings_taken(session, [Reading(at=at(minute), register_wh=minute * 100)], supply=AX48)
    return session


@pytest.mark.parametrize("clock_replaced", [False, True])
@pytest.mark.parametrize("told_at", [(), (40.9,), (41,), (40.5, 41)])
def test_m2_m5_meter_stop_ends_a_session_whose_readings_count_from_zero(
    told_at: tuple[float, ...], clock_replaced: bool
):
    session = transaction_stopped(
        counted_from_zero(),
        meter_stop_wh=LIFETIME + 4100,
        at=at(41),
        reason=StopReason.LOCAL,
        readings=[Reading(at=at(minute), register_wh=LIFETIME + 4100) for minute in told_at],
        supply=AX48,
        clock_replaced=clock_replaced,
    )
    assert (session.energy_wh, session.base_register_wh, session.leapt_to_wh) == (4100, LIFETIME + 4100, None)
    assert leap_confirmed(session, LIFETIME + 4100) is session


@pytest.mark.parametrize("is_own", [True, False])
def test_m2_s7_the_next_start_ends_a_session_whose_readings_count_from_zero(is_own: bool):
    time = SessionTime(at(41), is_replaced=not is_own, is_own=is_own)
    assert superseded(counted_from_zero(), LIFETIME + 4100, time, supply=AX48).energy_wh == 4100


def test_m2_m5_the_next_start_bears_out_a_leap_from_before_the_reset():
    session = stopped(counted_from_zero(), LIFETIME + 50_000, minutes=41)
    assert (session.energy_wh, session.leapt_to_wh) == (3000, LIFETIME + 50_000)
    assert leap_confirmed(session, LIFETIME + 50_000).energy_wh == 50_000


def test_m2_m5_two_meters_told_by_turns_are_never_added():
    session = metered(charging(LIFETIME), 100, 200, LIFETIME + 300, LIFETIME + 400, 500, 600)
    assert stopped(session, LIFETIME + 700, minutes=7).energy_wh == 700


@pytest.mark.parametrize("start", [3000, LIFETIME])
def test_m1_m2_meter_stop_ends_a_session_whose_readings_are_of_one_phase(start: int):
    session = charging(start)
    for minute in (10, 20):
        one = Reading(at=at(minute), register_wh=start // 3 + minute * 50, source=2)
        session = readings_taken(session, [one], supply=AX48)
    assert stopped(session, start + 4600, minutes=31).energy_wh == 4600
    time = SessionTime(at(31), is_replaced=False, is_own=True)
    assert superseded(session, start + 4600, time, supply=AX48).energy_wh == 4600


def test_m2_m5_after_a_reset_a_meter_may_run_on_unread():
    session = metered(charging(START), START + 100, 7)
    assert stopped(session, START + 6000).energy_wh == 6000
    assert stopped(metered(charging(1000), 1100, 0), 5000).energy_wh == 5100


@pytest.mark.parametrize(
    ("registers", "next_start_wh", "energy_wh", "is_leap"),
    [
        ([START + 100], START + 500, 500, False),
        ([START + 100], START + 90_001, 100, True),
        ([START + 100], (START + 100) * 1000, 100, True),
        ([START + 100, START + 9001], START + 9001, 9001, True),
        ([START + 100], 7, 100, False),
    ],
)
def test_s7_the_next_start_ends_a_session_only_where_it_is_within_reach(
    registers: list[int], next_start_wh: int, energy_wh: int, is_leap: bool
):
    session = superseded(
        metered(charging(), *registers), next_start_wh, SessionTime(at(5), is_replaced=False, is_own=True), supply=AX48
    )
    assert (session.energy_wh, SessionFlag.METER_LEAP in session.flags) == (energy_wh, is_leap)


REGISTERS = st.lists(st.integers(min_value=0, max_value=10**8), max_size=8)
SUPPLIES = st.sampled_from([AX48, Supply(max_power_w=350_000), Supply(max_power_w=2_000_000_000), None])


@given(REGISTERS, st.integers(min_value=0, max_value=10**8), SUPPLIES)
def test_m2_energy_never_falls_and_is_never_more_than_the_port_can_deliver_without_a_flag(
    registers: list[int], meter_stop_wh: int, supply: Supply | None
):
    session = charging()
    for register in registers:
        before, session = session, metered(session, register, supply=supply)
        assert session.energy_wh >= before.energy_wh
    ended = transaction_stopped(session, meter_stop_wh=meter_stop_wh, at=at(60), reason=StopReason.LOCAL, supply=supply)
    # M2: meterStop counts where the last reading was rounded up; and it may refute a leap.
    is_refuted = ended.flags == LEAP and ended.energy_wh == meter_stop_wh - ended.meter_start_wh
    assert ended.energy_wh >= session.energy_wh - 1 or is_refuted
    if supply is not None and not ended.flags:
        assert supply.could_deliver(ended.energy_wh, timedelta(minutes=60), step_wh=1000 * (len(registers) + 1))


@given(REGISTERS, st.integers(min_value=0, max_value=10**8), SUPPLIES)
def test_x2_a_stop_tells_the_same_in_time_and_after_we_gave_up(
    registers: list[int], meter_stop_wh: int, supply: Supply | None
):
    running = metered(charging(), *registers, supply=supply)
    told = {"meter_stop_wh": meter_stop_wh, "at": at(60), "reason": StopReason.LOCAL, "supply": supply}
    in_time = transaction_stopped(running, **told)  # type: ignore[arg-type]
    for closed in (
        given_up(running, at(70)),
        superseded(running, 500_000, SessionTime(at(70), is_replaced=False, is_own=True), supply=supply),
    ):
        late = truth_told(closed, in_time, is_own_time=True)
        assert (late.energy_wh, late.base_register_wh, late.leapt_to_wh) == (
            in_time.energy_wh,
            in_time.base_register_wh,
            in_time.leapt_to_wh,
        )

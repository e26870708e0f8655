"""M1, M2, M4: the meters of many firmwares, one by one, and whatever they mix."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evgraph.domain.charging_session import AuthorizationStatus, ChargingSession, SessionFlag, StopReason
from evgraph.domain.energy import INTERVAL, POWER, REGISTER, Reading, SampledValue, instants, merged_reading, reading_of
from evgraph.domain.session_end import transaction_stopped
from evgraph.domain.session_metering import instant_completed, readings_taken, recounted
from evgraph.domain.session_start import unassigned
from evgraph.domain.supply import Supply

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AX48 = Supply(max_power_w=11_500)
RESET, LEAP = SessionFlag.METER_RESET, SessionFlag.METER_LEAP


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def charging(meter_start_wh: int = 163_630, *flags: SessionFlag) -> ChargingSession:
    session = unassigned(
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
        clock_replaced=False,
        now=NOON,
    )
    if SessionFlag.METER_START_ESTIMATED in flags:
        session = replace(session, register_at=None)
    return replace(session, flags=session.flags | set(flags))


def sample(value: str | int, measurand: str = REGISTER, **more: str) -> SampledValue:
    return SampledValue(value=Decimal(value), measurand=measurand, **more)


def taken(session: ChargingSession, readings: Iterable[Reading], supply: Supply | None = AX48) -> ChargingSession:
    for reading in readings:
        session = readings_taken(session, [reading], supply=supply)
    return session


def kwh(register_wh: int, decimals: int, rounding: str) -> SampledValue:
    value = (Decimal(register_wh) / 1000).quantize(Decimal(1).scaleb(-decimals), rounding=rounding)
    return sample(str(value), unit="kWh")


def stopped(session: ChargingSession, meter_stop_wh: int, minutes: float) -> ChargingSession:
    return transaction_stopped(
        session, meter_stop_wh=meter_stop_wh, at=at(minutes), reason=StopReason.LOCAL, supply=AX48
    )


# ------------------------------------------------------------------------------------------------------- rounding


@pytest.mark.parametrize("rounding", [ROUND_DOWN, ROUND_HALF_UP, ROUND_UP])
@pytest.mark.parametrize("decimals", [0, 1, 2, 3])
@pytest.mark.parametrize("start", [163_630, 163_000, 163_999, 1_001])
def test_m2_registers_in_kwh_of_any_decimals_end_at_meter_stop_minus_meter_start(
    start: int, decimals: int, rounding: str
) -> None:
    readings = [reading_of(at(n / 10), [kwh(start + n * 17, decimals, rounding)]) for n in range(31)]
    session = taken(charging(start), readings)
    assert session.flags == frozenset()
    ended = stopped(session, start + 510, 3)
    assert (ended.energy_wh, ended.flags) == (510, frozenset())


@pytest.mark.parametrize(
    ("start", "registers", "energy_wh", "flags"),
    [
        pytest.param(163_630, ["163"], 0, set(), id="a whole kWh below the start's Wh"),
        pytest.param(163_630, ["162"], 0, {RESET}, id="more than a step below"),
        pytest.param(163_630, ["163.6", "163.5", "163.7"], 70, set(), id="wavers by a step"),
        pytest.param(163_630, ["163.7", "163.5"], 70, {RESET}, id="falls by two"),
        pytest.param(163_630, ["164", "163"], 370, {RESET}, id="a step of a kWh is no rounding"),
        pytest.param(163_630, ["163.6", "163.65", "163.64"], 20, set(), id="the finest step counts"),
        pytest.param(163_630, ["163.65", "163.6"], 20, {RESET}, id="also for the values before"),
        pytest.param(163_630, ["163.64", "0.00", "0.25"], 260, {RESET}, id="a drop to 0 is a reset"),
        pytest.param(630, ["0", "1"], 1000, {RESET}, id="even below the first kWh"),
    ],
)
def test_m2_a_drop_within_the_meters_own_step_is_rounding(
    start: int, registers: list[str], energy_wh: int, flags: set[SessionFlag]
) -> None:
    readings = [reading_of(at(1 + n * 10), [sample(one, unit="kWh")]) for n, one in enumerate(registers)]
    session = taken(charging(start), readings)
    assert (session.energy_wh, session.flags) == (energy_wh, flags)


def test_m5_a_step_of_a_whole_kwh_is_no_leap() -> None:
    session = taken(charging(163_990), [reading_of(at(n / 10), [sample(163 + n // 5, unit="kWh")]) for n in range(11)])
    assert (session.energy_wh, session.flags) == (1010, frozenset())


def test_m6_a_coarse_meter_that_stands_still_is_full_once_a_step_would_have_shown() -> None:
    def read(minutes: range) -> list[Reading]:
        return [reading_of(at(n), [sample("163.8", unit="kWh")]) for n in minutes]

    session = taken(charging(), read(range(1, 25)))
    assert (session.full_since, session.low_power_since) == (None, None)
    session = taken(session, read(range(25, 30)))
    assert session.full_since == at(1)
    assert taken(session, [reading_of(at(30), [sample("164.0", unit="kWh")])]).full_since is None


def test_m6_low_power_before_the_first_wh_is_not_full() -> None:
    readings = [reading_of(at(n), [sample(163_630 + 9), sample(0, POWER)]) for n in range(1, 60)]
    assert taken(charging(), readings).full_since is None
    readings += [reading_of(at(60 + n), [sample(163_630 + 10), sample(0, POWER)]) for n in range(12)]
    assert taken(charging(), readings).full_since == at(60)


# ------------------------------------------------------------------------------------------------ contexts, sources


@pytest.mark.parametrize("order", [1, -1])
def test_m1_the_register_of_the_start_beside_each_current_one(order: int) -> None:
    readings = [
        reading_of(at(n), [sample(157_440 + n * 100), sample(157_440, context="Transaction.Begin")][::order])
        for n in range(1, 62)
    ]
    session = taken(charging(157_440), readings)
    assert (session.energy_wh, session.flags, session.full_since) == (6100, frozenset(), None)


@pytest.mark.parametrize("location", ["Body", "Cable", "EV"])
def test_m1_the_best_location_of_the_session_counts_from_its_start(location: str) -> None:
    elsewhere = [reading_of(at(n), [sample(1000 + n * 110, location=location)]) for n in range(1, 5)]
    session = taken(charging(1000), elsewhere)
    assert (session.energy_wh, session.flags) == (440, frozenset())
    session = taken(session, [reading_of(at(5), [sample(1500)]), reading_of(at(6), [sample(900, location=location)])])
    assert (session.energy_wh, session.flags) == (500, frozenset())


def test_m1_a_better_source_takes_the_flags_of_a_worse_one_back() -> None:
    session = taken(charging(1000), [reading_of(at(1), [sample(50, location="EV")])])
    assert session.flags == {RESET}
    session = taken(session, [reading_of(at(2), [sample(1200)])])
    assert (session.energy_wh, session.flags) == (200, frozenset())


def test_m2_a_better_source_lets_no_rounding_lower_the_energy() -> None:
    session = taken(charging(1000), [reading_of(at(1), [sample("1.2", unit="kWh", location="Cable")])])
    assert taken(session, [reading_of(at(2), [sample(1160)])]).energy_wh == 200


def test_m1_intervals_of_two_contexts_are_never_added() -> None:
    readings = []
    for n in range(1, 31):
        readings.append(reading_of(at(n), [sample(100, INTERVAL)]))
        if n % 15 == 0:
            readings.append(reading_of(at(n + 0.5), [sample(1500, INTERVAL, context="Sample.Clock")]))
    assert taken(charging(), readings).energy_wh == 3000
    first = reading_of(at(0.5), [sample(50, INTERVAL, context="Sample.Clock")])
    assert taken(charging(), [first, *readings]).energy_wh == 3000


def test_m1_phases_that_are_not_complete_do_not_count_where_there_were_more() -> None:
    whole = [sample(600, phase=phase) for phase in ("L1", "L2", "L3")]
    session = taken(charging(1700), [reading_of(at(1), whole)])
    part = readings_taken(session, [reading_of(at(2), [sample(640, phase="L1")])], supply=AX48)
    assert (part.energy_wh, part.flags) == (100, frozenset())


def test_m1_an_estimated_start_is_the_first_register() -> None:
    session = charging(700, SessionFlag.METER_START_ESTIMATED)
    session = taken(session, [Reading(at=at(1), power_w=7000), Reading(at=at(2), register_wh=5000)])
    assert (session.meter_start_wh, session.energy_wh) == (5000, 0)
    session = taken(session, [Reading(at=at(3), register_wh=5100)])
    assert (session.energy_wh, session.flags) == (100, {SessionFlag.METER_START_ESTIMATED})


# ------------------------------------------------------------------------------------------------------- recounting

SAMPLES = st.builds(
    SampledValue,
    value=st.integers(163_000, 165_000).map(Decimal) | st.integers(1630, 1650).map(lambda n: Decimal(n).scaleb(-1)),
    measurand=st.sampled_from([REGISTER, REGISTER, REGISTER, POWER, INTERVAL]),
    unit=st.sampled_from([None, "kWh"]),
    phase=st.sampled_from([None, None, "L1", "L2", "L3"]),
    location=st.sampled_from(["Outlet", "Outlet", "Cable", "EV"]),
    context=st.sampled_from(["Sample.Periodic", "Sample.Periodic", "Sample.Clock", "Transaction.Begin", "Trigger"]),
)
PARTS = st.lists(st.tuples(st.integers(0, 12), st.lists(SAMPLES, min_size=1, max_size=3)), max_size=14)
SUPPLIES = st.sampled_from([AX48, Supply(max_power_w=2_000_000_000), None])


@given(PARTS, SUPPLIES, st.booleans(), st.data())
def test_m4_readings_one_by_one_are_the_recount_of_them_in_any_order(
    parts: list[tuple[int, list[SampledValue]]], supply: Supply | None, is_estimated: bool, data: st.DataObject
) -> None:
    """An instant's parts may come in several messages, and each message twice."""
    flags = [SessionFlag.METER_START_ESTIMATED] if is_estimated else []
    start = session = before = charging(163_630, *flags)
    parts = sorted(parts, key=lambda part: part[0])
    everything = [reading_of(at(minute), samples) for minute, samples in parts]
    for minute, of_instant in groupby(everything, key=lambda one: one.at):
        before, whole = session, None
        for one in [part for part in of_instant for _ in range(2)]:
            whole = merged_reading(whole, one) if whole is not None else one
            if session.last_meter_at != minute:
                session = readings_taken(session, [one], supply=supply)
            else:
                session = instant_completed(session, before, whole, supply=supply)
    shuffled = data.draw(st.permutations(everything))
    if is_estimated and len({one.source for one in instants(everything) if one.register_wh is not None}) > 1:
        # S6, M1: an estimated start is at the first register of the location that counts; which one that is, the
        # recount at the end knows, and no reading before.
        session = recounted(start, everything, supply=supply)
    assert recounted(start, shuffled, supply=supply) == session
    assert recounted(start, [*shuffled, *everything], supply=supply) == session
    if not is_estimated:
        assert recounted(session, shuffled, supply=supply) == session


def test_m4_m6_the_rest_of_an_instant_denies_low_power_that_its_first_part_showed() -> None:
    """By one phase 10 Wh in ten minutes, by all of them a reset."""
    start, first, rest = (
        charging(1000),
        reading_of(at(10), [sample(1010, phase="L1")]),
        reading_of(at(10), [sample(900)]),
    )
    partly = taken(start, [first])
    assert partly.full_since == at(0)
    whole = instant_completed(partly, start, merged_reading(first, rest), supply=AX48)
    assert (whole.full_since, whole) == (None, recounted(start, [rest, first], supply=AX48))


def test_x2_a_recount_keeps_the_flags_of_the_start() -> None:
    kept = (SessionFlag.CLOCK_REPLACED, SessionFlag.METER_GAP, SessionFlag.OTHER_ID_TAG, SessionFlag.UNCONFIRMED)
    session = charging(1000, *kept, RESET, LEAP)
    ended = transaction_stopped(session, meter_stop_wh=1900, at=at(60), reason=StopReason.LOCAL, supply=AX48)
    anew = recounted(ended, [Reading(at=at(5), register_wh=1200)], supply=AX48)
    assert (anew.energy_wh, anew.ended_at, anew.stop_reason) == (200, None, None)
    assert anew.flags == set(kept) - {SessionFlag.UNCONFIRMED}
    assert SessionFlag.UNCONFIRMED in recounted(session, [], supply=AX48).flags

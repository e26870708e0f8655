"""From a charger's samples to whole Wh and W (M1)."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evgraph.domain.energy import (
    INTERVAL,
    OUTLET_REGISTER,
    POWER,
    REGISTER,
    Reading,
    SampledValue,
    has_inlet,
    merged_reading,
    reading_of,
    whole,
    with_inlet,
)

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def sample(value: str, measurand: str = REGISTER, **more: str) -> SampledValue:
    return SampledValue(value=Decimal(value), measurand=measurand, **more)


def register_of(*samples: SampledValue) -> int | None:
    return reading_of(AT, samples).register_wh


def test_m1_a_sample_with_a_value_alone_is_the_register_at_the_outlet_in_wh():
    assert reading_of(AT, [SampledValue(value=Decimal(1234))]) == Reading(at=AT, register_wh=1234)


@pytest.mark.parametrize(
    ("value", "unit", "register_wh"),
    [
        ("1234", None, 1234),
        ("1234", "Wh", 1234),
        ("1.234", "kWh", 1234),
        ("0.1", "kWh", 100),
        ("0.07", "kWh", 70),
        ("4.35", "kWh", 4350),
        ("1.0005", "kWh", 1001),
        ("1.0004", "kWh", 1000),
        ("123456789.123", "kWh", 123_456_789_123),
        ("12.0", "Wh", 12),
        ("12.5", "Wh", 13),
        ("12.49", "Wh", 12),
        ("1.2E+4", "Wh", 12_000),
        ("0", "kWh", 0),
    ],
)
def test_m1_kwh_is_converted_exactly_and_what_is_left_rounds_half_up(value: str, unit: str | None, register_wh: int):
    assert reading_of(AT, [SampledValue(value=Decimal(value), unit=unit)]).register_wh == register_wh


def test_m1_the_unphased_value_comes_before_the_phases_wherever_it_stands():
    phases = [sample("100", phase="L1"), sample("200", phase="L2"), sample("300", phase="L3")]
    assert register_of(sample("700"), *phases) == 700
    assert register_of(*phases, sample("700")) == 700


@pytest.mark.parametrize(
    ("values", "register_wh"),
    [
        ({"L1": "100", "L2": "200", "L3": "300"}, 600),
        ({"L1-N": "100", "L2-N": "200", "L3-N": "300"}, 600),
        ({"L1": "100"}, 100),
        ({"L1-N": "250"}, 250),
        ({"L1": "100", "L2": "200", "L3": "300", "L1-N": "9", "L2-N": "9", "L3-N": "9"}, 600),
        ({"L1": "100", "L2": "200", "L3": "300", "N": "5", "L1-L2": "7"}, 600),
        ({"L1-L2": "7"}, None),
        ({"L1": "0.4", "L2": "0.4", "L3": "0.4"}, 1),
    ],
)
def test_m1_without_an_unphased_value_the_phases_are_summed_once(values: dict[str, str], register_wh: int | None):
    assert register_of(*(sample(value, phase=phase) for phase, value in values.items())) == register_wh


def test_m1_phases_may_come_in_units_of_their_own():
    assert register_of(sample("1.5", phase="L1", unit="kWh"), sample("300", phase="L2", unit="Wh")) == 1800


def test_m1_a_register_and_an_interval_are_told_apart():
    read = reading_of(AT, [sample("40", INTERVAL), sample("5000")])
    assert (read.register_wh, read.interval_wh) == (5000, 40)


def test_m1_intervals_of_the_phases_are_summed_and_equal_samples_count_once():
    assert reading_of(AT, [sample("40", INTERVAL), sample("0.04", INTERVAL, unit="kWh")]).interval_wh == 40
    assert reading_of(AT, [sample("40", INTERVAL), sample("0.042", INTERVAL, unit="kWh")]).interval_wh == 42
    assert reading_of(AT, [sample("40", INTERVAL, phase="L1"), sample("2", INTERVAL, phase="L2")]).interval_wh == 42


@pytest.mark.parametrize(
    ("contexts", "register_wh"),
    [
        ({"Transaction.Begin": "1000"}, None),
        ({"Transaction.Begin": "9000", "Sample.Periodic": "1250"}, 1250),
        ({"Transaction.Begin": "1000", "Transaction.End": "1250"}, 1250),
        ({"Transaction.End": "1250", "Sample.Periodic": "1300", "Trigger": "1400", "Other": "1500"}, 1250),
        ({"Sample.Clock": "1250", "Trigger": "1400", "Interruption.End": "1500"}, 1250),
        ({"Sample.Clock": "1250", "Sample.Periodic": "1251"}, 1251),
        ({"Trigger": "1250", "Interruption.Begin": "1500"}, 1250),
        ({"Other": "1250", "Transaction.Begin": "1500"}, 1250),
        ({"something": "1250"}, 1250),
    ],
    ids=str,
)
@pytest.mark.parametrize("order", [1, -1])
def test_m1_of_several_contexts_at_one_instant_the_most_current_one_counts(
    contexts: dict[str, str], register_wh: int | None, order: int
):
    samples = [sample(value, context=context) for context, value in contexts.items()]
    read = reading_of(AT, samples[::order])
    begin = contexts.get("Transaction.Begin")
    assert (read.register_wh, read.begin_wh) == (register_wh, int(begin) if begin else None)


@pytest.mark.parametrize("location", ["Body", "Cable", "EV"])
def test_m1_without_the_outlet_another_place_of_the_meter_counts(location: str):
    elsewhere = sample("9999", location=location)
    assert register_of(elsewhere) == 9999
    for samples in ([sample("5000"), elsewhere], [elsewhere, sample("5000")]):
        assert register_of(*samples) == 5000
        assert reading_of(AT, samples).source == OUTLET_REGISTER


def test_m1_locations_are_taken_in_their_order():
    places = [sample(str(9000 + n), location=place) for n, place in enumerate(("Inlet", "EV", "Cable", "Body"))]
    for count, register_wh in [(4, 9003), (3, 9002), (2, 9001), (1, None)]:
        assert register_of(*places[:count]) == register_wh
        assert register_of(*places[:count][::-1]) == register_wh


def test_m1_the_inlet_counts_only_at_a_charge_point_with_one_connector():
    read = reading_of(AT, [sample("5000", location="Inlet"), sample("7000", POWER, location="Inlet")])
    assert (read.register_wh, read.power_w, has_inlet(read)) == (None, None, True)
    alone = with_inlet(read)
    assert (alone.register_wh, alone.power_w, has_inlet(alone)) == (5000, 7000, False)
    assert not has_inlet(reading_of(AT, [sample("5000")]))


def test_m1_an_unknown_place_of_the_meter_is_not_read():
    assert register_of(sample("5000", location="Moon")) is None


def test_m1_equal_samples_of_one_instant_are_never_added():
    phases = [sample("100", phase=phase) for phase in ("L1", "L2", "L3")]
    assert register_of(*phases, *phases, sample("101", phase="L1")) == 301
    assert register_of(sample("700"), sample("700"), sample("699")) == 700


def test_m1_intervals_of_one_context_are_read():
    read = reading_of(AT, [sample("900", INTERVAL, context="Sample.Clock"), sample("40", INTERVAL)])
    assert read.interval_wh == 40
    assert reading_of(AT, [sample("900", INTERVAL, context="Transaction.Begin")]).interval_wh is None


@pytest.mark.parametrize(
    ("powers", "registers", "power_w"),
    [
        ({"L1": "2400"}, {}, None),
        ({"L1": "2400"}, {None: "5000"}, None),
        ({"L1": "2400"}, {"L1": "5000"}, 2400),
        ({"L1": "2400", "L2": "2400"}, {}, None),
        ({"L1": "2400", "L2": "2400", "L3": "2300"}, {}, 7100),
        ({"L1": "2400", None: "7100"}, {}, 7100),
    ],
    ids=str,
)
def test_m1_the_power_of_one_phase_is_not_the_total(
    powers: dict[str | None, str], registers: dict[str | None, str], power_w: int | None
):
    samples = [SampledValue(value=Decimal(value), measurand=POWER, phase=phase) for phase, value in powers.items()]
    samples += [SampledValue(value=Decimal(value), phase=phase) for phase, value in registers.items()]
    assert reading_of(AT, samples).power_w == power_w


@pytest.mark.parametrize(
    ("value", "unit", "step_wh"),
    [
        ("163", "kWh", 1000),
        ("163.6", "kWh", 100),
        ("163.60", "kWh", 10),
        ("163.630", "kWh", 1),
        ("163.63001", "kWh", 1),
        ("1.636E+2", "kWh", 100),
        ("163630", "Wh", 1),
        ("163000", "Wh", 1),
        ("163630.5", None, 1),
    ],
)
def test_m2_the_step_is_the_last_decimal_place(value: str, unit: str | None, step_wh: int):
    assert reading_of(AT, [SampledValue(value=Decimal(value), unit=unit)]).step_wh == step_wh


KINDS = st.builds(
    SampledValue,
    value=st.integers(0, 5).map(lambda n: Decimal(1000 + n)) | st.sampled_from([Decimal("1.2"), Decimal("1.25")]),
    measurand=st.sampled_from([REGISTER, REGISTER, POWER, INTERVAL]),
    unit=st.sampled_from([None, "kWh"]),
    phase=st.sampled_from([None, None, "L1", "L2", "L3"]),
    location=st.sampled_from(["Outlet", "Outlet", "Cable", "Inlet"]),
    context=st.sampled_from(["Sample.Periodic", "Sample.Clock", "Transaction.Begin", "Transaction.End", "Trigger"]),
)


@given(st.lists(KINDS, max_size=8).flatmap(lambda one: st.tuples(st.just(one), st.permutations(one))), st.data())
def test_m4_an_instant_in_several_messages_is_read_like_one_in_one(
    two: tuple[list[SampledValue], list[SampledValue]], data: st.DataObject
):
    samples, shuffled = two
    cuts = data.draw(st.lists(st.integers(0, len(samples)), max_size=3).map(sorted))
    parts = [shuffled[first:last] for first, last in pairwise([0, *cuts, len(samples)])]
    merged = reading_of(AT, parts[0])
    for part in parts[1:]:
        merged = merged_reading(merged, reading_of(AT, part))
    # The samples themselves may be kept as whole Wh.
    assert replace(merged, samples=()) == replace(reading_of(AT, samples), samples=())
    assert merged_reading(merged, reading_of(AT, parts[-1])) == merged


@pytest.mark.parametrize("nonsense", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_m1_a_value_that_is_no_number_is_passed_over(nonsense: str):
    assert register_of(sample(nonsense)) is None
    assert register_of(sample("5000"), sample(nonsense)) == 5000
    assert register_of(sample(nonsense), sample("5", phase="L1"), sample("6", phase="L2")) == 11


def test_m1_other_measurands_say_nothing_of_energy():
    others = [sample("230", "Voltage"), sample("16", "Current.Import"), sample("77", "Energy.Active.Export.Register")]
    assert reading_of(AT, others) == Reading(at=AT)
    assert reading_of(AT, []) == Reading(at=AT)


@pytest.mark.parametrize(
    ("samples", "power_w"),
    [
        ([("11500", None, None)], 11_500),
        ([("11.5", "kW", None)], 11_500),
        ([("7.3605", "kW", None)], 7361),
        ([("3800", "W", "L1"), ("3810", "W", "L2"), ("3790", "W", "L3")], 11_400),
        ([("0", "W", None)], 0),
    ],
)
def test_m1_power_is_read_alike_in_whole_watts(samples: list[tuple[str, str | None, str | None]], power_w: int):
    values = [SampledValue(value=Decimal(v), measurand=POWER, unit=unit, phase=phase) for v, unit, phase in samples]
    read = reading_of(AT, values)
    assert (read.power_w, read.register_wh, read.interval_wh) == (power_w, None, None)


def test_b7_a_reading_says_when_its_clock_was_replaced():
    assert reading_of(AT, [sample("1")], clock_replaced=True).clock_replaced


@pytest.mark.parametrize(("amount", "number"), [("0.5", 1), ("1.5", 2), ("2.5", 3), ("-0.5", -1), ("2.49", 2)])
def test_a_half_rounds_up_to_a_whole_number(amount: str, number: int):
    assert whole(Decimal(amount)) == number

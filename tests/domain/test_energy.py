"""From a charger's samples to whole Wh and W (M1)."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from evgraph.domain.energy import INTERVAL, POWER, REGISTER, Reading, SampledValue, reading_of, whole

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


def test_m1_intervals_are_summed():
    assert reading_of(AT, [sample("40", INTERVAL), sample("0.002", INTERVAL, unit="kWh")]).interval_wh == 42
    assert reading_of(AT, [sample("40", INTERVAL, phase="L1"), sample("2", INTERVAL, phase="L2")]).interval_wh == 42


def test_m1_of_several_contexts_at_one_instant_the_last_one_counts():
    begin, end = sample("1000", context="Transaction.Begin"), sample("1250", context="Transaction.End")
    assert register_of(begin) == 1000
    assert register_of(begin, end) == 1250


@pytest.mark.parametrize("location", ["Inlet", "Body", "Cable", "EV"])
def test_m1_only_the_outlet_is_metered(location: str):
    elsewhere = sample("9999", location=location)
    assert register_of(elsewhere) is None
    assert register_of(sample("5000"), elsewhere) == 5000


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
    assert reading_of(AT, values) == Reading(at=AT, power_w=power_w)


def test_b7_a_reading_says_when_its_clock_was_replaced():
    assert reading_of(AT, [sample("1")], clock_replaced=True).clock_replaced


@pytest.mark.parametrize(("amount", "number"), [("0.5", 1), ("1.5", 2), ("2.5", 3), ("-0.5", -1), ("2.49", 2)])
def test_a_half_rounds_up_to_a_whole_number(amount: str, number: int):
    assert whole(Decimal(amount)) == number

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from graphql import GraphQLError, parse_value

from evgraph.schema.scalars import SCALARS, decimal_text, instant_text, parse_decimal, parse_instant

NEW_YORK = timezone(timedelta(hours=-5))


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2026, 11, 22, 8, 48, tzinfo=UTC), "2026-11-22T08:48:00.000Z"),
        (datetime(2026, 11, 22, 3, 48, tzinfo=NEW_YORK), "2026-11-22T08:48:00.000Z"),
        (datetime(2026, 11, 22, 8, 48, 1, 999_999, tzinfo=UTC), "2026-11-22T08:48:01.999Z"),
    ],
)
def test_instants_leave_as_utc_with_milliseconds(instant, text):
    assert instant_text(instant) == text


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T08:48:00.000Z",
        "2026-11-22T08:48:00Z",
        "2026-11-22T08:48Z",
        "2026-11-22T03:48:00-05:00",
        "2026-11-22T09:48:00.000+01:00",
        " 2026-11-22 08:48:00+00:00 ",
        "20261122T084800Z",
    ],
)
def test_instants_come_in_with_any_offset(text):
    assert parse_instant(text) == datetime(2026, 11, 22, 8, 48, tzinfo=UTC)


@pytest.mark.parametrize("value", ["2026-11-22T08:48:00", "2026-11-22"])
def test_an_instant_without_an_offset_is_told_what_to_add(value):
    with pytest.raises(GraphQLError, match="add Z for UTC"):
        parse_instant(value)


@pytest.mark.parametrize(
    "value", ["tomorrow", "", "2026-13-01T00:00:00Z", 1763800000, 1.5, None, True, "0001-01-01T00:00+23:59"]
)
def test_what_is_no_instant_is_refused(value):
    with pytest.raises(GraphQLError, match="ISO 8601"):
        parse_instant(value)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal("32.5"), "32.5"),
        (Decimal("62.50"), "62.50"),
        (Decimal("1"), "1"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-4"), "0.0001"),
        (Decimal("-0.125"), "-0.125"),
    ],
)
def test_decimals_leave_exact_and_without_an_exponent(number, text):
    assert decimal_text(number) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("32.5", "32.5"), (" 25 ", "25"), (25, "25"), (0.1, "0.1"), ("0.10", "0.10"), ("-1", "-1"), (32.5, "32.5")],
)
def test_decimals_come_in_as_strings_or_numbers(value, text):
    assert str(parse_decimal(value)) == text


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a",
        "1,5",
        "1_000",
        "١٢",
        "NaN",
        "Infinity",
        float("nan"),
        float("inf"),
        None,
        True,
        [],
        "1e999999",
        "9" * 50,
    ],
)
def test_what_is_no_decimal_is_refused(value):
    with pytest.raises(GraphQLError, match="exact decimal"):
        parse_decimal(value)


@pytest.mark.parametrize(("literal", "text"), [('"0.10"', "0.10"), ("0.10", "0.10"), ("25", "25")])
def test_a_decimal_literal_is_read_by_its_own_text(literal, text):
    assert str(SCALARS[Decimal].parse_literal(parse_value(literal))) == text


@pytest.mark.parametrize("literal", ["true", "[1]", "{a: 1}", "A"])
def test_other_literals_are_neither_decimals_nor_instants(literal):
    for scalar in SCALARS.values():
        with pytest.raises(GraphQLError):
            scalar.parse_literal(parse_value(literal))

"""What may be asked for charging, and how it is told (T9, T10)."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from evgraph.domain.rate import Rate, RateKind, label, new_rate, plain
from evgraph.domain.refusals import ErrorCode, Refusal

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def rate(kind: RateKind, amount_cents: str, currency: str = "USD") -> Rate:
    return new_rate(
        garage_id=7, kind=kind, amount_cents=Decimal(amount_cents), currency=currency, now=NOW, set_by="Ada"
    )


@pytest.mark.parametrize("kind", list(RateKind))
@pytest.mark.parametrize(
    "amount", ["0", "0.0001", "25", "32.5", "25.5000000", "99999.9999", "100000", "100000.0000", "1E+5"]
)
def test_a_rate_from_nothing_to_a_thousand_dollars_is_taken_as_it_is(kind: RateKind, amount: str):
    assert rate(kind, amount).amount_cents == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "why"),
    [
        ("100000.01", "A rate cannot be above 100,000 cents."),
        ("100000.0001", "A rate cannot be above 100,000 cents."),
        ("1E+30", "A rate cannot be above 100,000 cents."),
        ("-1", "A rate cannot be negative."),
        ("-0.0001", "A rate cannot be negative."),
        ("NaN", "The rate must be a number of cents."),
        ("sNaN", "The rate must be a number of cents."),
        ("Infinity", "The rate must be a number of cents."),
        ("-Infinity", "The rate must be a number of cents."),
        ("0.12345", "A rate has at most four decimal places."),
        ("25.00001", "A rate has at most four decimal places."),
        ("1E-40", "A rate has at most four decimal places."),
    ],
)
def test_another_amount_is_refused_and_says_why(amount: str, why: str):
    with pytest.raises(Refusal) as refused:
        rate(RateKind.PER_KWH, amount)
    assert (refused.value.code, refused.value.message) == (ErrorCode.INVALID, why)
    assert refused.value.field == ("input", "amountCents")


def test_t10_a_rate_is_in_force_from_the_moment_it_is_set():
    assert rate(RateKind.PER_KWH, "25") == Rate(
        id=0,
        garage_id=7,
        kind=RateKind.PER_KWH,
        amount_cents=Decimal(25),
        currency="USD",
        effective_from=NOW,
        set_by="Ada",
    )


@pytest.mark.parametrize(
    ("kind", "amount", "text"),
    [
        (RateKind.PER_KWH, "25", "25 c per kWh"),
        (RateKind.PER_KWH, "25.0000", "25 c per kWh"),
        (RateKind.PER_KWH, "32.5", "32.5 c per kWh"),
        (RateKind.PER_KWH, "25.50", "25.5 c per kWh"),
        (RateKind.PER_KWH, "100", "100 c per kWh"),
        (RateKind.PER_KWH, "1E+2", "100 c per kWh"),
        (RateKind.PER_KWH, "0", "0 c per kWh"),
        (RateKind.PER_KWH, "-0", "0 c per kWh"),
        (RateKind.PER_KWH, "0.0001", "0.0001 c per kWh"),
        (RateKind.PER_MINUTE, "3", "3 c per minute"),
        (RateKind.PER_MINUTE, "0.75", "0.75 c per minute"),
        (RateKind.FLAT_FEE, "500", "$5.00 flat fee"),
        (RateKind.FLAT_FEE, "500.0000", "$5.00 flat fee"),
        (RateKind.FLAT_FEE, "99", "$0.99 flat fee"),
        (RateKind.FLAT_FEE, "100000", "$1,000.00 flat fee"),
        (RateKind.FLAT_FEE, "12.5", "12.5 c flat fee"),
        (RateKind.FLAT_FEE, "0", "$0.00 flat fee"),
    ],
)
def test_a_label_tells_the_rate_to_people(kind: RateKind, amount: str, text: str):
    assert label(rate(kind, amount), "en_US") == text


def test_a_flat_fee_is_told_in_the_garages_own_way():
    assert label(rate(RateKind.FLAT_FEE, "500", "EUR"), "de_DE") == "5,00\xa0€ flat fee"


@pytest.mark.parametrize(
    ("number", "text"),
    [("25.50", "25.5"), ("25.0", "25"), ("100", "100"), ("0.000", "0"), ("1E+3", "1000"), ("-1.20", "-1.2")],
)
def test_a_plain_number_has_no_exponent_and_no_needless_zeros(number: str, text: str):
    assert plain(Decimal(number)) == text

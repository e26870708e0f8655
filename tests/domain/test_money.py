"""Whole cents, rounded once (T9)."""

from decimal import Decimal

import pytest

from evgraph.domain.money import Money, language_tag, to_cents


@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        ("0", 0),
        ("0.4", 0),
        ("0.49999999", 0),
        ("0.5", 1),
        ("1.5", 2),
        ("2.5", 3),
        ("2.4999", 2),
        ("430.85", 431),
        ("430.5", 431),
        ("430.49", 430),
        ("99999999.5", 100_000_000),
        ("-0.4", 0),
        ("-0.5", -1),
        ("-1.5", -2),
        ("-2.5", -3),
        ("-2.49", -2),
        ("1E+2", 100),
    ],
)
def test_t9_half_a_cent_rounds_away_from_zero(amount: str, cents: int):
    assert to_cents(Decimal(amount)) == cents


def test_t9_cents_are_an_int():
    assert type(to_cents(Decimal("-0.2"))) is int
    assert str(to_cents(Decimal("-0.2"))) == "0"


@pytest.mark.parametrize(
    ("cents", "currency", "locale", "text"),
    [
        (431, "USD", "en_US", "$4.31"),
        (0, "USD", "en_US", "$0.00"),
        (5, "USD", "en_US", "$0.05"),
        (-431, "USD", "en_US", "-$4.31"),
        (123_456_789, "USD", "en_US", "$1,234,567.89"),
        (431, "EUR", "de_DE", "4,31\xa0€"),
        (431, "CAD", "en_US", "CA$4.31"),
    ],
)
def test_money_is_written_as_people_write_it_there(cents: int, currency: str, locale: str, text: str):
    assert Money(cents, currency).formatted(locale) == text


@pytest.mark.parametrize(
    ("locale", "tag"),
    [
        ("en_US", "en-US"),
        ("de_DE", "de-DE"),
        ("fr", "fr"),
        ("zh_Hans_CN", "zh-Hans-CN"),
        ("ca_ES@valencia", "ca-ES"),
        ("en_US_POSIX", "en-US"),
    ],
)
def test_a_language_tag_is_what_browsers_understand(locale: str, tag: str):
    assert language_tag(locale) == tag

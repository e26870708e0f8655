"""Money: whole cents. A fraction of a cent lives in a Decimal and is rounded here, once."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel.numbers import format_currency

Cents = int


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in whole cents (hundredths) of an ISO 4217 currency."""

    cents: Cents
    currency: str

    def formatted(self, locale: str) -> str:
        """For people: $4.31 in en_US."""
        return _formatted(self.cents, self.currency, locale)


def to_cents(amount: Decimal) -> Cents:
    """`amount` in cents, rounded half up (away from zero) to a whole cent: the one place that rounds money (T9)."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


# A quarter of what an energy update cost was spent here; the same small amounts are shown again and again.
@lru_cache(maxsize=10_000)
def _formatted(cents: Cents, currency: str, locale: str) -> str:
    return format_currency(Decimal(cents) / 100, currency, locale=locale)

"""Money: whole cents. A fraction of a cent lives in a Decimal and is rounded here, once."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import format_currency

Cents = int


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in whole cents (hundredths) of an ISO 4217 currency."""

    cents: Cents
    currency: str

    def formatted(self, locale: str) -> str:
        """For people: $4.31 in en_US."""
        return format_currency(Decimal(self.cents) / 100, self.currency, locale=locale)


def to_cents(amount: Decimal) -> Cents:
    """`amount` in cents, rounded half up (away from zero) to a whole cent: the one place that rounds money (T9)."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))

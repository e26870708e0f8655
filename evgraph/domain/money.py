"""Money: whole cents. A fraction of a cent lives in a Decimal and is rounded here, once."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel import Locale
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


@lru_cache(maxsize=100)
def language_tag(locale: str) -> str:
    """BCP 47 language tag of a Babel locale: en-US for en_US. Variants and modifiers are left out: browsers do not know
    most of them, and separators depend on language, script, and territory."""
    parsed = Locale.parse(locale)
    return "-".join(part for part in (parsed.language, parsed.script, parsed.territory) if part)

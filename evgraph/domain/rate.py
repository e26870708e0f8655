"""What charging costs: set per garage, never changed for a session that has begun (T10)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from evgraph.domain.money import Money, to_cents
from evgraph.domain.refusals import ErrorCode, Refusal

MAX_AMOUNT_CENTS = Decimal(100_000)
MAX_DECIMALS = 4


class RateKind(StrEnum):
    FLAT_FEE = "FLAT_FEE"
    PER_KWH = "PER_KWH"
    PER_MINUTE = "PER_MINUTE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`amount_cents`: cents a session, a kWh or a minute."""

    id: int
    garage_id: int
    kind: RateKind
    amount_cents: Decimal
    currency: str
    effective_from: datetime
    set_by: str | None


def new_rate(
    *, garage_id: int, kind: RateKind, amount_cents: Decimal, currency: str, now: datetime, set_by: str | None
) -> Rate:
    """Raises Refusal INVALID for an amount that is not from 0 to 100,000 cents with at most four decimals."""
    field = ("input", "amountCents")
    if not amount_cents.is_finite():
        raise Refusal(ErrorCode.INVALID, "The rate must be a number of cents.", field)
    if amount_cents < 0:
        raise Refusal(ErrorCode.INVALID, "A rate cannot be negative.", field)
    if amount_cents > MAX_AMOUNT_CENTS:
        raise Refusal(ErrorCode.INVALID, "A rate cannot be above 100,000 cents.", field)
    if amount_cents != round(amount_cents, MAX_DECIMALS):
        raise Refusal(ErrorCode.INVALID, "A rate has at most four decimal places.", field)
    return Rate(
        id=0,
        garage_id=garage_id,
        kind=kind,
        amount_cents=abs(amount_cents),  # -0 is 0
        currency=currency,
        effective_from=now,
        set_by=set_by,
    )


def is_charged_once(kind: RateKind) -> bool:
    """Whether the rate is a flat fee, which a request pays once, however many parts its session was cut into (T8)."""
    match kind:
        case RateKind.FLAT_FEE:
            return True
        case RateKind.PER_KWH | RateKind.PER_MINUTE:
            return False
        case _:
            assert_never(kind)


def plain(number: Decimal) -> str:
    """A decimal as people write it: no exponent, no trailing zeros (25.50 is 25.5)."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def label(rate: Rate, locale: str) -> str:
    """For people: 25 c per kWh; 3 c per minute; $5.00 flat fee."""
    match rate.kind:
        case RateKind.FLAT_FEE:
            whole = rate.amount_cents == rate.amount_cents.to_integral_value()
            fee = Money(to_cents(rate.amount_cents), rate.currency).formatted(locale)
            return f"{fee if whole else plain(rate.amount_cents) + ' c'} flat fee"
        case RateKind.PER_KWH:
            return f"{plain(rate.amount_cents)} c per kWh"
        case RateKind.PER_MINUTE:
            return f"{plain(rate.amount_cents)} c per minute"
        case _:
            assert_never(rate.kind)

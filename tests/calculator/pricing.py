"""What a session costs: exact decimals, rounded once (T8, T9, T10)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from .record import Rate

LEAST_WH = 10


def minutes(lasted: timedelta) -> Decimal:
    """Minutes to hundredths (T9)."""
    exact = Decimal(lasted // timedelta(microseconds=1)) / 60_000_000
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


def rate_at(rates: Sequence[Rate], at: datetime) -> Rate | None:
    """The rate in effect at an instant; None where none was set (T10)."""
    in_effect = [rate for rate in rates if rate.since <= at]
    return max(in_effect, key=lambda rate: rate.since) if in_effect else None


def cents(rate: Rate | None, energy_wh: int, lasted: Decimal) -> int:
    """T8: nothing under 0.01 kWh. T9: quantity times unit price, half a cent up."""
    if rate is None or energy_wh < LEAST_WH:
        return 0
    quantity = {
        "PER_KWH": Decimal(energy_wh) / 1000,
        "PER_MINUTE": lasted,
        "FLAT_FEE": Decimal(1),
    }[rate.kind]
    return int((quantity * rate.cents).quantize(Decimal(1), ROUND_HALF_UP))

"""What a session costs, worked out once more from what the charger's own meter counted. Nothing here is ours."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from evgraph.simulator.transaction import Transaction

Bill = tuple[str, str, int]
"""quantity, unit, cents"""


def expected_bill(delivered: Transaction, kind: str, unit_cents: str) -> Bill:
    match kind:
        case "FLAT_FEE":
            quantity, unit = Decimal(1), "SESSION"
        case "PER_KWH":
            assert delivered.energy_wh is not None
            quantity, unit = Decimal(delivered.energy_wh).scaleb(-3), "KWH"
        case "PER_MINUTE":
            assert delivered.ended_at is not None
            milliseconds = _milliseconds(delivered.ended_at) - _milliseconds(delivered.started_at)
            minutes = (Decimal(milliseconds) / 60_000).quantize(Decimal("0.01"), ROUND_HALF_UP)
            quantity, unit = minutes, "MINUTE"
        case _:
            raise ValueError(kind)
    cents = (quantity * Decimal(unit_cents)).quantize(Decimal(1), ROUND_HALF_UP)
    return f"{quantity.normalize():f}", unit, int(cents)


def bill(line_item: dict[str, Any]) -> Bill:
    """The same of a line item that the server wrote."""
    quantity = f"{Decimal(line_item['quantity']).normalize():f}"
    return quantity, line_item["unit"], line_item["amount"]["cents"]


def _milliseconds(at: datetime) -> int:
    """Chargers stamp in milliseconds, cut off."""
    return int(at.timestamp()) * 1000 + at.microsecond // 1000

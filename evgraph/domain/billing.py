"""From a session to what stands on the ticket (T8, T9, T10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import assert_never

from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.energy import SMALLEST_CHARGED_WH, WattHours
from evgraph.domain.money import Cents, to_cents
from evgraph.domain.rate import Rate, RateKind, plain
from evgraph.domain.stay import Stay, StayStatus

_THOUSANDTH = Decimal("0.001")
_HUNDREDTH = Decimal("0.01")
_NOTHING = Decimal(0)


class LineItemUnit(StrEnum):
    SESSION = "SESSION"
    KWH = "KWH"
    MINUTE = "MINUTE"


def quantity_step(unit: LineItemUnit) -> Decimal:
    """The smallest step of a billed quantity (T9): 1 session, 0.001 kWh, 0.01 minute."""
    match unit:
        case LineItemUnit.SESSION:
            return Decimal(1)
        case LineItemUnit.KWH:
            return _THOUSANDTH
        case LineItemUnit.MINUTE:
            return _HUNDREDTH
        case _:
            assert_never(unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """`sequence` counts a session's line items from 1: the pair can stand in the books once only."""

    id: int
    garage_id: int
    stay_id: int
    session_id: int
    sequence: int
    description: str
    quantity: Decimal
    unit: LineItemUnit
    unit_cents: Decimal
    amount_cents: Cents
    is_correction: bool
    after_checkout: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a session costs: amount = quantity x unit price, rounded once (T9)."""

    quantity: Decimal
    unit: LineItemUnit
    unit_cents: Decimal

    @property
    def amount_cents(self) -> Cents:
        return to_cents(self.quantity * self.unit_cents)


def kwh(energy_wh: WattHours) -> Decimal:
    """Exact, with three decimals."""
    return (Decimal(energy_wh) / 1000).quantize(_THOUSANDTH)


def minutes(lasted: timedelta) -> Decimal:
    """Hundredths of a minute, half up."""
    microseconds = Decimal(lasted // timedelta(microseconds=1))
    return (microseconds / 60_000_000).quantize(_HUNDREDTH, rounding=ROUND_HALF_UP)


def charge(rate: Rate, *, energy_wh: WattHours, lasted: timedelta, flat_fee_paid: bool = False) -> Charge | None:
    """Null where nothing is charged: under 0.01 kWh, or a flat fee that an earlier part of the charge bore (T8)."""
    if energy_wh < SMALLEST_CHARGED_WH:
        return None
    match rate.kind:
        case RateKind.FLAT_FEE:
            if flat_fee_paid:
                return None
            return Charge(quantity=Decimal(1), unit=LineItemUnit.SESSION, unit_cents=rate.amount_cents)
        case RateKind.PER_KWH:
            return Charge(quantity=kwh(energy_wh), unit=LineItemUnit.KWH, unit_cents=rate.amount_cents)
        case RateKind.PER_MINUTE:
            return Charge(quantity=minutes(lasted), unit=LineItemUnit.MINUTE, unit_cents=rate.amount_cents)
        case _:
            assert_never(rate.kind)


def due(session: ChargingSession, rate: Rate, now: datetime) -> Charge | None:
    """What the session costs by now, or at its end."""
    return charge(
        rate,
        energy_wh=session.energy_wh,
        lasted=session.lasted(now),
        flat_fee_paid=session.flat_fee_paid,
    )


def cost(session: ChargingSession, rate: Rate | None, now: datetime) -> Cents | None:
    """Running while it charges, final once it has ended; null without a rate (T10)."""
    if rate is None or session.started_at is None:
        return None
    owed = due(session, rate, now)
    return owed.amount_cents if owed else 0


def costs_by_time(session: ChargingSession, rate: Rate | None) -> bool:
    """Whether its cost rises by itself, with no word of the charger."""
    if rate is None or session.ended_at is not None:
        return False
    match rate.kind:
        case RateKind.PER_MINUTE:
            return True
        case RateKind.FLAT_FEE | RateKind.PER_KWH:
            return False
        case _:
            assert_never(rate.kind)


def line_item(session: ChargingSession, rate: Rate | None, stay: Stay, now: datetime) -> LineItem | None:
    """T1: the bill of a session that has ended; null where nothing is charged."""
    owed = due(session, rate, now) if rate is not None else None
    if owed is None:
        return None
    return LineItem(
        id=0,
        garage_id=session.garage_id,
        stay_id=stay.id,
        session_id=session.id,
        sequence=1,
        description=_description(owed),
        quantity=owed.quantity,
        unit=owed.unit,
        unit_cents=owed.unit_cents,
        amount_cents=owed.amount_cents,
        is_correction=False,
        after_checkout=stay.status is StayStatus.CLOSED,
        created_at=now,
    )


def correction(
    session: ChargingSession, rate: Rate | None, stay: Stay, billed: list[LineItem], now: datetime
) -> LineItem | None:
    """T5: what was billed is never rewritten; the difference to the truth is a further line item, up or down."""
    if not billed:
        return line_item(session, rate, stay, now)
    if rate is None:
        return None
    return _difference(due(session, rate, now), billed, stay, now, why="Correction")


def moved(
    session: ChargingSession, rate: Rate | None, billed: Sequence[LineItem], stays: Mapping[int, Stay], now: datetime
) -> list[LineItem]:
    """T5: the line items that bring a session's bill to the stay that it belongs to now. What was billed stands: a
    stay that the session was taken from gets back, in a further line item, what is on it. `stays`: its present one,
    and those that `billed` stand on."""
    items: list[LineItem] = []
    for stay in sorted(stays.values(), key=lambda stay: stay.id == session.stay_id):
        there = [item for item in billed if item.stay_id == stay.id]
        is_its_own = stay.id == session.stay_id
        if not there:
            item = line_item(session, rate, stay, now) if is_its_own and session.status is SessionStatus.ENDED else None
        else:
            owed = due(session, rate, now) if is_its_own and rate is not None else None
            item = _difference(owed, there, stay, now, why="Correction" if is_its_own else "Moved to another ticket")
        if item is not None:
            items.append(replace(item, sequence=len(billed) + len(items) + 1))
    return items


def _difference(
    owed: Charge | None, billed: Sequence[LineItem], stay: Stay, now: datetime, *, why: str
) -> LineItem | None:
    """From what was billed to what is owed; null where that is the same. `sequence` is the next after `billed`."""
    first, last = billed[0], billed[-1]
    # Quantities come back from the books with more zeros than they were written with.
    difference = (owed.quantity if owed else _NOTHING) - sum((item.quantity for item in billed), _NOTHING)
    quantity = difference.quantize(quantity_step(first.unit))
    amount_cents = (owed.amount_cents if owed else 0) - sum(item.amount_cents for item in billed)
    if quantity == 0 and amount_cents == 0:
        return None
    return replace(
        first,
        id=0,
        stay_id=stay.id,
        sequence=last.sequence + 1,
        description=f"{why}: {_words(quantity, first.unit)}",
        quantity=quantity,
        amount_cents=amount_cents,
        is_correction=True,
        after_checkout=stay.status is StayStatus.CLOSED,
        created_at=now,
    )


def _description(owed: Charge) -> str:
    match owed.unit:
        case LineItemUnit.SESSION:
            return "EV charging, flat fee"
        case LineItemUnit.KWH:
            return f"EV charging, {owed.quantity} kWh at {plain(owed.unit_cents)} c/kWh"
        case LineItemUnit.MINUTE:
            return f"EV charging, {owed.quantity} minutes at {plain(owed.unit_cents)} c/minute"
        case _:
            assert_never(owed.unit)


def _words(quantity: Decimal, unit: LineItemUnit) -> str:
    match unit:
        case LineItemUnit.SESSION:
            return f"{quantity:+} flat fee"
        case LineItemUnit.KWH:
            return f"{quantity:+} kWh"
        case LineItemUnit.MINUTE:
            return f"{quantity:+} minutes"
        case _:
            assert_never(unit)

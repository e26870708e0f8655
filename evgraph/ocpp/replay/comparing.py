"""What was derived, held against what is booked."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from evgraph.domain import billing, session_start
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.flat_fee import flat_fees_paid
from evgraph.domain.money import Cents
from evgraph.domain.rate import Rate
from evgraph.domain.transactions import is_one_time
from evgraph.ocpp.replay.derived_sessions import Derived


class Kind(StrEnum):
    START = "start"
    METER_START = "meter at start"
    END = "end"
    REASON = "reason of the end"
    ENERGY = "energy"
    LINE_ITEMS = "sum of the line items"
    NOT_BOOKED = "transaction"
    NOT_TOLD = "session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`booked` and `derived` are instants, Wh, cents or a reason; null where there is none. `session_id` is null for a
    transaction that is not booked; `started_at` tells it then."""

    charge_point: str
    session_id: int | None
    connector_id: int
    started_at: datetime
    currency: str
    kind: Kind
    booked: Any
    derived: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """A booked session whose frames are no longer kept, or never were: nothing can be said of it."""

    charge_point: str
    session_id: int
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`proven`: how many sessions were derived and held against the books; `cents` what they are billed by the frames,
    by currency."""

    proven: int
    cents: Mapping[str, Cents]
    differences: Sequence[Difference]
    untold: Sequence[Untold]

    def agreeing_with(self, earlier: "Report") -> "Report":
        """With only those differences that were there a moment ago: the same kind at the same session."""
        there = {_place(difference) for difference in earlier.differences}
        return replace(self, differences=[one for one in self.differences if _place(one) in there])


def _place(difference: Difference) -> tuple[object, ...]:
    return (difference.charge_point, difference.session_id, difference.started_at, difference.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What the frames do not tell: prices, who asked for what, and what was billed. `rates`: of each garage, oldest
    first. `billed_cents`: the sum of a session's line items."""

    rates: Mapping[int, Sequence[Rate]]
    billed_cents: Mapping[int, Cents]


def differences_of(
    derived: Derived, identity: str, currency: str, due_cents: Cents, books: Books
) -> Iterable[Difference]:
    """Between a session as it was derived and as it is booked."""
    told, booked = derived.session, derived.booked
    started_at = told.started_at or derived.told_at

    def difference(kind: Kind, in_books: Any, in_frames: Any) -> Difference:
        return Difference(
            charge_point=identity,
            session_id=booked.id if booked else None,
            connector_id=told.connector_id,
            started_at=started_at,
            currency=currency,
            kind=kind,
            booked=in_books,
            derived=in_frames,
        )

    if booked is None:
        yield difference(Kind.NOT_BOOKED, None, told.energy_wh)
        return
    pairs: list[tuple[Kind, Any, Any]] = [
        (Kind.START, booked.started_at, told.started_at),
        (Kind.METER_START, booked.meter_start_wh, told.meter_start_wh),
        (Kind.END, booked.ended_at, told.ended_at),
        (Kind.REASON, booked.stop_reason, told.stop_reason),
        (Kind.ENERGY, booked.energy_wh, told.energy_wh),
        (Kind.LINE_ITEMS, books.billed_cents.get(booked.id, 0), due_cents),
    ]
    if SessionStatus.CHARGING in (booked.status, told.status) and booked.status is told.status:
        # T7: open again; what it was billed before stands until it ends.
        pairs.pop()
        if _is_under_way(booked, told):
            pairs.pop()
    for kind, in_books, in_frames in pairs:
        if in_books != in_frames:
            yield difference(kind, in_books, in_frames)


def _is_under_way(booked: ChargingSession, told: ChargingSession) -> bool:
    """C10: a frame may be kept, by another change in its garage, a moment before the reading that it tells: the books
    were read then, or saved in a backup."""
    told_at, booked_at = told.last_meter_at, booked.last_meter_at
    return told_at is not None and (booked_at is None or told_at > booked_at)


def due_of(all_derived: Iterable[Derived], books: Books) -> Callable[[Derived], Cents]:
    """What each session is billed in sum: nothing while it runs, without a ticket, or without a rate (T1, S6, T10)."""
    paid = _flat_fees_paid(all_derived, books)

    def cents(derived: Derived) -> Cents:
        charge = _charge(derived, derived.session, books, flat_fee_paid=paid.get(id(derived), False))
        return charge.amount_cents if charge is not None else 0

    return cents


def rate_of(derived: Derived, books: Books) -> Rate | None:
    """T10: in force at its start, and no earlier one than when it was asked for."""
    session, booked = derived.session, derived.booked
    started_at = session.started_at or derived.told_at
    # A session that nobody asked for is booked when it is told of, not before.
    was_asked_for = is_one_time(session.id_tag) and booked is not None and booked.asked_at < derived.told_at
    at = session_start.rate_taken_at(booked if was_asked_for else None, started_at)
    in_force = [rate for rate in books.rates.get(session.garage_id, ()) if rate.effective_from <= at]
    return in_force[-1] if in_force else None


def _flat_fees_paid(all_derived: Iterable[Derived], books: Books) -> dict[int, bool]:
    """T8: whether an earlier session of the request, cut off by its charger, bears the flat fee. By the identity of the
    value."""
    by_request: dict[int, list[Derived]] = {}
    for derived in all_derived:
        if derived.booked is not None and derived.booked.request_id is not None:
            by_request.setdefault(derived.booked.request_id, []).append(derived)
    paid: dict[int, bool] = {}
    for sessions in by_request.values():
        are_paid = flat_fees_paid([(one.session, rate_of(one, books)) for one in sessions])
        paid |= zip(map(id, sessions), are_paid, strict=True)
    return paid


def _charge(derived: Derived, session: ChargingSession, books: Books, *, flat_fee_paid: bool) -> billing.Charge | None:
    rate = rate_of(derived, books)
    if (
        rate is None
        or derived.booked is None
        or derived.booked.stay_id is None
        or session.status is not SessionStatus.ENDED
        or session.ended_at is None
    ):
        return None
    return billing.due(replace(session, flat_fee_paid=flat_fee_paid), rate, session.ended_at)

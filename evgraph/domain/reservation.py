"""A connector held for an idTag (OCPP 1.6 section 5.13)."""

from dataclasses import dataclass, replace
from datetime import datetime

from evgraph.domain.charge_point import ReservationState
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.transactions import spelled

ANY_CONNECTOR = 0
_LONGEST_TAG = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """`id` is the reservationId. `connector_id` 0: any connector of the charge point. `made_by`: a person's name."""

    id: int
    charge_point_id: int
    connector_id: int
    id_tag: str
    parent_id_tag: str | None
    state: ReservationState
    expires_at: datetime
    made_by: str | None
    made_at: datetime


def wanted(
    *,
    charge_point_id: int,
    connector_id: int,
    id_tag: str,
    parent_id_tag: str | None,
    expires_at: datetime,
    made_by: str | None,
    now: datetime,
) -> Reservation:
    """Raises Refusal INVALID for an idTag that no charger takes, and for an end that has passed."""
    if expires_at <= now:
        raise Refusal(
            ErrorCode.INVALID, "A reservation ends in the future: give a later instant.", ("input", "expiresAt")
        )
    return Reservation(
        id=0,
        charge_point_id=charge_point_id,
        connector_id=connector_id,
        id_tag=_tag(id_tag, "idTag"),
        parent_id_tag=_tag(parent_id_tag, "parentIdTag") if parent_id_tag else None,
        state=ReservationState.ACTIVE,
        expires_at=expires_at,
        made_by=made_by,
        made_at=now,
    )


def seen(reservation: Reservation, *, is_used: bool, now: datetime) -> Reservation:
    """What became of it: USED once a transaction began with its idTag, else EXPIRED at its end."""
    if reservation.state is not ReservationState.ACTIVE:
        return reservation
    if is_used:
        return replace(reservation, state=ReservationState.USED)
    if reservation.expires_at <= now:
        return replace(reservation, state=ReservationState.EXPIRED)
    return reservation


def canceled(reservation: Reservation) -> Reservation:
    """Raises Refusal INVALID for one that is over."""
    if reservation.state is not ReservationState.ACTIVE:
        raise Refusal(
            ErrorCode.INVALID,
            f"This reservation is {reservation.state.value.lower()} already.",
            ("input", "reservationId"),
        )
    return replace(reservation, state=ReservationState.CANCELED)


def _tag(id_tag: str, field: str) -> str:
    if not 1 <= len(id_tag.strip()) <= _LONGEST_TAG or not id_tag.isascii() or not id_tag.isprintable():
        raise Refusal(
            ErrorCode.INVALID, f"An idTag has 1 to {_LONGEST_TAG} letters, digits or signs.", ("input", field)
        )
    return spelled(id_tag)

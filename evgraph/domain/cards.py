"""Cards that may start a charger without a ticket: staff cards (S6)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from evgraph.domain.charging_session import AuthorizationStatus
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.transactions import is_one_time, spelled

MAX_ID_TAG = 20
MAX_NAME = 100


class CardStatus(StrEnum):
    ACTIVE = "ACTIVE"
    BLOCKED = "BLOCKED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredCard:
    """`id_tag` as it was entered; cards are told apart without regard to case. Of several with one `parent_id_tag`,
    each may stop what another started."""

    id: int
    garage_id: int
    id_tag: str
    parent_id_tag: str | None
    name: str | None
    is_blocked: bool
    expires_at: datetime | None

    def status(self, now: datetime) -> CardStatus:
        if self.is_blocked:
            return CardStatus.BLOCKED
        if self.expires_at is not None and self.expires_at <= now:
            return CardStatus.EXPIRED
        return CardStatus.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTagInfo:
    """OCPP 1.6 section 7.27: what a charger is told of an idTag."""

    status: AuthorizationStatus
    expires_at: datetime | None = None
    parent_id_tag: str | None = None


_AUTHORIZATIONS = {
    CardStatus.ACTIVE: AuthorizationStatus.ACCEPTED,
    CardStatus.BLOCKED: AuthorizationStatus.BLOCKED,
    CardStatus.EXPIRED: AuthorizationStatus.EXPIRED,
}


def id_tag_info(card: RegisteredCard | None, now: datetime, *, free_starts: bool = False) -> IdTagInfo:
    """S6: as the card stands; without one, what the garage allows everyone."""
    if card is None:
        return IdTagInfo(status=AuthorizationStatus.ACCEPTED if free_starts else AuthorizationStatus.INVALID)
    return IdTagInfo(
        status=_AUTHORIZATIONS[card.status(now)], expires_at=card.expires_at, parent_id_tag=card.parent_id_tag
    )


def clean_id_tag(id_tag: str) -> str:
    """As entered, without spaces around it. Raises Refusal INVALID."""
    field = ("input", "idTag")
    cleaned = _id_tag(id_tag, "idTag", field)
    if is_one_time(cleaned):
        raise Refusal(ErrorCode.INVALID, "This is an idTag that a start of ours was sent with, and no card's.", field)
    return cleaned


def clean_parent(id_tag: str | None) -> str | None:
    """As entered; null for an empty one. Raises Refusal INVALID."""
    text = (id_tag or "").strip()
    return _id_tag(text, "parent idTag", ("input", "parentIdTag")) if text else None


def clean_name(name: str | None) -> str | None:
    """Trimmed; null for an empty one. Raises Refusal INVALID."""
    words = " ".join((name or "").split())
    if len(words) > MAX_NAME or not words.isprintable():
        raise Refusal(
            ErrorCode.INVALID, f"A card's name has at most {MAX_NAME} printable characters.", ("input", "name")
        )
    return words or None


def _id_tag(id_tag: str, what: str, field: tuple[str, ...]) -> str:
    text = id_tag.strip()
    if not 1 <= len(text) <= MAX_ID_TAG or not text.isprintable():
        raise Refusal(ErrorCode.INVALID, f"A card's {what} has 1 to {MAX_ID_TAG} characters.", field)
    return spelled(text)

"""The cards that may start a charger without a ticket (S6)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final

from evgraph.domain import cards
from evgraph.domain.cards import IdTagInfo, RegisteredCard
from evgraph.domain.local_list import next_version
from evgraph.domain.people import Right, Viewer
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.transactions import is_one_time, tag
from evgraph.models import CardRow, ChargePointRow, GarageRow
from evgraph.models.records import to_columns
from evgraph.services.books import Books, Change
from evgraph.services.permissions import missing, require


class Keep(Enum):
    """Stands for an input field that was left out: what is there stays."""

    KEEP = "KEEP"


KEEP: Final = Keep.KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCard:
    garage_id: int
    id_tag: str
    name: str | None = None
    parent_id_tag: str | None = None
    expires_at: datetime | None = None
    is_blocked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CardUpdate:
    name: str | Keep | None = KEEP
    parent_id_tag: str | Keep | None = KEEP
    expires_at: datetime | Keep | None = KEEP
    is_blocked: bool | Keep = KEEP


class Cards:
    """`told`: the garage's cards have changed, and its chargers' local lists with them. Each method for a viewer raises
    Refusal NOT_FOUND, or Forbidden."""

    def __init__(self, books: Books, told: Callable[[int], None]) -> None:
        self._books = books
        self._told = told

    async def add(self, viewer: Viewer, card: NewCard) -> RegisteredCard:
        """Raises Refusal INVALID, or NAME_TAKEN where the garage has the card already."""
        require(viewer, Right.OPERATE, card.garage_id, "garage", "input", "garageId")
        return await self.register(card)

    async def update(self, viewer: Viewer, card_id: int, update: CardUpdate) -> RegisteredCard:
        return await self.change(await self._find(viewer, card_id), update)

    async def remove(self, viewer: Viewer, card_id: int) -> RegisteredCard:
        return await self.forget(await self._find(viewer, card_id))

    # For the command line, where nobody is signed in.

    async def register(self, card: NewCard) -> RegisteredCard:
        made = await register_card(self._books, card)
        self._told(made.garage_id)
        return made

    async def change(self, card: RegisteredCard, update: CardUpdate) -> RegisteredCard:
        changed = replace(
            card,
            name=card.name if update.name is KEEP else cards.clean_name(update.name),
            parent_id_tag=(
                card.parent_id_tag if update.parent_id_tag is KEEP else cards.clean_parent(update.parent_id_tag)
            ),
            expires_at=card.expires_at if update.expires_at is KEEP else update.expires_at,
            is_blocked=card.is_blocked if update.is_blocked is KEEP else update.is_blocked,
        )
        async with self._books.change(card.garage_id) as change:
            changed = await _with_its_groups_parent(changed)
            await CardRow.filter(id=card.id).update(**to_columns(changed))
            if replace(changed, name=None) != replace(card, name=None):
                await _outdate_lists(change, card.garage_id)
        self._told(card.garage_id)
        return changed

    async def forget(self, card: RegisteredCard) -> RegisteredCard:
        """Sessions that it began keep its idTag."""
        async with self._books.change(card.garage_id) as change:
            await CardRow.filter(id=card.id).delete()
            await _outdate_lists(change, card.garage_id)
        self._told(card.garage_id)
        return card

    async def find(self, garage_id: int, id_tag: str) -> RegisteredCard:
        card = await card_of(garage_id, id_tag)
        if card is None:
            raise Refusal(ErrorCode.NOT_FOUND, f"The garage has no card {id_tag.strip()}.")
        return card

    @staticmethod
    async def _find(viewer: Viewer, card_id: int) -> RegisteredCard:
        row = await CardRow.get_or_none(id=card_id)
        if row is None:
            raise missing("card", "input", "cardId")
        require(viewer, Right.OPERATE, row.garage_id, "card", "input", "cardId")
        return row.value()


async def register_card(books: Books, card: NewCard) -> RegisteredCard:
    """Raises Refusal INVALID, or NAME_TAKEN where the garage has the card already."""
    made = RegisteredCard(
        id=0,
        garage_id=card.garage_id,
        id_tag=cards.clean_id_tag(card.id_tag),
        parent_id_tag=cards.clean_parent(card.parent_id_tag),
        name=cards.clean_name(card.name),
        is_blocked=card.is_blocked,
        expires_at=card.expires_at,
    )
    async with books.change(made.garage_id) as change:
        known = await card_of(made.garage_id, made.id_tag)
        if known is not None:
            raise Refusal(ErrorCode.NAME_TAKEN, f"The garage has a card {known.id_tag} already.", ("input", "idTag"))
        made = await _with_its_groups_parent(made)
        made = (await CardRow.create(**to_columns(made))).value()
        await _outdate_lists(change, made.garage_id)
    return made


async def card_of(garage_id: int, id_tag: str) -> RegisteredCard | None:
    """The garage's card that bears this idTag, in any case."""
    row = await CardRow.filter(garage_id=garage_id, id_tag__iexact=tag(id_tag)).first()
    return row.value() if row is not None else None


async def _with_its_groups_parent(card: RegisteredCard) -> RegisteredCard:
    """A parent is spelled as the garage's other cards have it: else chargers that compare it letter by letter would
    take them for two."""
    if card.parent_id_tag is None:
        return card
    same = CardRow.filter(garage_id=card.garage_id, parent_id_tag__iexact=tag(card.parent_id_tag))
    other = await same.exclude(id=card.id).order_by("id").first()
    return card if other is None else replace(card, parent_id_tag=other.parent_id_tag)


async def card_info(garage_id: int, id_tag: str, now: datetime) -> IdTagInfo:
    """S6: what the garage says of an idTag that starts nothing we asked for. S5: one of our own one-time idTags, whose
    start is over, is Invalid though the garage allows free starts: another vehicle may have come."""
    card = await card_of(garage_id, id_tag)
    if card is not None:
        return cards.id_tag_info(card, now)
    garage = await GarageRow.get(id=garage_id)
    return cards.id_tag_info(None, now, free_starts=garage.free_starts and not is_one_time(id_tag))


async def _outdate_lists(change: Change, garage_id: int) -> None:
    """The garage's charge points want a newer list, also when they are told so by another process, or later."""
    rows = ChargePointRow.filter(garage_id=garage_id)
    newest = await rows.order_by("-local_list_version").first()
    if newest is not None:
        await rows.update(local_list_version=next_version(newest.local_list_version, change.now))

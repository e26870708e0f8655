from typing import TypeVar

import strawberry

from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.card import Card, UpdateCardInput, UpdateCardPayload
from evgraph.schema.global_ids import required_key
from evgraph.services.cards import KEEP, CardUpdate, Keep

T = TypeVar("T")


@answers_with(UpdateCardPayload)
async def update_card(info: Info, input: UpdateCardInput) -> UpdateCardPayload:  # noqa: A002
    key = required_key("Card", input.card_id, "input", "cardId")
    is_blocked = _or_keep(input.is_blocked)
    update = CardUpdate(
        name=_or_keep(input.name),
        parent_id_tag=_or_keep(input.parent_id_tag),
        expires_at=_or_keep(input.expires_at),
        is_blocked=KEEP if is_blocked is None else is_blocked,
    )
    card = await info.context.services.cards.update(signed_in(info.context.viewer), key, update)
    return UpdateCardPayload(card=Card(value=card))


def _or_keep(value: T | None) -> T | Keep | None:
    """Null takes away what is there; a field that was left out keeps it."""
    return KEEP if value is strawberry.UNSET else value

from datetime import datetime

import strawberry

from evgraph.domain.cards import RegisteredCard
from evgraph.schema.connection import Connection, before_id, newest_first, page_size
from evgraph.schema.context import Info, Page
from evgraph.schema.enums import CardStatus
from evgraph.schema.errors import UserError
from evgraph.schema.global_ids import encode
from evgraph.schema.node import from_value, resolved
from evgraph.schema.operating_context import CardFilter

UNSET = strawberry.UNSET


@strawberry.type(description="A card that may start a charger of its garage without a ticket: a staff card.")
class Card:
    value: strawberry.Private[RegisteredCard]

    id_tag: str = from_value("As it was entered, and as it is sent to chargers. Cards never differ in case alone.")
    parent_id_tag: str | None = from_value("Cards of one parent may stop what another of them started.")
    name: str | None = from_value("Whose it is.")
    is_blocked: bool = from_value()
    expires_at: datetime | None = from_value()

    @resolved(name="id")
    def global_id(self) -> strawberry.ID:
        return encode("Card", self.value.id)

    @strawberry.field
    def status(self, info: Info) -> CardStatus:
        return self.value.status(info.context.now())


@strawberry.input
class AddCardInput:
    garage_id: strawberry.ID
    id_tag: str = strawberry.field(description="At most 20 characters. Chargers are sent it as it is entered here.")
    name: str | None = UNSET
    parent_id_tag: str | None = UNSET
    expires_at: datetime | None = UNSET
    is_blocked: bool | None = False


@strawberry.type
class AddCardPayload:
    card: Card | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input(description="What is left out stays; null takes it away.")
class UpdateCardInput:
    card_id: strawberry.ID
    name: str | None = UNSET
    parent_id_tag: str | None = UNSET
    expires_at: datetime | None = UNSET
    is_blocked: bool | None = UNSET


@strawberry.type
class UpdateCardPayload:
    card: Card | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class RemoveCardInput:
    card_id: strawberry.ID


@strawberry.type
class RemoveCardPayload:
    removed_card_id: strawberry.ID | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


async def cards(info: Info, garage_id: int, first: int | None, after: str | None) -> Connection[Card]:
    where = CardFilter(garage_id)
    loaders = info.context.loaders.operating
    return newest_first(
        await loaders.card_pages.load(Page(where, page_size(first, 50), before_id(after, "cards"))),
        lambda value: Card(value=value),
        listed="cards",
        after=after,
        count=lambda: loaders.card_counts.load(where),
    )

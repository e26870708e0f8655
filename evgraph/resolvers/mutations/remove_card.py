from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.card import RemoveCardInput, RemoveCardPayload
from evgraph.schema.global_ids import encode, required_key


@answers_with(RemoveCardPayload)
async def remove_card(info: Info, input: RemoveCardInput) -> RemoveCardPayload:  # noqa: A002
    key = required_key("Card", input.card_id, "input", "cardId")
    removed = await info.context.services.cards.remove(signed_in(info.context.viewer), key)
    return RemoveCardPayload(removed_card_id=encode("Card", removed.id))

from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.card import AddCardInput, AddCardPayload, Card
from evgraph.schema.global_ids import required_key
from evgraph.services.cards import NewCard


@answers_with(AddCardPayload)
async def add_card(info: Info, input: AddCardInput) -> AddCardPayload:  # noqa: A002
    card = NewCard(
        garage_id=required_key("Garage", input.garage_id, "input", "garageId"),
        id_tag=input.id_tag,
        name=given(input.name),
        parent_id_tag=given(input.parent_id_tag),
        expires_at=given(input.expires_at),
        is_blocked=bool(input.is_blocked),
    )
    return AddCardPayload(card=Card(value=await info.context.services.cards.add(signed_in(info.context.viewer), card)))

import strawberry

from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import vehicle_of
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.global_ids import required_key
from evgraph.schema.inputs import UpdateStayInput
from evgraph.schema.payloads import UpdateStayPayload
from evgraph.schema.stay import Stay
from evgraph.services.stays import KEEP, UpdateStay


@answers_with(UpdateStayPayload)
async def update_stay(info: Info, input: UpdateStayInput) -> UpdateStayPayload:  # noqa: A002
    """Null takes a note or an estimate away, leaving it out keeps it."""
    unset = strawberry.UNSET
    command = UpdateStay(
        stay_id=required_key("Stay", input.stay_id, "input", "stayId"),
        vehicle=vehicle_of(input.vehicle) if input.vehicle else None,
        charging_note=KEEP if input.charging_note is unset else input.charging_note,
        estimated_checkout_at=KEEP if input.estimated_checkout_at is unset else input.estimated_checkout_at,
    )
    stay = await info.context.services.stays.update(signed_in(info.context.viewer), command)
    return UpdateStayPayload(stay=Stay(value=stay))

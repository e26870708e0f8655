from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.global_ids import optional_key
from evgraph.schema.inputs import CheckOutInput
from evgraph.schema.payloads import CheckOutPayload, CheckOutWarning
from evgraph.schema.stay import Stay
from evgraph.services.stays import CheckOut


@answers_with(CheckOutPayload)
async def check_out(info: Info, input: CheckOutInput) -> CheckOutPayload:  # noqa: A002
    command = CheckOut(
        stay_id=optional_key("Stay", given(input.stay_id), "input", "stayId"),
        garage_id=optional_key("Garage", given(input.garage_id), "input", "garageId"),
        ticket_number=given(input.ticket_number),
        stop_charging=bool(input.stop_charging),
        idempotency_key=given(input.idempotency_key),
    )
    checked_out = await info.context.services.stays.check_out(signed_in(info.context.viewer), command)
    return CheckOutPayload(
        stay=Stay(value=checked_out.stay), warnings=[CheckOutWarning.of(one) for one in checked_out.warnings]
    )

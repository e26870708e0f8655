from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.global_ids import required_key
from evgraph.schema.local_list import SendLocalListInput, SendLocalListPayload


@answers_with(SendLocalListPayload)
async def send_local_list(info: Info, input: SendLocalListInput) -> SendLocalListPayload:  # noqa: A002
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    sent = await info.context.services.local_lists.send(signed_in(info.context.viewer), key)
    return SendLocalListPayload(
        charge_point=ChargePoint(value=sent.charge_point),
        status=sent.status,
        version=sent.version,
        entry_count=sent.entry_count,
    )

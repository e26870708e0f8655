from evgraph.domain.asks import DataTransfer
from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.commands import DataTransferInput, DataTransferPayload
from evgraph.schema.global_ids import required_key


@answers_with(DataTransferPayload)
async def data_transfer(info: Info, input: DataTransferInput) -> DataTransferPayload:  # noqa: A002
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    message = DataTransfer(input.vendor_id, given(input.message_id), given(input.data))
    answer = await info.context.services.commands.transfer(signed_in(info.context.viewer), key, message)
    return DataTransferPayload(status=answer.status, data=answer.data)

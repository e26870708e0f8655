from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.commands import UnlockConnectorInput, UnlockConnectorPayload
from evgraph.schema.global_ids import required_key
from evgraph.schema.port import Port


@answers_with(UnlockConnectorPayload)
async def unlock_connector(info: Info, input: UnlockConnectorInput) -> UnlockConnectorPayload:  # noqa: A002
    key = required_key("Port", input.port_id, "input", "portId")
    port = await info.context.services.commands.unlock(signed_in(info.context.viewer), key)
    return UnlockConnectorPayload(port=Port(value=port))
